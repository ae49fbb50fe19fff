"""Tables that let somebody else check or repeat the run: machine, versions, weights, protocol, input records."""

import shlex

from harness.core.cell import IMPORTED, LoadWork
from harness.core.load import describe
from harness.core.plan import Plan
from harness.core.record import Run
from harness.core.summary import Summary
from harness.core.units import in_bytes
from harness.report.tables import Cell, Table, row
from harness.report.view import View
from harness.report.wording import UNKNOWN, file_name, percent

_SHORT = 12


def machine(view: View) -> Table:
    """One column per machine found in the records (normally one)."""
    found: dict[str, list[Run]] = {}
    for run in view.runs:
        found.setdefault(run.machine.fingerprint, []).append(run)
    facts = [_machine_facts(runs) for runs in found.values()]
    rows = tuple(row(name, *(column[name] for column in facts)) for name in (facts[0] if facts else {}))
    columns = ("Fact", *(f"Machine {fingerprint[:_SHORT]}" for fingerprint in found))
    return Table("machine", "Machine", "", columns, rows, words=tuple(range(len(columns))))


def _machine_facts(runs: list[Run]) -> dict[str, str]:
    box = runs[0].machine
    loads = [run.machine.load_average[0] for run in runs if run.machine.load_average]
    governors = sorted({run.machine.governor or UNKNOWN for run in runs})
    return {
        "CPU": box.cpu,
        "Cores": str(box.cores or UNKNOWN),
        "Memory": in_bytes(box.memory_bytes or None),
        "GPUs": ", ".join(box.gpus) or ("none" if box.cores else UNKNOWN),
        "Operating system": box.system,
        "Driver and firmware": _software(runs),
        "Frequency governor": ", ".join(governors),
        "Load average, 1 min": f"{min(loads):.2f} to {max(loads):.2f} over {len(loads)} records" if loads else UNKNOWN,
        "Fingerprint": box.fingerprint,
    }


def _software(runs: list[Run]) -> str:
    """Versions beneath the engine, all that the records hold; older ones name at most a driver, with the system."""
    found = dict.fromkeys(f"{one.name} {one.value}" for run in runs for one in run.machine.software)
    return ", ".join(found) or UNKNOWN


def versions(view: View) -> Table:
    """Code, packages and engine, every distinct value that the records hold."""
    found: dict[str, dict[str, None]] = {}

    def add(name: str, value: str) -> None:
        found.setdefault(name, {})[value] = None

    for run in view.runs:
        dirty = " with uncommitted changes" if run.source.dirty else ""
        add("harness", run.source.version)
        add("git commit", (run.source.commit or "not a checkout") + dirty)
        add("Python", run.machine.python)
        for package in run.packages:
            add(package.name, package.value)
    for record in view.completed:
        facts = record.outcome.facts
        add("engine", f"{facts.engine} {facts.version} on {facts.device}")
    rows = tuple(row(name, ", ".join(values)) for name, values in found.items())
    return Table("versions", "Versions", "", ("Part", "Version"), rows, words=(0, 1))


def engine(view: View) -> Table:
    """What the engine says of itself: build flags, cache types; folded, since it is long."""
    found: dict[str, dict[str, None]] = {}
    for record in view.completed:
        for detail in record.outcome.facts.details:
            found.setdefault(detail.name, {})[detail.value] = None
    rows = tuple(row(name, ", ".join(values)) for name, values in found.items())
    return Table("engine", "Engine settings and build", "", ("Name", "Value"), rows, words=(0, 1), folded=True)


def weights(view: View) -> Table:
    """The weights of each arm with their digests in full; a form may shorten cells of tone "digest"."""
    made = {record.run.cell.arm: record.prepared for record in view.completed}
    rows = []
    for arm in view.arms:
        prepared = made.get(arm.arm)
        name = file_name(prepared.path) if prepared else ""
        how = f"{prepared.how} {prepared.maker}".strip() if prepared else ""
        sha, source = _digest(arm.sha256), _digest(arm.source_sha256)
        rows.append(row(Cell(arm.arm, name), in_bytes(arm.weights_bytes), sha, source, arm.engine, how))
    columns = ("Arm", "Weights", "sha256", "sha256 of the source", "Engine", "How")
    return Table("weights", "Weights", "", columns, tuple(rows), words=(0, 2, 3, 4, 5))


def _digest(digest: str) -> Cell:
    return Cell(digest, tone="digest") if digest else Cell(UNKNOWN)


def protocol(view: View) -> Table:
    """What was decided before any item was run, and the suite's identity."""
    plan = view.analysis.plan
    rule = "1 point for tasks of 4,000 items or more, else 2"
    loads = dict.fromkeys(cell.work.load for cell in plan.cells if isinstance(cell.work, LoadWork))
    rows = [
        row("Plan", plan.id),
        *([row("Night", plan.night)] if plan.night else []),
        row("Box", plan.hw),
        row("Margin", rule if plan.protocol.margin is None else f"{100 * plan.protocol.margin:g} points"),
        row("Significance level", percent(plan.protocol.alpha, 0)),
        row("Early stopping", "once settled; looks at 1/4, 1/2 and all items" if plan.staged else "never"),
        row("Suite", f"{plan.suite.name} ({plan.suite.license})" if plan.suite.license else plan.suite.name),
        row("Suite digest", plan.suite.digest or UNKNOWN),
        *(row(f"Load {load.key}", describe(load)) for load in loads),
    ]
    return Table("protocol", "Protocol", "", ("Setting", "Value"), tuple(rows), words=(0, 1))


def inputs(view: View) -> Table:
    """The records this report was made from."""
    rows = tuple(row(Cell(one.label, one.path), one.cell, _digest(one.sha256)) for one in view.analysis.inputs)
    note = "sha256 of each record file; the same list is in inputs.json."
    return Table("inputs", "Input records", note, ("Record", "Cell", "sha256"), rows, words=(0, 1, 2), folded=True)


def command(plan: Plan | Summary) -> str:
    """The command that makes the same plan again, to be pasted into a shell; "" for what was imported.

    The folders of this machine are not part of it.
    """
    kept = [one for one in plan.overrides if not one.startswith(("results=", "reports="))]
    return "" if plan.hw == IMPORTED else shlex.join(["python", "-m", "harness", "run", *kept])
