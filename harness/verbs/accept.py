"""`accept [PLAN|NIGHT|last] --reason "..."`: from now on this night is what nights are held against.

    python -m harness accept last --reason "first night of the new box"
    python -m harness accept 2026-11-22 --reason "driver 580 costs 4 % of decode, and stays" --tag driver-580

Without a name the newest night, on all boxes that have it. What is accepted is kept below results/, one file each, and
never changed. Who accepts is not recorded.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import Console

from harness.core.errors import ConfigError, UserError
from harness.core.reference import Accepted
from harness.core.verdict import Verdict
from harness.gate import choose
from harness.gate.night import Night, crashed
from harness.gate.rules import GATED
from harness.gate.words import plain
from harness.store import references
from harness.verbs import Arguments, Flag
from harness.verbs.nights import in_one, opened

FLAGS = (
    Flag("reason", "why, in a sentence; it is kept", "TEXT"),
    Flag("tag", "a name to gate against", "NAME"),
    Flag("force", "although cells failed, comparisons are broken or figures are flagged"),
)


def main(args: Arguments) -> int:
    """0; raises UserError for a night that is not whole, NotFound for one that is not there."""
    word, found = opened(args)
    reason, tag = plain(args.flags.get("reason", "")), args.flags.get("tag", "")
    if not reason:
        raise ConfigError("accept needs a reason", '--reason "what changed, and why that is fine"')
    if tag and (tag == choose.LAST_ACCEPTED or tag != plain(tag)):
        raise ConfigError(f"{tag!r} cannot be a tag", "choose another word")
    nights = {one.plan: one for one in choose.nights(word, found.known)}
    faults = {name: tuple(wrong(found.night(name))) for name in nights}
    for name, said in faults.items():
        if said and "force" not in args.flags:
            raise UserError(f"plan {name} on {nights[name].hw} is no good reference: {in_one(said)}",
                            "measure it again, or add --force")
    when = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    console = Console(highlight=False)
    for one in nights.values():
        made = Accepted(one.plan, one.night, one.hw, one.fingerprint, one.started, when, reason, tag, faults[one.plan])
        references.write(found.layout, made)
        told = f"accepted night {one.night} of {one.hw} ({one.started[:10]}): {reason}"
        console.print(told, markup=False, soft_wrap=True)
    console.print("next: python -m harness gate --against last-accepted, after another night")
    return 0


def wrong(night: Night) -> Iterator[str]:
    """Why a night should not be a reference."""
    yield from (f"{one.arm} {one.name}: {plain(one.reason)}" for one in crashed(night))
    for arm in night.summary.arms:
        broken = [verdict.task for verdict in arm.verdicts if verdict.verdict is Verdict.BROKEN]
        if broken:
            yield f"{arm.arm} is broken on {in_one(broken)}"
        flagged = sorted({f"{one.validity} {one.name}" for one in arm.metrics
                          if one.name in GATED and one.validity != "valid"})
        if flagged:  # nothing is held against such a figure
            yield f"{arm.arm} has {in_one(flagged)}"
