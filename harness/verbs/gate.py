"""`gate [PLAN|NIGHT] --against REF`: is tonight worse than the reference? The answer is the exit code.

    python -m harness gate --against last-accepted
    python -m harness gate 2026-11-22 --against 2026-11-01 --margin 0.01 --junit gate.xml

REF is last-accepted, a tag, a night, a day (the last night on or before it) or a plan's id. Without a name the newest
night is judged, on all boxes that have it. Exit code: 0 nothing is shown to be worse, 1 worse, 2 undecided, 3 broken
(cells that crashed, other prompts, another suite). Errors of the command itself are 2. docs/gate.md tells what is
promised.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from harness.core.errors import ConfigError, HarnessError, NotFound
from harness.core.gate import EXIT_CODES, Gate
from harness.core.reference import Accepted
from harness.gate import choose
from harness.gate.badge import badge
from harness.gate.github import annotations, markdown
from harness.gate.judge import gate, judge, unjudged
from harness.gate.junit import junit
from harness.gate.rules import Rules
from harness.gate.series import past
from harness.gate.table import show
from harness.gate.words import called, plain
from harness.store import references
from harness.verbs import Arguments, Flag
from harness.verbs.nights import Stored, opened, share

FLAGS = (
    Flag("against", "last-accepted, a tag, a night, a day or a plan's id", "REF"),
    Flag("margin", "how many right answers may go: 0.02 = 2 points (else the plan's margin)", "SHARE"),
    Flag("speed-margin", "what a figure may lose unnoticed: 0.03 = 3 %", "SHARE"),
    Flag("allow-undecided", "undecided is no failure: exit code 0 instead of 2"),
    Flag("json", "all findings, as harness.core.gate.Gate", "FILE"),
    Flag("junit", "test cases for a CI server", "FILE"),
    Flag("summary", "Markdown; without it to $GITHUB_STEP_SUMMARY where that is set", "FILE"),
    Flag("badge", "an SVG badge", "FILE"),
    Flag("annotations", "workflow commands for GitHub, on stdout"),
)


def main(args: Arguments) -> int:
    """As the module says; raises HarnessError where nothing could be judged, with an exit code that is not "worse"."""
    try:
        return _main(args)
    except HarnessError as error:
        error.exit_code = EXIT_CODES["undecided"]
        raise


def _main(args: Arguments) -> int:
    word, found = opened(args)
    against = args.flags.get("against", "")
    if not against:
        raise ConfigError("gate needs a reference", "for example --against last-accepted")
    rules = Rules(share(args.flags.get("margin"), "margin"),
                  share(args.flags.get("speed-margin"), "speed-margin") or Rules.speed_margin)
    accepted = references.read(found.layout)
    judged = _judged(word, against, found, accepted, rules, "allow-undecided" in args.flags)
    console = Console(highlight=False)
    show(judged, console)
    for line in _away(word, judged, found, accepted):
        console.print(line, markup=False, soft_wrap=True)
    _write(judged, args.flags)
    if "annotations" in args.flags:
        sys.stdout.writelines(f"{line}\n" for line in annotations(judged))
    return judged.exit_code


def _judged(
    word: str, against: str, found: Stored, accepted: Sequence[Accepted], rules: Rules, allow: bool
) -> Gate:
    """A box without a reference keeps no other one from being judged."""
    nights, problems = [], []
    for summary in choose.nights(word, found.known):
        try:
            others = choose.references(against, summary, found.known, accepted)
        except NotFound as error:
            problems.append(error)
            nights.append(unjudged(summary, str(error)))
            continue
        before = choose.before(summary, others, found.known)
        starts = frozenset(one.plan for one in accepted)
        held = [found.night(one.plan) for one in others]
        nights.append(judge(found.night(summary.plan), held, past(before, starts), rules))
    if len(problems) == len(nights):
        raise problems[0]
    return gate(against, nights, allow)


def _away(word: str, judged: Gate, found: Stored, accepted: Sequence[Accepted]) -> Iterator[str]:
    """A line for each box that has a reference and no such night; of a plan that is named by its id nothing is said."""
    newest = {one.hw: called(one) for one in found.known}
    boxes = {one.hw for one in accepted if one.hw in newest} - {one.hw for one in judged.nights}
    if word in ("", "last", *(one.night for one in judged.nights)):
        yield from (f"{plain(hw)}: no such night; its newest is {newest[hw]}" for hw in sorted(boxes))


def _write(judged: Gate, flags: dict[str, str]) -> None:
    """What was asked for, and the step summary where GitHub wants one; raises HarnessError where it cannot."""
    files: dict[str, Callable[[], bytes]] = {
        "json": lambda: msgspec.json.format(msgspec.json.encode(judged), indent=1) + b"\n",
        "junit": lambda: junit(judged),
        "summary": lambda: markdown(judged).encode(),
        "badge": lambda: badge(judged).encode(),
    }
    for flag, made in files.items():
        if flag in flags:
            _into(Path(flags[flag]), made(), "wb")
    if "summary" not in flags and (step := os.environ.get("GITHUB_STEP_SUMMARY")):
        _into(Path(step), markdown(judged).encode(), "ab")


def _into(path: Path, data: bytes, mode: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode) as stream:
            stream.write(data)
    except OSError as error:
        raise HarnessError(f"cannot write {path}: {error.strerror}", "name another file") from error
