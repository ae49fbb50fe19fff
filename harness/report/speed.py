"""Tables of speed, memory, energy, roofline and loading: every reading of every arm, each family in its own table."""

from harness.report.figures import explained, figure
from harness.report.readings import Family, family, glossary, heading, rank
from harness.report.steps import At, words
from harness.report.tables import Cell, Table, row
from harness.report.view import View

_OPEN = 3  # tables of steps shown at once; of more, all but the lightest are folded
_ROUNDS = "a round's value is the median of its requests, shown is the mean over rounds with its 95 % interval (t)"
_TITLES: dict[Family, str] = {
    "loading": "Loading",
    "memory": "Memory",
    "energy": "Energy and cost",
    "roofline": "Against the roofline",
    "canary": "The box beside the run",
    "other": "Other readings",
}


def by_step(view: View) -> list[Table]:
    """One table for each step of the load, with every reading of speed and latency that some arm has."""
    steps = [at for at in view.speeds.steps if _names(view, "speed", (at,))]
    return [
        _table(view, f"speed-{index}", words(at, steps).capitalize(), "speed", (at,), len(steps) > _OPEN and index > 0)
        for index, at in enumerate(steps)
    ]


def of_family(view: View, which: Family) -> list[Table]:
    """A family of readings: at the first place where it was taken, and folded below it at all others."""
    places = tuple(at for at in view.speeds.places if _names(view, which, (at,)))
    title = _TITLES[which]
    if len(places) < 2:
        return [_table(view, which, title, which, places, folded=False)] if places else []
    first = _table(view, which, f"{title}, {words(places[0], places)}", which, places[:1], folded=False)
    return [first, _table(view, f"{which}-more", f"{title}, everywhere else", which, places[1:], folded=True)]


def _names(view: View, which: Family, places: tuple[At, ...]) -> list[str]:
    """Readings of a family that some arm has at one of the places, in the order of the columns."""
    found = [name for (_, name, at), one in view.speeds.all.items() if at in places and one.scored is not None]
    return sorted((name for name in dict.fromkeys(found) if family(name) == which), key=rank)


def _table(view: View, key: str, title: str, which: Family, places: tuple[At, ...], folded: bool) -> Table:
    """Rows are arms, at each of the places; only tables that are open explain their columns."""
    names, told = _names(view, which, places), len(places) > 1
    rows = [
        line
        for at in places
        for arm in view.arms
        if (line := _line(view, arm.arm, at, names, [words(at, places)] if told else []))
    ]
    note = "" if folded else ". ".join(["; ".join([*glossary(names), _ROUNDS]), *_sources(view, names)]) + "."
    columns = ("Quantization", *(["Load"] if told else []), "n rounds", *map(heading, names))
    return explained(Table(key, title, note, columns, tuple(rows), (0, 1) if told else (0,), folded), view)


def _line(view: View, arm: str, at: At, names: list[str], told: list[str]) -> tuple[Cell, ...]:
    """An arm's row; () where it has none of the readings."""
    found = [view.speeds.all.get((arm, name, at)) for name in names]
    if not any(found):
        return ()
    rounds = max(one.rounds for one in found if one)
    cells = []
    for one in found:
        cell = figure(one, view.speed_margin)
        fewer = one and one.scored and one.rounds != rounds
        cells.append(Cell(cell.text, f"{cell.detail}\nn {one.rounds} rounds", cell.tone) if one and fewer else cell)
    return row(view.label(arm), *told, str(rounds), *cells)


def _sources(view: View, names: list[str]) -> list[str]:
    """With what instrument the readings were taken, and what it covers, readings of one instrument together."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for reading in (one for record in view.completed for one in record.outcome.readings):
        if reading.name in names and reading.source and reading.samples:
            found.setdefault((reading.source, reading.scope), {})[heading(reading.name)] = None
    return [
        f"Source of {', '.join(titles)}: {source}" + (f", which covers the {scope}" if scope else "")
        for (source, scope), titles in found.items()
    ]
