"""Bandwidth and its shares by hand, and the gate against a silent fall-back to the CPU."""

import pytest

from harness.core.config import Fact, Hardware, Match
from harness.core.record import Reading, Step
from harness.core.runtime import Facts
from runners.meters.roofline.shares import Box, Shape, flags, readings
from runners.meters.roofline.weights import Weights

_SHAPE = Shape(prompt_tokens=100, output_tokens=100)
_DENSE = Weights(parameters=8_000_000_000, token_bytes=16e9, prefill_operations=14e9, dense=True)
_KV = 100_000.0


def _facts(device: str = "CPU: EPYC") -> Facts:
    return Facts("engine", "1", device, 16_000_000_000, _KV, 4096, 1000)


def _hardware(kind: str, nominal: float | None) -> Hardware:
    fact = Fact(nominal, "verified")
    return Hardware("box", "the box", kind, fact, fact, Match())  # type: ignore[arg-type]


def _decode(rate: float, at: Step | None = None) -> Reading:
    return Reading("decode", "tok/s", "higher", (rate, rate), 1, step=at)


def _found(box: Box, facts: Facts, *measured: Reading) -> dict[str, Reading]:
    return {one.name: one for one in readings(_DENSE, facts, box, _SHAPE, measured)}


def test_bandwidth_is_the_bytes_of_a_token_times_the_rate() -> None:
    box = Box(100.0, None, _hardware("cpu", 200.0))
    found = _found(box, _facts(), _decode(5.0))
    reached = (16e9 + 150 * _KV) * 5 / 1e9  # the prompt's keys and values, and half of the output's
    assert found["bandwidth"].samples == pytest.approx((reached, reached))
    assert found["bandwidth_share"].samples == pytest.approx((reached / 100,) * 2)
    assert found["bandwidth_share_nominal"].samples == pytest.approx((reached / 200,) * 2)


def test_what_stands_in_the_context_is_read_with_every_token() -> None:
    deep = Step(concurrency=1, prompt_tokens=10, output_tokens=20, depth=32_000)
    found = _found(Box(100.0, None, None), _facts(), _decode(5.0, deep))
    assert found["bandwidth"].samples[0] == pytest.approx((16e9 + 32_020 * _KV) * 5 / 1e9)
    assert found["bandwidth"].at == deep


def test_steps_of_several_sequences_have_no_bandwidth() -> None:
    assert _found(Box(100.0, 1.0, None), _facts(), Reading("decode", "tok/s", "higher", (5.0,), 8)) == {}


def test_an_unknown_ceiling_gives_a_reason_and_no_number() -> None:
    found = _found(Box(None, None, _hardware("cpu", None)), _facts(), _decode(5.0))
    assert found["bandwidth"].samples
    for name in ("bandwidth_share", "bandwidth_share_nominal"):
        assert (found[name].samples, bool(found[name].reason)) == ((), True)


def test_prefill_is_held_against_the_probes_matrix_products() -> None:
    found = _found(Box(None, 1400.0, None), _facts(), Reading("prefill", "tok/s", "higher", (50.0,), 1))
    assert found["prefill_share"].samples == pytest.approx((0.5,))


def test_what_the_cpu_was_seen_to_reach_is_not_asked_of_a_gpu() -> None:
    box = Box(50.0, 1400.0, _hardware("discrete", 1000.0))
    found = _found(box, _facts("RTX"), _decode(50.0), Reading("prefill", "tok/s", "higher", (50.0,), 1))
    assert found.keys() == {"bandwidth", "bandwidth_share_nominal"}


@pytest.mark.parametrize(("gbs", "verdict"), [(149.0, "invalid"), (151.0, "degraded"), (399.0, "degraded"),
                                              (401.0, None)])
def test_the_gate_stands_at_15_and_at_40_percent(gbs: float, verdict: str | None) -> None:
    box = Box(50.0, None, _hardware("discrete", 1000.0))
    found = list(flags(_DENSE, _facts("CPU: EPYC"), box, [Reading("bandwidth", "GB/s", "higher", (gbs,), 1)]))
    assert [flag.verdict for flag in found] == ([verdict] if verdict else [])


def test_a_model_that_fell_back_to_the_cpu_is_named_as_such() -> None:
    box = Box(50.0, None, _hardware("discrete", 1000.0))
    slow = Reading("bandwidth", "GB/s", "higher", (45.0,), 1)
    assert "runs on the CPU (CPU: EPYC), not on the GPU" in next(flags(_DENSE, _facts(), box, [slow])).reason
    assert "not on the GPU (device: RTX)" in next(flags(_DENSE, _facts("RTX"), box, [slow])).reason


def test_on_a_box_without_a_gpu_the_probe_is_the_ceiling() -> None:
    box = Box(50.0, None, _hardware("cpu", None))
    assert not list(flags(_DENSE, _facts(), box, [Reading("bandwidth", "GB/s", "higher", (45.0,), 1)]))
    found = list(flags(_DENSE, _facts(), box, [Reading("bandwidth", "GB/s", "higher", (5.0,), 1)]))
    assert found[0].verdict == "invalid"
    assert found[0].step == Step(concurrency=1)


@pytest.mark.parametrize("weights", [Weights(6_900_000_000, 16e9, 1.0, True), Weights(int(30e9), 16e9, 1.0, False)])
def test_small_models_and_those_with_experts_pass_the_gate(weights: Weights) -> None:
    box = Box(50.0, None, _hardware("discrete", 1000.0))
    assert not list(flags(weights, _facts(), box, [Reading("bandwidth", "GB/s", "higher", (1.0,), 1)]))
