"""All pages of a site: the front, boxes, models, quantizations, histories of arms, runs."""

from collections import Counter
from collections.abc import Iterator, Sequence

from harness.core.cell import IMPORTED
from harness.core.summary import ArmSummary, Summary, TaskVerdict
from harness.core.tones import WORST_FIRST, tone
from harness.core.units import margin
from harness.publish import beside, places, rows
from harness.publish.chart import chart
from harness.publish.said import day, figure, joined, title, trouble
from harness.publish.sheet import Block, Charts, Field, Grid, Link, Links, Prose, Section, Sheet
from harness.publish.stock import Standing, Stock
from harness.report.provenance import command
from harness.report.readings import heading
from harness.report.steps import At, words
from harness.report.wording import SYMBOLS, percent, points, points_range

FRONT = Link("All boxes", places.FRONT)
_ON_FRONT, _STEPS = 15, 4
_WORDS = {
    "degraded": "degraded somewhere",
    "broken": "broken somewhere",
    "inconclusive": "inconclusive somewhere",
    "no information": "no information somewhere",
    "improved": "equivalent or improved everywhere",
    "equivalent": "equivalent everywhere",
}


def pages(stock: Stock) -> Iterator[Sheet]:
    """What is linked to comes before what links to it, so that a site that is half written has no dead links."""
    yield from (_run(stock, one) for one in stock.runs)
    yield from (_arm(one) for one in stock.standings.values())
    yield from (_quant(name, found) for name, found in stock.quants.items())
    yield from (_model(stock, name, found) for name, found in stock.models.items())
    yield from (_box(stock, hw, found) for hw, found in stock.boxes.items())
    yield _missing()
    yield front(stock)


def front(stock: Stock) -> Sheet:
    """The newest of everything, and the way to all the rest."""
    every = list(stock.standings.values())
    names = (("boxes", "Boxes", places.box, stock.boxes), ("models", "Models", places.model, stock.models),
             ("quants", "Quantizations", places.quant, stock.quants))
    ways = tuple(
        Section(key, said, (Links(tuple(Link(name, to(name), _count(found)) for name, found in there.items()), True),))
        for key, said, to, there in names
    )
    others = tuple(Link(one.folder, places.report(one.folder)) for one in stock.other_reports)
    more = (Section("reports", "Other reports", (Links(others),)),) if others else ()
    newest = Section("newest", "Newest figures", (rows.newest(every, find=True),))
    steps = rows.steps(every, _STEPS)
    first = (steps, newest) if any(one.changes for one in every) else (newest, steps)
    return Sheet(
        places.FRONT,
        "What quantization costs, and what the boxes deliver",
        _lead(every),
        (f"{len(stock.runs):,} runs", f"newest of {day(stock.newest)}") if stock.newest else ("no runs yet",),
        (*first, *ways, rows.runs(stock, stock.runs, _ON_FRONT), *more),
        warnings=_warnings(stock.runs),
        more=(Link("Atom feed", places.ATOM), Link("JSON feed", places.JSON_FEED)),
        search=True,
    )


def _lead(found: Sequence[Standing]) -> str:
    """How many arms stand where, the inconclusive ones counted, and how many histories got worse."""
    worse = [change for one in found for change in one.changes if change.worse]
    if not worse:
        return _standing(found)
    since = day(max(change.since.when for change in worse))
    count = f"{len(worse)} histories have a step" if len(worse) > 1 else "One history has a step"
    return f"{_standing(found)} {count} for the worse, the newest since {since}."


def _standing(found: Sequence[Standing]) -> str:
    judged = [one for one in found if one.verdicts]
    if not judged:
        return "No quantization has been judged yet."
    tally = Counter(one.tone for one in judged)
    parts = [f"{tally[name]} {_WORDS[name]}" for name in reversed(WORST_FIRST) if tally[name]]
    boxes = len({one.key.hw for one in judged})
    places_ = f"{boxes} boxes" if boxes > 1 else "one box"
    noun = "quantized model" if len(judged) == 1 else "quantized models"
    return f"{len(judged)} {noun} on {places_}, each against full precision: {', '.join(parts)}."


