"""Starting weights that can already copy: a previous-token head in the first layer, two induction heads in the second.

So small a model finds this circuit late or never by itself (Olsson et al., In-context Learning and Induction
Heads, 2022); here it is written down once, by random projections, and training bends it to the tasks. Rotary pairs
that turn fast tell neighbours apart, pairs that turn slowly compare content at a distance.
"""

import torch
from torch import Tensor

from tools.pocket.model import Attention, Pocket

FAST = 4  # rotary pairs that find the previous token
SLOW = 16  # first of the rotary pairs that compare content
SHARP_FAST, SHARP_SLOW = 2.5, 2.0
COMMON, CARRIED, COPIED, FINAL = 1.5, 0.25, 1.2, 0.3
FIRM = 3.0  # queries and keys are normed after: large entries only make the circuit outlast the first, noisy steps


def directions(count: int, width: int, apart_from: Tensor, rng: torch.Generator) -> Tensor:
    """`count` orthonormal rows, all at right angles to the unit vector `apart_from`."""
    free = torch.randn(width, count + 1, generator=rng)
    free[:, 0] = apart_from
    return torch.linalg.qr(free)[0][:, 1:].T.contiguous()


def look_back_one(attention: Attention, common: Tensor, content: Tensor, written: Tensor) -> None:
    """Head 0 attends to the token before and writes its content into the `written` directions."""
    shape = attention.shape
    half, turn = shape.head_dim // 2, shape.rope_theta ** (-torch.arange(FAST) * 2 / shape.head_dim)
    query, key = torch.zeros(shape.head_dim), torch.zeros(shape.head_dim)
    query[:FAST], query[half:half + FAST] = torch.cos(turn), -torch.sin(turn)
    key[:FAST] = 1.0
    attention.q_proj.weight[:shape.head_dim] = FIRM * query[:, None] * common
    attention.k_proj.weight[:shape.head_dim] = FIRM * key[:, None] * common
    attention.v_proj.weight[:shape.head_dim] = content
    attention.o_proj.weight[:, :shape.head_dim] = CARRIED * written.T
    for norm in (attention.q_norm, attention.k_norm):
        norm.weight[:FAST] = norm.weight[half:half + FAST] = SHARP_FAST


def find_again(attention: Attention, content: Tensor, written: Tensor, copied: Tensor) -> None:
    """Heads 0 and 2 look for places whose predecessor is the token at hand, and copy what stands there."""
    size, half = attention.shape.head_dim, attention.shape.head_dim // 2
    slow = torch.cat((torch.arange(SLOW, half), torch.arange(half + SLOW, size)))
    for head, group in ((0, 0), (2, 1)):
        query, key = torch.zeros(size, attention.shape.hidden), torch.zeros(size, attention.shape.hidden)
        part = slice(group * len(slow), (group + 1) * len(slow))
        query[slow], key[slow] = FIRM * content[part], FIRM * written[part]
        attention.q_proj.weight[head * size:(head + 1) * size] = query
        attention.k_proj.weight[group * size:(group + 1) * size] = key
        attention.v_proj.weight[group * size:(group + 1) * size] = copied[group * size:(group + 1) * size]
        attention.o_proj.weight[:, head * size:(head + 1) * size] = COPIED * copied[group * size:(group + 1) * size].T
    for norm in (attention.q_norm, attention.k_norm):
        norm.weight[slow] = SHARP_SLOW


@torch.no_grad()  # type: ignore[untyped-decorator]
def teach_copying(model: Pocket, seed: int) -> None:
    """Write the circuit into a freshly made model, in place."""
    rng = torch.Generator().manual_seed(seed)
    width, size = model.shape.hidden, model.shape.head_dim
    common = torch.nn.functional.normalize(torch.randn(width, generator=rng), dim=0)
    content = directions(size, width, common, rng)
    written = directions(size, width, common, rng)
    copied = directions(2 * size, width, common, rng)
    table = model.model.embed_tokens.weight
    table -= (table @ common)[:, None] * common
    table += COMMON * common  # the same for all tokens: invisible to the softmax, a handle for the first head
    model.model.norm.weight.fill_(FINAL)
    first, second = model.model.layers[0].self_attn, model.model.layers[1].self_attn
    look_back_one(first, common, content, written)
    find_again(second, content, written, copied)
