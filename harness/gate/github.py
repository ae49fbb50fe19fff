"""The gate for GitHub: a step summary in Markdown, and annotations as workflow commands.

Workflow commands: https://docs.github.com/actions/reference/workflow-commands-for-github-actions. Of each kind GitHub
shows ten a step, so the last one tells how many more there are.
"""

import re
from collections.abc import Iterator

from harness.core.gate import Finding, Gate
from harness.gate.words import called, cells, folded, headline, held_against, line, open_findings, plain

_MOST = 10
_KINDS = {"error": ("worse", "broken"), "warning": ("undecided", "invalid")}
_SPECIAL = re.compile(r"([\\`*_{}\[\]#!|~:@]|(?<=www)\.)", re.IGNORECASE)


def markdown(gate: Gate) -> str:
    """A heading, a table of what changed for each night, and counts of what did not."""
    return "\n".join(_lines(gate)) + "\n"


def _lines(gate: Gate) -> Iterator[str]:
    yield f"### Gate: {headline(gate)}"
    for night in gate.nights:
        yield f"\n**{_safe(f'{night.hw} {called(night)}')}** against {_safe(held_against(night))}\n"
        rows = open_findings(night)
        if rows:
            yield "| | what | reference | tonight | change (95 %) | |"
            yield "|---|---|---:|---:|---:|---|"
            yield from (f"| {' | '.join(map(_safe, cells(one, one.arm)))} |" for one in rows)
            yield ""
        yield from (f"- since then {_safe(one)}" for one in night.changed)
        yield from (f"- {_safe(one)}" for one in folded(night))


def _safe(text: str) -> str:
    """Text that no Markdown or HTML in it survives."""
    escaped = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", escaped)


def annotations(gate: Gate) -> Iterator[str]:
    """Errors for what is worse or broken, warnings for what is undecided; one line each, without its end."""
    found = [(night, one) for night in gate.nights for one in open_findings(night) if one.status != "better"]
    for kind, statuses in _KINDS.items():
        lines = [_command(kind, one, called(night)) for night, one in found if one.status in statuses]
        yield from lines if len(lines) <= _MOST else lines[: _MOST - 1]
        if len(lines) > _MOST:
            yield f"::{kind} title=gate::and {len(lines) - _MOST + 1} more, see the table"


def _command(kind: str, one: Finding, night: str) -> str:
    title = _data(f"gate {night}: {one.status}").replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={title}::{_data(line(one))}"


def _data(text: str) -> str:
    """What a command says, in one line whatever it is."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
