"""Readings against the truth."""

import math

import pytest

from runners.calibration.error import Seen, errors, rate, spread
from runners.calibration.truth import Served

MS = 1_000_000


def served(number: int, request_id: str = "") -> Served:
    """Received at 0, first token at 100 ms, then one every 10 ms, each sent 1 ms late."""
    due = [(100 + 10 * at) * MS for at in range(5)]
    return Served(number, request_id, 0, due, [one + MS for one in due], 5, 1)


def test_an_error_is_the_reading_minus_what_was_really_sent() -> None:
    found = errors([Seen(1, 0.103, 0.0098, 0, 1), Seen("x", 0.100, 0.0104, 0, 1)], [served(1), served(2, "x")])
    assert found.ttft.p50 == pytest.approx(0.0015)
    assert found.ttft.p99 == pytest.approx(0.002)
    assert found.ttft.bias == pytest.approx(0.0005)
    assert found.tpot.p99 == pytest.approx(0.0004)
    assert found.tpot.bias == pytest.approx(0.0001)


def test_the_servers_own_lateness_is_told_apart() -> None:
    assert errors([], [served(1)]).server_late.p50 == pytest.approx(0.001)


def test_a_request_the_server_does_not_know_is_counted() -> None:
    found = errors([Seen(9, 0.1, None, 0, 1)], [served(1)])
    assert found.unmatched == 1
    assert math.isnan(found.ttft.p50)
    assert found.ttft.count == 0


def test_of_few_errors_the_99th_percentile_is_the_worst() -> None:
    assert spread([0.001] * 9 + [-0.5]).p99 == 0.5


def test_the_rate_is_over_the_clients_own_run() -> None:
    assert rate([Seen(1, 0, None, 10.0, 11.0), Seen(2, 0, None, 10.5, 12.0)], 100) == 50
