"""Training rows: samples side by side that cannot see each other, with weight on the answers."""

import random

import pytest

from tools.pocket import stream
from tools.pocket.split import Draw

np = pytest.importorskip("numpy", reason="numpy is not installed")
pytest.importorskip("tokenizers", reason="the tokenizers package is not installed")

from tools.pocket import packing  # noqa: E402
from tools.pocket.packing import LENGTH, Piece  # noqa: E402


def test_rows_hold_every_piece_once_and_none_too_long() -> None:
    rng = random.Random(0)
    pieces: list[Piece] = [([7] * rng.randint(20, LENGTH + 1), 5, 1.0) for _ in range(200)]
    rows = packing.pack(pieces)
    assert sorted(len(piece[0]) for row in rows for piece in row) == sorted(len(piece[0]) for piece in pieces)
    assert all(sum(len(piece[0]) - 1 for piece in row) <= LENGTH for row in rows)


def test_positions_start_again_and_weights_stand_on_the_answers() -> None:
    first: Piece = ([1, 5, 6, 7, 8, 2], 4, 1.0)
    second: Piece = ([1, 5, 9, 2], 3, 4.0)
    batch = packing.to_arrays([[first, second]], 0)
    assert batch.positions[0, :8].tolist() == [0, 1, 2, 3, 4, 0, 1, 2]
    assert batch.owner[0, :9].tolist() == [0, 0, 0, 0, 0, 1, 1, 1, -1]
    assert batch.targets[0, :8].tolist() == [5, 6, 7, 8, 2, 5, 9, 2]
    assert batch.weights[0, :9].tolist() == pytest.approx([0.1, 0.1, 0.1, 1, 1, 0.1, 0.1, 4, 0])


def test_a_copy_drill_repeats_and_counts_only_the_repeats() -> None:
    tokens, head, _ = packing.copy_piece(random.Random(3), 2048)
    assert len(tokens) == LENGTH + 1
    assert all(tokens[at] == tokens[at - head] for at in range(head, len(tokens)))
    batch = packing.to_arrays([[(tokens, head, 1.0)]], 0)
    assert batch.weights[0, :head - 1].sum() == 0


def test_every_training_level_fits_a_row() -> None:
    tokens = pytest.importorskip("tools.pocket.tokens")
    tokenizer = tokens.load(packing.__file__.replace("tools/pocket/packing.py", "assets/pocket/tokenizer.json"))
    draw = Draw(random.Random(5), held_out=False)
    for module, _, levels in stream.MIX:
        batch = [module.make(draw, level) for level in levels for _ in range(20)]
        assert max(len(ids) for ids, _ in tokens.encode(tokenizer, batch)) <= LENGTH + 1


def test_the_starting_weights_copy_before_the_first_step() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from tools.pocket.model import Pocket, Shape, causal_mask
    from tools.pocket.start import teach_copying

    torch.manual_seed(0)
    model = Pocket(Shape())
    teach_copying(model, 0)
    batch = packing.to_arrays([[packing.copy_piece(random.Random(1), 2048)]], 0)
    ids, positions, owner = (torch.from_numpy(one) for one in (batch.ids, batch.positions, batch.owner))
    with torch.no_grad():
        best = model.logits(model(ids, positions, causal_mask(owner))).argmax(-1).numpy()
    right = (best == batch.targets)[batch.weights == 1.0]
    assert right.mean() > 0.8
