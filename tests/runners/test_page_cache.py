"""Files out of the page cache and back in, as mincore sees them on this machine."""

import os
import sys
from pathlib import Path

import pytest

from runners import page_cache

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")


@pytest.fixture
def weights(tmp_path: Path) -> list[Path]:
    """Two files just written, of no whole number of pages, and an empty one."""
    files = [tmp_path / name for name in ("one", "two", "empty")]
    for path, size in zip(files, (300_001, 4097, 0), strict=True):
        path.write_bytes(os.urandom(size))
    return files


def test_what_was_just_written_is_in_memory_and_can_be_dropped_and_read_again(weights: list[Path]) -> None:
    assert page_cache.resident_share(weights) == 1
    said = page_cache.drop(weights)
    if said:
        pytest.skip(f"this file system keeps its pages: {said}")
    assert page_cache.resident_share(weights) == 0
    assert page_cache.fill(weights) == ""
    assert page_cache.resident_share(weights) == 1


def test_pages_that_somebody_uses_stay_and_that_is_said(weights: list[Path]) -> None:
    import mmap

    with weights[0].open("rb") as stream, mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert len(bytes(mapped)) == 300_001
        assert "% of the weights stayed in the page cache" in page_cache.drop(weights)


def test_of_nothing_everything_is_there() -> None:
    assert page_cache.resident_share([]) == 1
    assert page_cache.fill([]) == ""
