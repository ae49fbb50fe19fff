"""Memory of GPUs behind a simulated NVML: several GPUs, children, strangers, refusals."""

import os
import subprocess
import sys

from runners.sensor import Place, Sensor
from runners.sensors.device_memory import OWN, USED, of
from tests.runners.simulated_nvml import NOT_SUPPORTED, Gpu, SimulatedNvml


def _found(*gpus: Gpu) -> dict[str, Sensor]:
    return {sensor.facts.name: sensor for sensor in of(SimulatedNvml(*gpus), Place(os.getpid()))}


def _value(sensor: Sensor) -> float:
    assert sensor.read is not None
    return sensor.read()


def test_ours_are_this_process_and_its_children_on_every_gpu_and_no_stranger() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        found = _found(Gpu(used=900, computes={os.getpid(): 100, 1: 700}), Gpu(used=80, computes={child.pid: 50}))
        assert _value(found[OWN]) == 150
        assert _value(found[USED]) == 980
        child.kill()


def test_a_process_in_both_lists_counts_once() -> None:
    assert _value(_found(Gpu(computes={os.getpid(): 100}, draws={os.getpid(): 100}))[OWN]) == 100


def test_unified_memory_has_no_total_and_says_so_while_processes_are_told() -> None:
    found = _found(Gpu(used=NOT_SUPPORTED, computes={os.getpid(): 100}))
    assert _value(found[OWN]) == 100
    assert found[USED].read is None
    assert "Not Supported" in found[USED].facts.reason


def test_a_driver_that_does_not_tell_what_a_process_holds_is_no_zero() -> None:
    found = _found(Gpu(used=900, computes={os.getpid(): None}))
    assert found[OWN].read is None
    assert "does not tell" in found[OWN].facts.reason


def test_a_box_without_a_gpu_has_no_such_sensors() -> None:
    assert of(SimulatedNvml(), Place(1)) == ()
