"""Memory of the box from recorded /proc/meminfo files, and from this one's."""

from pathlib import Path

import pytest

from runners.sensor import Place, Unreadable
from runners.sensors.memory import AVAILABLE, SWAP, available_bytes, sensors, swap_bytes

# Linux 6.1 on a workstation with swap in use.
_MEMINFO = """MemTotal:       24684084 kB
MemFree:        20611664 kB
MemAvailable:   23283124 kB
SwapCached:            0 kB
SwapTotal:       8388604 kB
SwapFree:        7340028 kB
HugePages_Total:       0
"""


def _proc(folder: Path, table: str) -> Path:
    (folder / "meminfo").write_text(table)
    return folder


def test_available_memory_and_swap_in_use_are_read(tmp_path: Path) -> None:
    proc = _proc(tmp_path, _MEMINFO)
    assert available_bytes(proc) == 23283124 * 1024
    assert swap_bytes(proc) == (8388604 - 7340028) * 1024
    found = {sensor.facts.name: sensor.read() for sensor in sensors(Place(1, proc=proc)) if sensor.read}
    assert found == {AVAILABLE: 23283124 * 1024.0, SWAP: 1048576 * 1024.0}


def test_a_box_without_swap_has_no_such_sensor(tmp_path: Path) -> None:
    proc = _proc(tmp_path, _MEMINFO.replace("8388604", "0").replace("7340028", "0"))
    assert swap_bytes(proc) is None
    assert [sensor.facts.name for sensor in sensors(Place(1, proc=proc))] == [AVAILABLE]


def test_a_kernel_too_old_to_tell_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no MemAvailable"):
        available_bytes(_proc(tmp_path, "MemTotal: 1 kB\n"))


def test_this_box_has_memory_left() -> None:
    assert available_bytes() > 1e6
