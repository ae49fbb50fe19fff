"""Boxes beside each other for one model: speed and energy with intervals, quality where the same suite was asked."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness.core.record import Step
from harness.core.summary import Metric
from harness.publish.axis import Axis, readable
from harness.publish.said import figure, verdict
from harness.publish.sheet import Block, Charts, Field, Grid, Prose, Whisker, Whiskers
from harness.publish.stock import Standing
from harness.report.readings import heading
from harness.report.steps import At, words

READINGS = ("decode", "ttft", "throughput", "energy", "peak_memory", "device_memory")
_WIDTH, _ROW, _NAMES, _END, _TOP, _BOTTOM = 420, 18, 128, 12, 4, 20
_FAR = 12  # a ratio of largest to smallest from which on the axis is one of ratios


class _At(NamedTuple):
    """What is read, and where: equal only if the same load drove the same step."""

    name: str
    unit: str
    load: str
    step: Step


def boxes(found: Sequence[Standing]) -> tuple[Block, ...]:
    """The comparison, or one sentence where there is nothing to compare."""
    names = list(dict.fromkeys(one.key.hw for one in found))
    if len(names) < 2:
        return (Prose("Only one box has measured this model."),)
    rows = list(_figures(found))
    plots = Charts(plots=tuple(_plot(at, dict(each)) for at, each in rows))
    grids = tuple(_grid(at, dict(each), names) for at, each in rows)
    speed: tuple[Block, ...] = (plots, *grids) if rows else (
        Prose("No two boxes have a valid figure of the same reading at the same step of the same load."),
    )
    return (*_quality(found, names), *speed)


def _figures(found: Sequence[Standing]) -> Iterator[tuple[_At, list[tuple[Standing, Metric]]]]:
    """Of each reading the step that most boxes share, the lightest of equals; valid figures only."""
    every: dict[_At, list[tuple[Standing, Metric]]] = {}
    for one in found:
        for _, metric in one.read:
            if metric.name in READINGS and metric.validity != "invalid":
                at = _At(metric.name, metric.unit, metric.load, metric.step)
                every.setdefault(at, []).append((one, metric))
    count = {at: len({one.key.hw for one, _ in rows}) for at, rows in every.items()}
    for name in READINGS:
        there = sorted((at for at in every if at.name == name and count[at] > 1), key=lambda at: (-count[at], *at))
        if there:
            yield there[0], every[there[0]]


def _plot(at: _At, found: dict[Standing, Metric]) -> Whiskers:
    ordered = sorted(found.items(), key=lambda one: (one[0].key.quant, one[0].key.runtime, one[0].key.hw))
    factor, unit = readable(at.unit, max(metric.value for metric in found.values()))
    values = [metric.value * factor for metric in found.values()]
    values += [limit * factor for one in found.values() for limit in (one.low, one.high) if limit and limit > 0]
    low, high = min(values), max(values)
    log = low > 0 and high / low > _FAR
    axis = Axis(low / 1.15 if log else 0.0, high * 1.08 or 1.0, _NAMES, _WIDTH - _END, log)
    rows = []
    for number, (_, metric) in enumerate(ordered):
        limits = (None if limit is None else axis.at(limit * factor) for limit in (metric.low, metric.high))
        rows.append(Whisker(number, axis.at(metric.value * factor), *limits))
    title = f"{_title(at)}, {unit}" + (" (axis of ratios)" if log else "")
    said = "; ".join(f"{one.key.quant} on {one.key.hw} {figure(metric).text}" for one, metric in ordered)
    names = tuple((_short(one.key.quant, 9), _short(one.key.hw, 11)) for one, _ in ordered)
    height = _TOP + _ROW * len(ordered) + _BOTTOM
    return Whiskers(title, f"{_title(at)}: {said}.", _WIDTH, height, names, tuple(rows), axis.ticks(5))


def _short(name: str, letters: int) -> str:
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def _title(at: _At) -> str:
    where = At(at.load, at.step)
    return heading(at.name) if where.whole else f"{heading(at.name)}, {words(where)}"


def _grid(at: _At, found: dict[Standing, Metric], names: Sequence[str]) -> Grid:
    cells = {(one.key[2:], one.key.hw): (one, metric) for one, metric in found.items()}
    rows = []
    for arm in dict.fromkeys(key for key, _ in cells):
        fields = [Field(" ".join(arm))]
        for hw in names:
            pair = cells.get((arm, hw))
            fields.append(Field("") if pair is None else _linked(figure(pair[1]), pair[0].key.path))
        rows.append(tuple(fields))
    return Grid(_title(at), ("Quantization", *names), tuple(rows), folded=True,
                note=f"Load {at.load or 'of the whole run'}; 95 % intervals over rounds. Invalid figures are left out.")


def _linked(one: Field, to: str) -> Field:
    return Field(one.text, one.detail, one.tone, to, one.value)


def _quality(found: Sequence[Standing], names: Sequence[str]) -> tuple[Block, ...]:
    """Verdicts by box, of the suite that most arms answered."""
    judged = [one for one in found if one.judged and one.verdicts]
    if not judged:
        return ()
    digests = Counter(one.judged.run.suite_digest for one in judged if one.judged)
    digest = min(digests, key=lambda one: (-digests[one], one))
    same = {(one.key[2:], one.key.hw): one for one in judged if one.judged and one.judged.run.suite_digest == digest}
    rows = []
    for arm in dict.fromkeys(key for key, _ in same):
        there = [same.get((arm, hw)) for hw in names]
        fields = (_linked(verdict(one), one.key.path) if one else Field("") for one in there)
        rows.append((Field(" ".join(arm)), *fields))
    suite = next(one.judged.run.suite for one in judged if one.judged and one.judged.run.suite_digest == digest)
    note = f"Suite {suite} {digest[:12]}."
    if len(same) < len(judged):
        note += f" {len(judged) - len(same)} arms answered another suite and are left out."
    every = tuple(range(len(names) + 1))
    return (Grid("Quality against full precision on the same box", ("Quantization", *names), tuple(rows), every, note),)


