"""From points to arms: which weights each combination uses, which baseline it is measured against, what drops out.

An arm is a model in one quantization on one runtime. The full-precision baseline of every candidate is added, on the
candidate's own runtime. Where one runtime is the reference (baseline=f16@llama_cpp, or the first of several asked for),
such a baseline on another runtime is also the bridge to it: it tells what the runtime changes from what quantization
does.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

from harness.core.config import Artifact, Hardware, Load, Model, Point, Quantization, Runtime, Settings
from harness.core.plan import Skip
from harness.core.units import GIGA
from harness.plan.artifact import Unusable, choose, has_weights, local_bytes, locate


@dataclass(frozen=True)
class Arm:
    """What is measured. `baseline` is the name of the arm it is compared with, "" where there is none.

    `reference` is full precision on the reference runtime where that is another one than this arm's, else "".
    `weights_bytes` is the size of the file where there is one, else computed; None where not known.
    """

    model: Model
    quant: Quantization
    runtime: Runtime
    loads: tuple[Load, ...]
    artifact: Artifact
    scheme: str
    weights_bytes: float | None
    baseline: str = ""
    reference: str = ""

    @property
    def name(self) -> str:
        """The same words as `Cell.arm`."""
        return f"{self.model.key} {self.quant.key} {self.runtime.key}"


@dataclass(frozen=True)
class Arms:
    """Arms with each baseline before its candidates, what was left out, and the baselines nobody asked for by name."""

    arms: tuple[Arm, ...]
    skips: tuple[Skip, ...]
    added: tuple[str, ...]


def arms_of(settings: Settings, hw: Hardware, assets: Path) -> Arms:
    """All arms the settings ask for and the baselines they need, without repeats."""
    points = [in_its_format(point, settings) for point in settings.points]
    asked = {_name(point) for point in points}
    built: dict[str, Arm] = {}
    skips: dict[str, Skip] = {}
    for point in points:
        arm = _try(point, hw, assets)
        if isinstance(arm, Skip):
            skips[arm.what] = arm
            continue
        own, reference = (
            None if one is None or _name(one) == arm.name else _try(one, hw, assets)
            for one in (own_baseline(point, settings), reference_of(point, settings))
        )
        skips |= {one.what: one for one in (own, reference) if isinstance(one, Skip)}
        for one in _compared(arm, own, reference):
            _add(built, one)
    skips |= {skip.what: skip for skip in _unpaired(built)}
    added = tuple(name for name in built if name not in asked)
    return Arms(tuple(built.values()), tuple(skips.values()), added)


def _compared(arm: Arm, own: Arm | Skip | None, reference: Arm | Skip | None) -> list[Arm]:
    """The arm behind what it is compared with: full precision on its own runtime, else on the reference runtime."""
    far = reference if isinstance(reference, Arm) else None
    if own is None:  # the arm is full precision itself
        return [*([far] if far else []), replace(arm, reference=far.name if far else "")]
    if isinstance(own, Arm):
        bridge = replace(own, reference=far.name if far else "")
        return [*([far] if far else []), bridge, replace(arm, baseline=own.name, reference=bridge.reference)]
    return [far, replace(arm, baseline=far.name)] if far else [replace(arm, baseline=own.what)]


def _try(point: Point, hw: Hardware, assets: Path) -> Arm | Skip:
    try:
        return _arm(point, hw, assets)
    except Unusable as why:
        return Skip(_name(point), str(why))


def _add(built: dict[str, Arm], arm: Arm) -> None:
    """A new arm as it is; of one that is there already, the union of loads, and a partner if either has one."""
    known = built.setdefault(arm.name, arm)
    loads = (*known.loads, *(load for load in arm.loads if load not in known.loads))
    baseline, reference = known.baseline or arm.baseline, known.reference or arm.reference
    built[arm.name] = replace(known, loads=loads, baseline=baseline, reference=reference)


def _unpaired(built: dict[str, Arm]) -> list[Skip]:
    """Take the baseline from arms whose baseline is not to be had, and say which verdicts are lost."""
    skips = []
    for lost in dict.fromkeys(arm.baseline for arm in built.values() if arm.baseline and arm.baseline not in built):
        alone = [name for name, arm in built.items() if arm.baseline == lost]
        built |= {name: replace(built[name], baseline="") for name in alone}
        reason = f"the baseline {lost} is left out; choose another, for example baseline={built[alone[0]].quant.key}"
        skips.append(Skip(f"verdicts on {', '.join(alone)}", reason))
    return skips


def in_its_format(point: Point, settings: Settings) -> Point:
    """The point with full precision named as its runtime reads it: f16, a GGUF, is hf_f16 to transformers."""
    quant, formats = point.quant, point.runtime.formats
    if not quant.full_precision or quant.format in formats:
        return point
    same = [one for one in settings.quants.values()
            if one.full_precision and one.scheme == quant.scheme and one.format in formats]
    return structs.replace(point, quant=same[0]) if same else point


def own_baseline(point: Point, settings: Settings) -> Point | None:
    """What a point is compared with on its own runtime; None for baseline=none.

    "native" is the model's full precision in the format of the candidate: the same scheme if that format has it
    (bf16 -> hf_bf16), else BF16.
    """
    wanted, _, runtime = settings.baseline.partition("@")
    if wanted == "none":
        return None
    if wanted == "auto" or runtime not in ("", point.runtime.key):
        wanted = point.quant.baseline
    native = wanted == "native"
    quant = full_precision(point.model, point.quant.format, settings) if native else settings.quants.get(wanted)
    return None if quant is None else structs.replace(point, quant=quant)


def reference_of(point: Point, settings: Settings) -> Point | None:
    """The baseline on the reference runtime (named in baseline=, else the first asked for); None if that is this."""
    wanted, _, named = settings.baseline.partition("@")
    asked = [one for one in settings.points if one.model == point.model]
    runtime = settings.runtimes[named] if named else asked[0].runtime
    if wanted == "none" or runtime.key == point.runtime.key:
        return None
    there = structs.replace(point, runtime=runtime)
    if wanted in settings.quants:
        return structs.replace(there, quant=settings.quants[wanted])
    found = [full_precision(point.model, one, settings) for one in runtime.formats]
    quants = [one for one in found if one and has_weights(point.model, one, runtime)]
    return structs.replace(there, quant=quants[0]) if quants else None


def full_precision(model: Model, kind: str, settings: Settings) -> Quantization | None:
    """The model's full precision in a weight format, None where that format has none."""
    native = settings.quants.get(model.native)
    if native is None or native.format == kind:
        return native
    full = [one for one in settings.quants.values() if one.full_precision and one.format == kind]
    same = [one for one in full if one.scheme == native.scheme] or [one for one in full if one.scheme == "BF16"]
    return same[0] if same else None


def _arm(point: Point, hw: Hardware, assets: Path) -> Arm:
    """One arm with its weights located; raises Unusable where there are none or they cannot fit."""
    quant = point.quant
    artifact, scheme = choose(point.model, quant, point.runtime)
    artifact = locate(artifact, assets)
    size: float | None = None if scheme else local_bytes(artifact, assets)
    if size is None and point.model.params.value is not None and quant.bits_per_weight.value is not None:
        size = point.model.params.value * quant.bits_per_weight.value / 8
    memory = hw.memory_gb.value
    if size is not None and memory is not None and size > memory * GIGA:
        raise Unusable(
            f"weights of {size / GIGA:.0f} GB exceed the {memory:g} GB of {hw.key}; "
            "hw.memory_gb.value=GB if there is more"
        )
    return Arm(point.model, quant, point.runtime, (point.load,), artifact, scheme, size)


def _name(point: Point) -> str:
    return f"{point.model.key} {point.quant.key} {point.runtime.key}"