def _warnings(runs: Sequence[Summary], model: str = "") -> tuple[str, ...]:
    """What speaks against the newest run of each model (or of that one) on each box."""
    last = {(run.hw, arm.model): run for run in runs for arm in run.arms if model in ("", arm.model)}
    newest = {run.plan: run for run in last.values()}.values()
    return tuple(f"{title(run)}, {run.night or day(run.started) or 'not begun'}: {trouble(run)}."
                 for run in newest if trouble(run))


def _count(found: Sequence[Standing]) -> str:
    steps = sum(change.worse for one in found for change in one.changes)
    arms = f"{len(found)} arm{'s' * (len(found) > 1)}"
    return arms + (f", {steps} step{'s' * (steps > 1)} for the worse" if steps else "")


def _box(stock: Stock, hw: str, found: Sequence[Standing]) -> Sheet:
    own = [run for run in stock.runs if run.hw == hw]
    machines = list(dict.fromkeys(run.machine for run in own if run.machine))
    prints = list(dict.fromkeys(run.fingerprint for run in own if run.fingerprint))
    warning = (
        (f"{len(prints)} different machines go by this name; their speeds are kept apart: {', '.join(machines)}.",)
        if len(prints) > 1 and hw != IMPORTED else ()
    )
    facts = (*machines[-1:], f"{len(own):,} runs", f"newest of {day(max(run.ended for run in own))}")
    sections = (Section("newest", "Newest figures", (rows.newest(found),)), rows.steps(found), *_models_of(found),
                rows.runs(stock, own, len(own)))
    return Sheet(places.box(hw), _box_title(hw), _lead(found), tuple(filter(None, facts)), sections, (FRONT,),
                 (*warning, *_warnings(own)))


def _box_title(hw: str) -> str:
    return "Measured elsewhere (imported)" if hw == IMPORTED else hw


def _models_of(found: Sequence[Standing]) -> tuple[Section, ...]:
    links = tuple(Link(name, places.model(name)) for name in dict.fromkeys(one.key.model for one in found))
    return (Section("models", "Models on this box", (Links(links),)),)


def _model(stock: Stock, name: str, found: Sequence[Standing]) -> Sheet:
    sections = (
        Section("newest", "Newest figures", (rows.newest(found),)),
        Section("boxes", "Boxes side by side", beside.boxes(found)),
        rows.steps(found),
    )
    facts = tuple(dict.fromkeys(one.key.hw for one in found))
    return Sheet(places.model(name), name, _lead(found), facts, sections, (FRONT,), _warnings(stock.runs, name))


def _quant(name: str, found: Sequence[Standing]) -> Sheet:
    sections = (Section("newest", "Newest figures", (rows.newest(found),)), rows.steps(found))
    return Sheet(places.quant(name), name, _lead(found), (_count(found),), sections, (FRONT,))


def _arm(one: Standing) -> Sheet:
    """The history of an arm: its newest verdicts, every headline figure over time, its steps."""
    key = one.key
    scores = tuple(chart(each, one.changes) for each in one.series if each.place.kind == "score")
    readings = tuple(chart(each, one.changes) for each in one.series if each.place.kind == "reading")
    note = (
        "Line: each run; band: its 95 % interval, of scores over items, which are the same in every run, of readings "
        "over rounds. Dots are the newest runs and lead to them; ✕ is invalid and in no line. Axes need not begin at 0."
    )
    histories = [Section("quality", "Scores", (Charts(scores),))] if scores else []
    histories += [Section("speed", "Speed, memory, energy", (Charts(readings),))] if readings else []
    newest = one.newest.run
    facts = (key.runtime, key.hw, rows.weights(one), one.newest.arm.engine, f"newest run of {day(newest.ended)}")
    sentence = one.judged.arm.sentence if one.judged else ""
    sections = (*_judged(one), rows.steps([one]), *histories, Section("about", "How to read it", (Prose(note),)))
    trail = (FRONT, Link(key.hw, places.box(key.hw)), Link(key.model, places.model(key.model)),
             Link(key.quant, places.quant(key.quant)))
    lead = sentence or ("The baseline of this model on this box." if one.newest.arm.is_baseline else "Not judged yet.")
    more = (Link("All figures as CSV", key.path.removesuffix(".html") + ".csv"),)
    return Sheet(key.path, f"{key.model} {key.quant} on {key.hw}", lead, tuple(filter(None, facts)), sections, trail,
                 more=more)


