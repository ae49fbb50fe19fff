"""When tokens are due."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.calibration import Schedule, Trial
from runners.calibration.schedule import first_due, offsets

SCHEDULES = st.builds(
    Schedule, rate=st.floats(1, 1e4), tokens_per_chunk=st.integers(1, 16), first_seconds=st.floats(0, 10),
    jitter=st.floats(0, 0.49), seed=st.integers(0, 99), together=st.booleans())


def test_without_jitter_chunks_are_evenly_spaced() -> None:
    schedule = Schedule(rate=100, tokens_per_chunk=4)
    assert list(islice(offsets(schedule, 7), 3)) == [0, 40_000_000, 80_000_000]


def test_the_first_token_comes_after_its_wait() -> None:
    assert first_due(Schedule(first_seconds=0.25), 1000) == 250_001000


def test_together_all_streams_are_on_one_grid() -> None:
    schedule = Schedule(rate=50, first_seconds=0.1, together=True)
    dues = {first_due(schedule, at) for at in range(100_000_000, 119_000_000, 1_000_003)}
    assert dues == {200_000_000, 220_000_000}


def test_the_last_chunk_may_be_shorter() -> None:
    assert Schedule(tokens=9, tokens_per_chunk=4).chunks == 3


def test_a_trial_takes_as_long_as_its_requests_one_after_the_other() -> None:
    apart = Trial(8, 3, Schedule(rate=100, tokens=11, first_seconds=0.05))
    assert apart.seconds == pytest.approx(0.45)
    together = Trial(8, 3, Schedule(rate=100, tokens=11, first_seconds=0.05, together=True))
    assert together.seconds == pytest.approx(0.48)  # the sixth tick after the one it follows
    assert together.tokens == 8 * 3 * 11


@given(SCHEDULES, st.integers(0, 1 << 40))
def test_jitter_is_a_function_of_seed_and_number_and_keeps_the_order(schedule: Schedule, number: int) -> None:
    first, again = (list(islice(offsets(schedule, number), 50)) for _ in range(2))
    assert first == again
    assert first == sorted(first)
    even = [at * schedule.step_ns for at in range(50)]
    assert all(abs(one - two) <= schedule.jitter * schedule.step_ns + 1 for one, two in zip(first, even, strict=True))


def test_another_seed_or_number_moves_chunks_elsewhere() -> None:
    one, other = Schedule(jitter=0.4, seed=1), Schedule(jitter=0.4, seed=2)
    firsts = [tuple(islice(offsets(schedule, number), 5)) for schedule, number in ((one, 1), (one, 2), (other, 1))]
    assert len(set(firsts)) == 3
