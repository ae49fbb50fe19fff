"""What a load took of the box and how the engine splits it, from series and facts by hand."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import msgspec

from harness.core.record import Reading
from harness.core.runtime import ELSEWHERE, Held
from runners.meters import memory
from runners.meters.memory import box, split
from runners.seen import Before
from runners.sensors.device_memory import OWN, USED
from runners.sensors.memory import AVAILABLE, SWAP
from tests.runners.meters.sight import NOTHING, of, seen

_GB = 1e9


def _named(found: Iterable[Reading]) -> dict[str, Reading]:
    return {one.name: one for one in found}


def test_memory_that_was_available_before_less_the_lowest_is_what_the_load_took(tmp_path: Path) -> None:
    here = seen(tmp_path, {AVAILABLE: (9 * _GB, 4 * _GB, 6 * _GB)}, before=Before(available_bytes=10 * _GB))
    assert _named(box.readings(here))["available_drop"].samples == (6 * _GB,)


def test_swap_that_grew_is_read_and_flagged(tmp_path: Path) -> None:
    here = seen(tmp_path, {SWAP: (_GB, 3 * _GB, 2 * _GB)}, before=Before(swap_bytes=_GB))
    assert _named(box.readings(here))["swap_growth"].samples == (2 * _GB,)
    (flag,) = memory.flags(here)
    assert (flag.verdict, flag.step) == ("degraded", None)
    assert "1.9 GiB went to swap" in flag.reason


def test_swap_that_shrank_did_not_grow_and_a_box_without_any_has_no_reading(tmp_path: Path) -> None:
    shrank = seen(tmp_path, {SWAP: (_GB,)}, before=Before(swap_bytes=2 * _GB))
    assert _named(box.readings(shrank))["swap_growth"].samples == (0.0,)
    assert memory.flags(shrank) == ()
    assert list(box.readings(seen(tmp_path))) == []


def test_device_memory_is_what_our_processes_held_at_most(tmp_path: Path) -> None:
    here = seen(tmp_path, {OWN: (1 * _GB, 5 * _GB, 4 * _GB), USED: (9 * _GB,)}, before=Before(device_bytes=_GB))
    found = _named(box.readings(here))["device_memory"]
    assert (found.samples, found.source) == ((5 * _GB,), "NVML, our processes")


def test_processes_that_nvml_cannot_tell_are_measured_by_how_the_device_filled_up(tmp_path: Path) -> None:
    here = seen(tmp_path, {OWN: (0.0, 0.0), USED: (7 * _GB, 9 * _GB)}, before=Before(device_bytes=_GB))
    found = _named(box.readings(here))["device_memory"]
    assert (found.samples, found.source) == ((8 * _GB,), "NVML, rise of the device")


def test_what_the_driver_does_not_support_is_unknown_and_never_nothing(tmp_path: Path) -> None:
    series = {OWN: of(OWN, reason="NVML: Not Supported"), USED: of(USED, reason="NVML: Not Supported")}
    found = _named(box.readings(replace(seen(tmp_path), series=series)))["device_memory"]
    assert (found.samples, found.reason) == ((), "NVML: Not Supported")


def test_weights_cache_and_the_rest_as_the_engine_says(tmp_path: Path) -> None:
    facts = msgspec.structs.replace(NOTHING, weights_bytes=10, held=Held(weights=20, kv=5, activation=3))
    found = {name: one.samples for name, one in _named(split.readings(seen(tmp_path, facts=facts))).items()}
    assert found == {"weights_memory": (20.0,), "kv_memory": (5.0,), "activation_memory": (3.0,)}


def test_the_rest_is_the_engines_own_peak_less_weights_and_cache(tmp_path: Path) -> None:
    # The cache of three sequences of 4 + 5 tokens (tests.cells).
    facts = msgspec.structs.replace(NOTHING, weights_bytes=1000, kv_bytes_per_token=10.0, held=Held(peak=1500))
    found = {name: one.samples for name, one in _named(split.readings(seen(tmp_path, facts=facts))).items()}
    assert found == {"engine_memory": (1500.0,), "weights_memory": (1000.0,), "kv_memory": (3 * 9 * 10.0,),
                     "activation_memory": (500 - 270.0,)}


def test_an_engine_that_says_nothing_has_no_split(tmp_path: Path) -> None:
    assert list(split.readings(seen(tmp_path))) == []


def test_a_model_elsewhere_has_no_figure_and_a_reason(tmp_path: Path) -> None:
    (found,) = memory.readings(seen(tmp_path, facts=msgspec.structs.replace(NOTHING, device=ELSEWHERE)))
    assert found.samples == ()
    assert "elsewhere" in found.reason