def _judged(one: Standing) -> tuple[Section, ...]:
    if not one.judged:
        return ()
    run = one.judged.run
    note = f"From the run of {day(run.ended)}, suite {run.suite} {run.suite_digest[:12]}."
    return (Section("verdicts", "Newest verdicts", (_verdicts(one.judged.arm, note),)),)


def _verdicts(arm: ArmSummary, note: str) -> Grid:
    columns = ("Task", "Verdict", "Change", "Margin", "Items", "Lost, gained", "Note")
    return Grid("Verdicts", columns, tuple(_verdict(one) for one in arm.verdicts), (0, 1, 6), note)


def _verdict(one: TaskVerdict) -> tuple[Field, ...]:
    kind = tone(one)
    known = one.delta is not None and one.low is not None and one.high is not None
    flips = "" if one.lost is None or one.gained is None else f"{one.lost}, {one.gained}"
    change = points(one.delta) if one.delta is not None and known else ""
    limits = points_range(one.low, one.high) if one.low is not None and one.high is not None else ""
    note = joined([one.note, "" if one.confirmatory else "Explored; no claim rests on it."])
    return (
        Field(one.task, one.task_kind),
        Field(f"{SYMBOLS[kind]} {kind}", tone=kind),
        Field(f"{change} points" if change else "n/a", limits),
        Field(f"±{margin(one.margin)}"),
        Field(f"{one.n_items:,}"),
        Field(flips),
        Field(note),
    )


def _run(stock: Stock, run: Summary) -> Sheet:
    source = f"code {run.source.version} {run.source.commit[:12]}".strip() if run.source else ""
    facts = (run.night and f"night {run.night}", day(run.started), run.machine, f"plan {run.plan}", source)
    lead = joined(arm.sentence for arm in run.arms) or "No claim about quality."
    blocks = tuple(_arm_of(run, arm) for arm in run.arms)
    reasons, again = tuple(Prose(one) for one in run.reasons), command(run)
    sections = (
        *blocks,
        *((Section("reasons", "What failed or was left out", reasons),) if reasons else ()),
        *((Section("again", "The same again", (Prose(again, code=True),)),) if again else ()),
    )
    trail = (FRONT, Link(run.hw, places.box(run.hw))) if run.hw in stock.boxes else (FRONT,)
    more = tuple(Link(f"An earlier report, {one.folder}" if number else "The whole report", places.report(one.folder))
                 for number, one in enumerate(stock.reports.get(run.plan, ())))
    warning = (f"{trouble(run)}.",) if trouble(run) else ()
    return Sheet(places.run(run.plan), title(run), lead, tuple(filter(None, facts)), sections, trail, warning, more)


def _arm_of(run: Summary, arm: ArmSummary) -> Section:
    blocks: list[Block] = [_verdicts(arm, "")] if arm.verdicts else []
    scored = ", ".join(f"{one.task} {percent(one.score)}" for one in arm.scores)
    blocks += [Prose(f"Scores: {scored}.")] if scored else []
    figures = tuple((Field(heading(one.name), words(At(one.load, one.step))), figure(one)) for one in arm.metrics)
    columns = ("Reading", "Mean over rounds")
    blocks += [Grid("Readings", columns, figures, (0,), folded=True)] if figures else []
    if run.ended:
        to = places.arm(run.hw, arm.model, arm.quant, arm.runtime)
        blocks += [Links((Link("History", to, "of this arm on this box"),))]
    label = f"{arm.model} {arm.quant} {arm.runtime}"
    return Section(places.slug(label), label + (" (baseline)" if arm.is_baseline else ""), tuple(blocks))


def _missing() -> Sheet:
    text = "There is no such page. Boxes, models and quantizations that are no longer in the results have none."
    return Sheet(places.MISSING, "Not found", text, (), (), (FRONT,))
