"""Requests come back as columns that agree, request by request, with what was measured."""

from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.record import RequestTrace
from harness.store import read, requests, write
from harness.store.layout import Layout
from harness.store.requests import PLACE
from tests.compare.arms import load_cell, measured

pieces = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 10**9)), min_size=1, max_size=8)


def trace(number: int, pieces_: list[tuple[int, int]], rate: float = 0.0, phase: str = "steady") -> RequestTrace:
    """A request whose pieces are (tokens, ns since the one before), due 5 ns before it was sent."""
    ends = np.cumsum([1_000, *(wait for _, wait in pieces_)])[1:]
    times = tuple(int(at) for (tokens, _), at in zip(pieces_, ends, strict=True) for _ in range(tokens))
    users = 0 if rate else 4
    one = RequestTrace(number, "steady", users, 7, 0, len(times), 995, 1_000, times[0], times[-1], times, rate)
    return msgspec.structs.replace(one, phase=phase)


def stored(folder: Path, traces: list[RequestTrace]) -> requests.Requests:
    """As the store writes and reads them."""
    lines = b"".join(msgspec.json.encode(one) + b"\n" for one in traces)
    (folder / "requests.jsonl").write_bytes(lines)
    done = measured(load_cell("f16", 0)).record
    layout = Layout(folder / "results")
    found = read.loaded(layout, write.attempt(layout, done, folder)).requests
    assert found is not None
    return found()


@given(found=st.lists(st.tuples(pieces, st.sampled_from([0.0, 2.5])), min_size=1, max_size=12))
def test_columns_say_what_each_request_says(
    found: list[tuple[list[tuple[int, int]], float]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    traces = [trace(number, *one) for number, one in enumerate(found)]
    kept = stored(tmp_path_factory.mktemp("r"), traces)
    assert kept.id.tolist() == [one.id for one in traces]
    for row, one in enumerate(traces):
        since = one.scheduled_ns if one.rate else one.sent_ns
        assert kept.ttft[row] == pytest.approx((one.first_ns - since) / 1e9)
        rest = one.output_tokens - one.token_ns.count(one.first_ns)
        expected = (one.last_ns - one.first_ns) / rest / 1e9 if rest else np.nan
        assert kept.tpot[row] == pytest.approx(expected, nan_ok=True)
        gaps = [(after - before) / 1e9 for before, after in pairwise(sorted(set(one.token_ns)))]
        assert kept.gaps[kept.gap_request == row].tolist() == pytest.approx(gaps, rel=1e-6)
        assert dict(zip(PLACE, kept.place[row], strict=True))["rate"] == one.rate


def test_warm_up_is_left_out_and_many_requests_are_kept_apart(tmp_path: Path) -> None:
    phases = ["warmup" if n % 3 == 0 else "steady" for n in range(9_001)]  # more than are written or read at once
    kept = stored(tmp_path, [trace(n, [(1, 10), (1, 10 + n)], phase=one) for n, one in enumerate(phases)])
    steady = [n for n, one in enumerate(phases) if one == "steady"]
    assert kept.id.tolist() == steady
    assert kept.gap_request.tolist() == list(range(len(steady)))
    np.testing.assert_allclose(kept.gaps * 1e9, [10 + n for n in steady], rtol=1e-6)


def test_a_load_without_steady_requests_has_none(tmp_path: Path) -> None:
    kept = stored(tmp_path, [trace(1, [(1, 10)], phase="cold")])
    assert (kept.id.size, kept.gaps.size, kept.place.shape) == (0, 0, (0, 5))


def test_files_of_earlier_versions_have_no_rate_and_no_depth(tmp_path: Path) -> None:
    row = msgspec.to_builtins(trace(1, [(1, 10), (1, 10)]))
    del row["rate"], row["depth"]
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "old.parquet")
    assert requests.read(tmp_path / "old.parquet").place.tolist() == [[4, 0, 7, 2, 0]]
