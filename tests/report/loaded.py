"""The example measured under load: a sweep of concurrency, four depths, memory, energy, flags, stalls and drift.

The figures are invented but belong together; intervals and ratios are computed from the rounds.
"""

import math
import random
from collections.abc import Iterator
from typing import Literal

from msgspec.structs import replace

from harness.core.record import Calibration, Completed, Flag, Reading, RunRecord, Step
from harness.core.repetition import Repeated
from harness.core.verdict import Analysis, Drift, Latency, RoundValue, Scored, SpeedComparison
from harness.stats.spread import mean_interval, ratio_interval
from tests.report.example import analysis, completed, only
from tests.report.pieces import LOAD, MIB, QUANTS, arm, cell

SHOWN = ("q8_0", "q4_k_m", "q2_k")
ROUNDS = 5
SWEEP = tuple(Step(concurrency=at, prompt_tokens=128, output_tokens=64) for at in (1, 2, 4, 8, 16, 32, 64))
DEPTHS = tuple(Step(concurrency=1, prompt_tokens=128, output_tokens=64, depth=at) for at in (2048, 8192, 32768))
STEPS = (*SWEEP, *DEPTHS)
WHOLE = Step()
LOWER = {"s", "B", "J/tok", "W", "EUR/Mtok"}
HOG = Flag("degraded", "another process took 48 % of a core")
LAG = Flag("invalid", "loop lag 12.5 % of TPOT", SWEEP[-1])
NO_FOOTPRINT = "kept by macOS only; peak_memory is the figure to compare on other systems"


def values(quant: str, round_: int) -> Iterator[tuple[str, str, Step, float]]:
    """(reading, unit, step, value) of one arm in one round."""
    one = next(found for found in QUANTS if found.key == quant)
    noise = random.Random(f"{quant} {round_}")

    def about(value: float) -> float:
        return value * (1 + noise.gauss(0, 0.012))

    for step in STEPS:
        users = step.concurrency
        decode = 704 * one.speed / (1 + 0.06 * users) / (1 + step.depth / 24_000)
        yield "ttft", "s", step, about(0.0214 / one.speed * users**0.8 * (1 + step.depth / 2_000))
        yield "tpot", "s", step, about(1 / decode)
        yield "decode", "tok/s", step, about(decode)
        yield "throughput", "tok/s", step, about(0.93 * decode * users)
        yield "energy", "J/tok", step, about(0.031 / one.speed / users**0.5)
    yield "energy_prefill", "J/tok", SWEEP[0], about(0.0041)
    yield "energy_decode", "J/tok", SWEEP[0], about(0.026 / one.speed)
    yield "power", "W", SWEEP[0], about(21.4)
    yield "cost", "EUR/Mtok", SWEEP[0], about(0.61 / one.speed)
    yield "bandwidth", "GB/s", SWEEP[0], about(5.1 * one.size / 7.21 * one.speed)
    yield "bandwidth_share", "share", SWEEP[0], about(0.62 * one.speed * (0.4 + 0.6 * one.size / 7.21))
    yield "bandwidth_share_nominal", "share", SWEEP[0], about(0.41 * one.speed * (0.4 + 0.6 * one.size / 7.21))
    yield "peak_memory", "B", WHOLE, float(int((61 + one.size) * MIB))
    yield "weights_memory", "B", WHOLE, float(int(one.size * MIB))
    yield "kv_memory", "B", WHOLE, 12.0 * MIB
    yield "activation_memory", "B", WHOLE, 5.5 * MIB
    yield "load_time", "s", WHOLE, about(0.131)
    yield "load_time_cold", "s", WHOLE, about(0.420)
    yield "canary_copy", "GB/s", WHOLE, about(12.1)


def rounds() -> tuple[RoundValue, ...]:
    """Every reading of every arm in every round, with what speaks against it."""
    return tuple(
        RoundValue(arm(quant), at, name, unit, step, value, "2026-11-22T09:00:00Z", _flag(quant, at, step), LOAD.key)
        for at in range(1, ROUNDS + 1)
        for quant in ("f16", *SHOWN)
        for name, unit, step, value in values(quant, at)
    )


def _flag(quant: str, at: int, step: Step) -> str:
    return "; ".join(f"{one.verdict}: {one.reason}" for one in flags(quant, at) if one.step in (None, step))


def flags(quant: str, at: int) -> tuple[Flag, ...]:
    """A hog in round 2 of Q4_K_M, and a client too slow for 64 streams of Q2_K in every round."""
    return (HOG,) * ((quant, at) == ("q4_k_m", 2)) + (LAG,) * (quant == "q2_k")


def speed(found: tuple[RoundValue, ...]) -> tuple[SpeedComparison, ...]:
    """Every candidate against F16 by round."""
    by: dict[tuple[str, str, Step, str], list[float]] = {}
    for one in found:
        by.setdefault((one.arm, one.name, one.step, one.unit), []).append(one.value)
    return tuple(
        _compared(quant, name, step, unit, by[arm("f16"), name, step, unit], by[arm(quant), name, step, unit])
        for quant in SHOWN
        for who, name, step, unit in by
        if who == arm(quant)
    )


