"""Which pieces the transformers runtime computes together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from runners.runtimes.transformers.groups import batches, families, groups_of
from runners.scoring import Piece


def piece(owner: int, head: list[int], tail: list[int]) -> Piece:
    return Piece(owner, np.array(head + tail, dtype=np.int32), len(tail))


PIECES = st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 1), min_size=1, max_size=4),
                            st.lists(st.integers(0, 1), min_size=1, max_size=3)), min_size=1, max_size=60)


@given(PIECES, st.integers(32, 900))
def test_every_piece_is_computed_once_after_its_own_context(
        texts: list[tuple[int, list[int], list[int]]], batch_tokens: int) -> None:
    pieces = [piece(n, [start] * (90 * start) + head, tail) for n, (start, head, tail) in enumerate(texts)]
    seen = []
    for family in families(groups_of(pieces)):
        beginning = family.groups[0].head[:family.shared].tolist()
        for batch in batches(family, batch_tokens):
            assert len(batch) == 1 or len(batch) * max(len(group.fed) for group in batch) <= batch_tokens
            for group in batch:
                assert len(group.head) > family.shared
                assert group.head[:family.shared].tolist() == beginning
                assert all((one.tokens[:-one.targets] == group.head).all() for one in group.pieces)
                seen += [one.owner for one in group.pieces]
    assert sorted(seen) == list(range(len(pieces)))


def test_choices_of_one_context_are_one_group_fed_once() -> None:
    (group,) = groups_of([piece(n, [5, 6, 7], [n]) for n in range(8)])
    assert (group.fed.tolist(), group.targets) == ([5, 6, 7], 1)


def test_a_few_shot_prompt_is_shared_and_two_loners_are_not() -> None:
    shots = list(range(200))
    pieces = [piece(n, [*shots, 300 + n], [1, 2]) for n in range(20)] + [piece(20, [9] * 100, [1]), piece(21, [8], [1])]
    found = sorted((family.shared, len(family.groups)) for family in families(groups_of(pieces)))
    assert found == [(0, 2), (200, 20)]


def test_a_batch_is_of_falling_length() -> None:
    (family,) = families(groups_of([piece(n, [n], [1] * (1 + n)) for n in range(9)]))
    lengths = [len(group.fed) for batch in batches(family, 32) for group in batch]
    assert lengths == sorted(lengths, reverse=True)
