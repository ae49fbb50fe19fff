"""Bandwidth reached and its share of what was measured and of what the maker says; pure.

Below 40 % of the roofline a dense model of 7 billion weights or more decodes suspiciously slowly, below 15 % it does
not run where it should (a silent fall-back to the CPU); small models are bound by overhead instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from harness.core.config import Hardware
from harness.core.record import Flag, Reading, Step
from harness.core.runtime import Facts
from harness.core.units import GIGA
from runners.meters.roofline.weights import Weights

_LARGE = 7e9
_SUSPICIOUS, _IMPOSSIBLE = 0.40, 0.15


@dataclass(frozen=True)
class Box:
    """What the box reaches: read bandwidth (GB/s) and float32 matrix products (GFLOP/s) as probed on the host's CPU.

    `hardware` is what conf/hw says of it.
    """

    read_gbs: float | None
    matrix_gflops: float | None
    hardware: Hardware | None

    @property
    def nominal_gbs(self) -> float | None:
        """Bandwidth by the maker's word."""
        return self.hardware.bandwidth_gbs.value if self.hardware else None


@dataclass(frozen=True)
class Shape:
    """The lengths of a load that its steps do not say themselves, in tokens."""

    prompt_tokens: int
    output_tokens: int


def readings(weights: Weights, facts: Facts, box: Box, shape: Shape, measured: Sequence[Reading]) -> Iterator[Reading]:
    """Bandwidth and its shares of every single-stream step, from the `decode` and `prefill` rates in `measured`."""
    for one in measured:
        if one.at.concurrency != 1 or not one.samples:
            continue
        if one.name == "decode":
            yield from _decoding(one, bytes_per_token(weights, facts, one.at, shape), facts, box)
        elif one.name == "prefill" and _on_cpu(facts) and box.matrix_gflops:
            peak = box.matrix_gflops * GIGA
            shares = tuple(rate * weights.prefill_operations / peak for rate in one.samples)
            yield Reading("prefill_share", "share", "higher", shares, 1, step=one.step)


def bytes_per_token(weights: Weights, facts: Facts, at: Step, shape: Shape) -> float:
    """Weights read to decode one token, and the keys and values that stand there on average over the output.

    Without the latter where the engine does not say how large they are.
    """
    tokens = at.depth + (at.prompt_tokens or shape.prompt_tokens) + (at.output_tokens or shape.output_tokens) / 2
    return weights.token_bytes + (facts.kv_bytes_per_token or 0.0) * tokens


def _decoding(decode: Reading, bytes_each: float, facts: Facts, box: Box) -> Iterator[Reading]:
    reached = tuple(rate * bytes_each / GIGA for rate in decode.samples)
    yield Reading("bandwidth", "GB/s", "higher", reached, 1, step=decode.step)
    ceilings = {"bandwidth_share": (box.read_gbs, "the probe of the memory gave no figure"),
                "bandwidth_share_nominal": (box.nominal_gbs, "set hw.bandwidth_gbs.value to know it")}
    if not _on_cpu(facts):  # what the CPU can read says nothing of a GPU's memory
        del ceilings["bandwidth_share"]
    for name, (ceiling, reason) in ceilings.items():
        shares = tuple(value / ceiling for value in reached) if ceiling else ()
        yield Reading(name, "share", "higher", shares, 1, "" if ceiling else reason, decode.step)


def flags(weights: Weights, facts: Facts, box: Box, found: Sequence[Reading]) -> Iterator[Flag]:
    """What a large dense model's bandwidths say against the figures of their steps."""
    ceiling, kind = _ceiling(box, facts)
    if not weights.dense or weights.parameters < _LARGE or not ceiling:
        return
    for one in found:
        if one.name == "bandwidth" and one.samples and (share := median(one.samples) / ceiling) < _SUSPICIOUS:
            verdict = "invalid" if share < _IMPOSSIBLE else "degraded"
            yield Flag(verdict, f"decoding reads {median(one.samples):.3g} GB/s, {100 * share:.0f} % of the "  # type: ignore[arg-type]
                                f"{ceiling:.0f} GB/s {kind}; {_likely(facts, box)}", one.step or one.at)


def _ceiling(box: Box, facts: Facts) -> tuple[float | None, str]:
    """The maker's figure for anything but a CPU, so that a model which fell back to the CPU is seen to have."""
    if box.hardware is not None and box.hardware.kind != "cpu" and box.nominal_gbs:
        return box.nominal_gbs, f"of {box.hardware.name}"
    return (box.read_gbs, "that the CPU was seen to read") if _on_cpu(facts) else (box.nominal_gbs, "of the box")


def _likely(facts: Facts, box: Box) -> str:
    if _on_cpu(facts) and box.hardware is not None and box.hardware.kind in ("discrete", "coherent"):
        return f"the model runs on the CPU ({facts.device}), not on the GPU"
    if _on_cpu(facts):
        return f"likely too few threads or a busy machine (device: {facts.device})"
    return f"likely some layers are not on the GPU (device: {facts.device})"


def _on_cpu(facts: Facts) -> bool:
    return facts.device.startswith("CPU")
