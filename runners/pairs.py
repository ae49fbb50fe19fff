"""Splitting texts into what is given and what is scored, with lm-eval's semantics; pure, for every runtime.

Source: lm-evaluation-harness 0.4.13, TemplateLM._encode_pair and lm_eval.utils.get_rolling_token_windows.
"""

from collections.abc import Callable, Sequence


def encode_pair(encode: Callable[[str], list[int]], context: str, continuation: str) -> tuple[list[int], list[int]]:
    """Token ids of a non-empty context and its continuation.

    Trailing whitespace of the context moves to the continuation, because tokens usually begin with it; the
    continuation is what the whole text has after as many tokens as the context has alone.
    """
    bare = context.rstrip()
    if bare != context:
        context, continuation = bare, context[len(bare):] + continuation
    head = encode(context)
    return head, encode(context + continuation)[len(head):]


def rolling_windows(tokens: Sequence[int], prefix: int, window: int) -> list[tuple[list[int], list[int]]]:
    """(context, targets) pairs that predict every token once, each with at most `window` tokens fed.

    The first window starts from `prefix`; the last one is full and predicts what is left. Targets follow their
    context directly, so the tokens fed are context + targets without the last. Empty for no tokens.
    """
    if not tokens:
        return []
    pairs = [([prefix], list(tokens[:window]))]
    for start in range(window, len(tokens), window):
        end = min(start + window, len(tokens))
        pairs.append((list(tokens[end - window - 1:start]), list(tokens[start:end])))
    return pairs
