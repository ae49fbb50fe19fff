"""What stands around a load: GPUs that give their memory back late, and a whole child with all its meters."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from harness.core.cell import LoadWork
from harness.core.config import Load
from harness.core.record import Outcome
from runners.bracket import settled
from tests.cells import load_cell, write_job
from tests.llama_jobs import llama_job

pytestmark = pytest.mark.alone

_GB = 1e9


def _telling(*values: float | None) -> Callable[[], float | None]:
    """A driver that says these values, and the last for ever."""
    left = list(values)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def test_the_first_cell_notes_what_was_in_use_and_the_next_waits_until_it_is_so_again(tmp_path: Path) -> None:
    assert settled(tmp_path, _telling(1 * _GB)) == ()
    said = _telling(9 * _GB, 8 * _GB, 1.05 * _GB)
    assert settled(tmp_path, said, patience_seconds=5) == ()
    assert said() == 1.05 * _GB  # it did wait for it


def test_memory_that_is_not_given_back_is_flagged(tmp_path: Path) -> None:
    settled(tmp_path, _telling(1 * _GB))
    (flag,) = settled(tmp_path, _telling(4 * _GB), patience_seconds=0.3)
    assert (flag.verdict, flag.step) == ("degraded", None)
    assert "2.8 GiB more" in flag.reason


def test_a_box_without_a_gpu_waits_for_nothing_and_notes_nothing(tmp_path: Path) -> None:
    assert settled(tmp_path, _telling(None)) == ()
    assert list(tmp_path.iterdir()) == []


def _child(folder: Path) -> Outcome:
    subprocess.run([sys.executable, "-m", "runners.worker", str(folder)], check=True, stdin=subprocess.DEVNULL)
    return msgspec.json.decode((folder / "outcome.json").read_bytes(), type=Outcome)


def test_a_cell_has_its_canary_and_no_memory_of_it(tmp_path: Path) -> None:
    outcome = _child(write_job(load_cell(), tmp_path / "cell"))
    found = {one.name: one for one in outcome.readings}
    assert len(found["canary_copy"].samples) == len(found["canary_matrix"].samples) == 2
    # The probe's buffers are larger than all that a child of the fake runtime holds; weights it has none.
    assert found["peak_memory"].samples[0] < 120e6
    assert "load_time_cold" not in found
    assert found["load_time"].valid


@pytest.mark.engine
def test_the_first_round_of_an_arm_loads_its_model_once_cold(tiny_gguf: Path, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    load = Load("tiny", (1,), prompt_tokens=8, output_tokens=4, requests=4, warmup_requests=1)
    for number, said in ((0, True), (1, False)):
        job = llama_job(tiny_gguf, load=load)
        cell = msgspec.structs.replace(job.cell, work=LoadWork(load, 1, number))
        folder = tmp_path / str(number)
        folder.mkdir()
        job = msgspec.structs.replace(job, cell=cell, scratch=str(folder))
        (folder / "job.json").write_bytes(msgspec.json.encode(job))
        outcome = _child(folder)
        found = {one.name: one for one in outcome.readings}
        assert ("load_time_cold" in found) == said
        assert found["first_token_after_start"].samples[0] > found["load_time"].samples[0]
        assert found["bandwidth"].samples
        assert found["model_memory"].samples[0] > 1e6
        # 4 heads' worth of F32 keys and values of 2 layers in 256 cells: what llama.cpp rounds a sequence up to.
        assert outcome.facts.held.kv == outcome.facts.kv_bytes_per_token * 256  # type: ignore[operator]
        assert found["kv_memory"].samples == (outcome.facts.held.kv,)
