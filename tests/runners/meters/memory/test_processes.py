"""Memory of processes: what the kernel's marks say of this one and a server's, and recorded smaps_rollup files."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runners.meters.memory.processes import family, peak_bytes, proportional

_BIG = 200_000_000
_HOLD = f"import sys; held = bytes(range(256)) * {_BIG // 256}; del held; print('held', flush=True); sys.stdin.read()"
# The beginning of what Linux 6.1 writes for a shell; Pss_Dirty and its like must not be taken for Pss.
_ROLLUP = """55b5e8f54000-7ffe13257000 ---p 00000000 00:00 0                          [rollup]
Rss:                1740 kB
Pss:                 {} kB
Pss_Dirty:           116 kB
Swap:                  0 kB
SwapPss:               0 kB
"""


def test_the_peak_of_a_living_child_counts_after_it_let_go() -> None:
    before = peak_bytes()
    with subprocess.Popen([sys.executable, "-c", _HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        assert peak_bytes() - before > (_BIG if sys.platform == "linux" else 0)
        assert child.pid in family()
        assert child.stdin is not None
        child.stdin.close()


def test_what_the_parent_held_is_no_part_of_a_childs_peak() -> None:
    code = "from runners.meters.memory.processes import peak_bytes; print(peak_bytes())"
    parent = f"import subprocess, sys; held = b'x' * {_BIG}; subprocess.run([sys.executable, '-c', {code!r}])"
    found = subprocess.run([sys.executable, "-c", parent], capture_output=True, text=True, check=True).stdout
    assert int(found) < _BIG


@pytest.mark.parametrize("helper", ["runners.guard", "runners.sampler"])
def test_our_own_helpers_are_no_part_of_a_server(helper: str) -> None:
    before = peak_bytes()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", helper]) as child:
        time.sleep(0.3)
        assert peak_bytes() - before < 1_000_000
        assert child.pid not in family()
        child.kill()


def test_the_proportional_set_size_is_summed_over_a_recorded_tree(tmp_path: Path) -> None:
    for pid, size in ((7, 215), (8, 1000)):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "smaps_rollup").write_text(_ROLLUP.format(size))
    (found,) = proportional([7, 8, 9], tmp_path)  # 9 has ended
    assert (found.name, found.samples) == ("pss", (1215 * 1024.0,))


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may read everything")
def test_what_may_not_be_read_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    path = tmp_path / "7" / "smaps_rollup"
    path.write_text(_ROLLUP)
    path.chmod(0)
    (found,) = proportional([7], tmp_path)
    assert found.samples == ()
    assert "Permission denied" in found.reason


def test_a_system_without_such_files_does_not_speak_of_it(tmp_path: Path) -> None:
    assert list(proportional([7], tmp_path)) == []


@pytest.mark.skipif(sys.platform != "linux", reason="Linux keeps it")
def test_the_proportional_set_size_of_this_process_is_below_its_peak() -> None:
    (found,) = proportional([os.getpid()])
    assert 1_000_000 < found.samples[0] <= peak_bytes()
