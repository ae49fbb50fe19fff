"""Peak memory counts what a server's processes held, and says nothing where the model is elsewhere."""

import subprocess
import sys
import time

from runners.meters import memory

_BIG = 200_000_000
_HOLD = f"import sys; held = bytes(range(256)) * {_BIG // 256}; del held; print('held', flush=True); sys.stdin.read()"


def test_the_peak_of_a_living_child_counts_after_it_let_go() -> None:
    before = memory.peak_bytes()
    with subprocess.Popen([sys.executable, "-c", _HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        assert memory.peak_bytes() - before > (_BIG if sys.platform == "linux" else 0)
        assert {reading.name: reading.samples[0] > 0 for reading in memory.readings(0)} == {
            "peak_memory": True, "model_memory": True}
        assert child.stdin is not None
        child.stdin.close()


def test_our_own_guard_is_no_part_of_a_server() -> None:
    before = memory.peak_bytes()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "runners.guard"]) as child:
        time.sleep(0.3)
        assert memory.peak_bytes() - before < 1_000_000
        child.kill()


def test_a_model_elsewhere_has_no_figure_and_a_reason() -> None:
    for reading in memory.readings(0, elsewhere=True):
        assert reading.samples == ()
        assert "elsewhere" in reading.reason