def _compared(
    quant: str, name: str, step: Step, unit: str, before: list[float], after: list[float]
) -> SpeedComparison:
    ratio = _spread(ratio_interval(after, before))
    better: Literal["higher", "lower"] = "lower" if unit in LOWER else "higher"
    verdict: Literal["faster", "slower", "same", "inconclusive"] = "inconclusive"
    if unit == "B":
        verdict = "same" if after == before else "faster"
    elif ratio.low > 1 / 1.03 and ratio.high < 1.03:
        verdict = "same"
    elif ratio.low > 1 or ratio.high < 1:
        verdict = "faster" if (ratio.score > 1) == (better == "higher") else "slower"
    return SpeedComparison(
        name, unit, better, step.concurrency, arm("f16"), arm(quant), len(after), _spread(mean_interval(before)),
        _spread(mean_interval(after)), ratio, "", step, verdict, "valid", LOAD.key,
    )


def _spread(one: Scored) -> Scored:
    return one if one.low != one.high else Scored(one.score, math.nan, math.nan)


def latencies() -> tuple[Latency, ...]:
    """TTFT and TPOT at the ends of the sweep: 320 requests, so p99 is not among the percentiles; two stalls of Q8_0."""
    found = []
    for quant in ("f16", *SHOWN):
        for step in (SWEEP[0], SWEEP[-1]):
            for name in ("ttft", "tpot"):
                middle = next(value for got, _, at, value in values(quant, 0) if (got, at) == (name, step))
                found.append(_latency(quant, name, step, middle))
    return tuple(found)


def _latency(quant: str, name: str, step: Step, middle: float) -> Latency:
    draw = random.Random(f"{quant} {name} {step.concurrency}")
    sample = sorted(middle * math.exp(draw.gauss(0, 0.18)) for _ in range(320))
    stalls: tuple[tuple[int, int, float], ...] = ()
    if (quant, name, step) == ("q8_0", "ttft", SWEEP[0]):
        sample[-2:] = [9 * middle, 14 * middle]
        stalls = ((3, 17, 14 * middle), (1, 3, 9 * middle))
    quantiles = tuple((share, sample[int(share * 320)]) for share in (0.5, 0.9, 0.95))
    curve = tuple(((index + 1) / 320, sample[index]) for index in sorted({*range(0, 320, 2), 319}))
    return Latency(arm(quant), name, step, 320, quantiles, curve, stalls, len(stalls), (), LOAD.key)


def records() -> tuple[RunRecord, ...]:
    """The load cells, with flags, the client's calibration and what could not be measured."""
    return tuple(_record(quant, at) for at in range(1, ROUNDS + 1) for quant in ("f16", *SHOWN))


def _record(quant: str, at: int) -> Completed:
    one = completed(next(found for found in QUANTS if found.key == quant), cell(quant, round_=at - 1))
    missing = (
        Reading("peak_footprint", "B", "lower", (), reason=NO_FOOTPRINT),
        Reading("device_memory", "B", "lower", (), reason="no GPU"),
        Reading("swap_growth", "B", "lower", (), reason="no GPU"),
    )
    exact = tuple(
        Calibration(n, (0.00011 * n**0.3, 0.0009 * n**0.3), (2e-6, 9e-6), 0.999, (3e-5, 4e-4), 120.0 * n)
        for n in (1, 64, 256, 1024)
    )
    outcome = replace(one.outcome, readings=missing, flags=flags(quant, at), calibration=exact)
    return replace(one, outcome=outcome)


def drifts() -> tuple[Drift, ...]:
    """F16 slows down over the rounds, Q8_0 does not."""
    return (
        Drift(arm("f16"), "decode", SWEEP[0], ROUNDS, Scored(-0.013, -0.019, -0.007), 0.004, LOAD.key),
        Drift(arm("q8_0"), "decode", SWEEP[0], ROUNDS, Scored(0.001, -0.009, 0.011), 0.81, LOAD.key),
    )


def loaded() -> Analysis:
    """The whole example."""
    found, base = rounds(), only(analysis(), SHOWN)
    quality = tuple(record for record in base.records if record.run.cell.kind == "quality")
    kept = (*quality, *records())
    why = "5 rounds: decode is known to 1.9 % (target 3 %)"
    ended = Repeated("pocket", LOAD.key, "decode", SWEEP[0], arm("q2_k"), 5, 12, 0.019, 0.03, 812.0, "precise", why)
    return replace(
        base,
        plan=replace(base.plan, cells=tuple(record.run.cell for record in kept)),
        speed=speed(found),
        rounds=found,
        latencies=latencies(),
        drifts=drifts(),
        records=kept,
        repeats=(ended,),
    )

