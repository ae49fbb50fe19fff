"""Requests of a load as columns: what each waited for, and the time of every token, without one Python object a token.

Times are those of docs/measuring.md: from the schedule in an open loop, else from the sending; what came in one piece
has no gap inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
PLACE = ("concurrency", "rate", "prompt_tokens", "output_tokens", "depth")
_PLAIN = ("id", "phase", "scheduled_ns", "sent_ns", "first_ns", "last_ns", *PLACE)
_ADDED = {"rate": 0.0, "depth": 0}  # columns that files of earlier versions lack
_BATCH_ROWS = 2_000
_SECOND = 1e9


@dataclass(frozen=True, eq=False)
class Requests:
    """The steady requests of one process (n,), in the order they were stored.

    `place` has concurrency, rate, prompt tokens, output tokens and depth (n, 5). `ttft` and `tpot` in seconds, the
    latter NaN where no token followed the first piece. `gaps` (g,) are the seconds between pieces in single precision
    (1e-7 of each), of all requests one after another; `gap_request` (g,) is the row each belongs to.
    """

    id: Integers
    place: Floats
    ttft: Floats
    tpot: Floats
    gaps: NDArray[np.float32]
    gap_request: NDArray[np.int32]


def read(path: Path) -> Requests:
    """All steady requests of a requests.parquet; about 20 bytes are held for each token."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    wanted = [name for name in (*_PLAIN, "token_ns") if name not in _ADDED or name in file.schema_arrow.names]
    parts = [_part(batch) for batch in file.iter_batches(_BATCH_ROWS, columns=wanted) if batch.num_rows]
    return _joined([part for part in parts if part.id.size])


def _joined(parts: list[Requests]) -> Requests:
    if not parts:
        none = np.empty(0)
        return Requests(none.astype(np.int64), np.empty((0, len(PLACE))), none, none, none.astype(np.float32),
                        none.astype(np.int32))
    before = np.cumsum([0, *(part.id.size for part in parts[:-1])])
    rows = [part.gap_request + np.int32(start) for part, start in zip(parts, before, strict=True)]
    names = "id", "place", "ttft", "tpot", "gaps"
    columns: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Requests(gap_request=np.concatenate(rows), **columns)


def _part(batch: pa.RecordBatch) -> Requests:
    """Of the steady requests among the batch's rows."""
    import pyarrow.compute as pc

    batch = batch.filter(pc.equal(batch.column("phase"), "steady"))
    found: dict[str, NDArray[Any]] = dict(_columns(batch))
    sent = np.where(found["rate"] > 0, found["scheduled_ns"], found["sent_ns"])
    tokens, starts = _tokens(batch.column("token_ns"))
    request = np.repeat(np.arange(batch.num_rows, dtype=np.int32), np.diff(starts))
    first_piece = np.bincount(request[tokens == found["first_ns"][request]], minlength=batch.num_rows)
    later = np.diff(starts) - first_piece
    with np.errstate(divide="ignore", invalid="ignore"):
        tpot = np.where(later > 0, (found["last_ns"] - found["first_ns"]) / later / _SECOND, np.nan)
    between = np.diff(tokens)
    # Two tokens of one request that came at two times; equal times are one piece.
    real = (request[1:] == request[:-1]) & (between > 0)
    return Requests(
        id=found["id"],
        place=np.column_stack([found[name] for name in PLACE]).astype(np.float64),
        ttft=(found["first_ns"] - sent) / _SECOND,
        tpot=tpot,
        gaps=(between[real] / _SECOND).astype(np.float32),
        gap_request=request[1:][real],
    )


def _columns(batch: pa.RecordBatch) -> Iterator[tuple[str, NDArray[Any]]]:
    for name in _PLAIN:
        if name in batch.schema.names:
            yield name, batch.column(name).to_numpy(zero_copy_only=False)
        else:
            yield name, np.full(batch.num_rows, _ADDED[name])


def _tokens(column: pa.ListArray) -> tuple[Integers, Integers]:
    """All token times (t,), and where each request's begin, with the end behind the last (rows + 1,)."""
    ends = column.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    flat = column.values.to_numpy(zero_copy_only=False)[ends[0] : ends[-1]]
    return flat, ends - ends[0]
