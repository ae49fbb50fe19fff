"""From points to arms: which weights each combination uses, which baseline it is measured against, what drops out.

An arm is a model in one quantization on one runtime. The full-precision baseline of every candidate is added.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from harness.core.config import Artifact, Hardware, Load, Model, Point, Quantization, Runtime, Settings
from harness.core.plan import Skip
from harness.core.units import GIGA
from harness.plan.artifact import Unusable, choose, local_bytes, locate


@dataclass(frozen=True)
class Arm:
    """What is measured. `baseline` is the name of the arm it is compared with, "" where there is none.

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

    @property
    def name(self) -> str:
        """The same words as `Cell.arm`."""
        return f"{self.model.key} {self.quant.key} {self.runtime.key}"

    @property
    def group(self) -> str:
        """Arms that are measured side by side: one model on one runtime."""
        return f"{self.model.key} {self.runtime.key}"


@dataclass(frozen=True)
class Arms:
    """Arms with each baseline before its candidates, what was left out, and the baselines nobody asked for by name."""

    arms: tuple[Arm, ...]
    skips: tuple[Skip, ...]
    added: tuple[str, ...]


def arms_of(settings: Settings, hw: Hardware, assets: Path) -> Arms:
    """All arms the settings ask for and the baselines they need, without repeats."""
    asked = {_name(point.model, point.quant, point.runtime) for point in settings.points}
    built: dict[str, Arm] = {}
    skips: dict[str, Skip] = {}
    for point in settings.points:
        arm = _try(point, point.quant, hw, assets)
        if isinstance(arm, Skip):
            skips[arm.what] = arm
            continue
        quant = baseline_of(point, settings)
        if quant is not None and quant.key != point.quant.key:
            baseline = _try(point, quant, hw, assets)
            arm = replace(arm, baseline=_name(point.model, quant, point.runtime))
            if isinstance(baseline, Skip):
                skips[baseline.what] = baseline
            else:
                _add(built, baseline)
        _add(built, arm)
    skips |= {skip.what: skip for skip in _unpaired(built)}
    added = tuple(name for name in built if name not in asked)
    return Arms(tuple(built.values()), tuple(skips.values()), added)


def _try(point: Point, quant: Quantization, hw: Hardware, assets: Path) -> Arm | Skip:
    try:
        return _arm(point, quant, hw, assets)
    except Unusable as why:
        return Skip(_name(point.model, quant, point.runtime), str(why))


def _add(built: dict[str, Arm], arm: Arm) -> None:
    """A new arm as it is; of one that is there already, the union of loads, and a baseline if either has one."""
    known = built.setdefault(arm.name, arm)
    loads = (*known.loads, *(load for load in arm.loads if load not in known.loads))
    built[arm.name] = replace(known, loads=loads, baseline=known.baseline or arm.baseline)


def _unpaired(built: dict[str, Arm]) -> list[Skip]:
    """Take the baseline from arms whose baseline is not to be had, and say which verdicts are lost."""
    skips = []
    for lost in dict.fromkeys(arm.baseline for arm in built.values() if arm.baseline and arm.baseline not in built):
        alone = [name for name, arm in built.items() if arm.baseline == lost]
        built |= {name: replace(built[name], baseline="") for name in alone}
        reason = f"the baseline {lost} is left out; choose another, for example baseline={built[alone[0]].quant.key}"
        skips.append(Skip(f"verdicts on {', '.join(alone)}", reason))
    return skips


def baseline_of(point: Point, settings: Settings) -> Quantization | None:
    """The quantization a point is compared with; None for baseline=none.

    "native" is the model's full precision in the format of the candidate: the same scheme if that format has it
    (bf16 -> hf_bf16), else BF16.
    """
    if settings.baseline == "none":
        return None
    wanted = settings.baseline if settings.baseline != "auto" else point.quant.baseline
    if wanted != "native":
        return settings.quants.get(wanted)
    native = settings.quants.get(point.model.native)
    if native is None or native.format == point.quant.format:
        return native
    full = [q for q in settings.quants.values() if q.full_precision and q.format == point.quant.format]
    same = [q for q in full if q.scheme == native.scheme] or [q for q in full if q.scheme == "BF16"]
    return same[0] if same else None


def _arm(point: Point, quant: Quantization, hw: Hardware, assets: Path) -> Arm:
    """One arm with its weights located; raises Unusable where there are none or they cannot fit."""
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


def _name(model: Model, quant: Quantization, runtime: Runtime) -> str:
    return f"{model.key} {quant.key} {runtime.key}"
