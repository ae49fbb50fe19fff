"""The texts behind the list: some hundred rows to a file, every text once in it, and no more than people read."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core.record import ItemText
from harness.report.items.changed import Changed
from harness.report.items.shown import cut, excerpt, literal, prompt
from harness.store.items import LoadedRun

SAMPLES = 4
_NAMES_AT_ONCE = 2_000
_DIGITS = re.compile(r"(\d+)")
Key = tuple[str, int]


@dataclass(frozen=True)
class Limits:
    """How much is shown: characters of a text and rows of the list; rows or characters that end a shard; and how many
    characters all shards may have, after which rows come without texts."""

    longest: int = 16_000
    listed: int = 200_000
    rows: int = 200
    characters: int = 400_000
    capacity: int = 400_000_000

    @classmethod
    def of(cls, rows: int) -> "Limits":
        """Those of a list of so many rows: of many, less is shown of each."""
        return cls() if rows <= 10_000 else cls(longest=4_000)


@dataclass(frozen=True)
class Said:
    """One sample's texts as JSON literals, cut to what is shown; `excerpt` as it is."""

    prompt: str
    target: str
    reply: str
    answer: str
    choices: tuple[str, ...]
    logprobs: tuple[float | None, ...]
    excerpt: str

    @classmethod
    def of(cls, text: ItemText, longest: int) -> "Said":
        """Of a prompt the end matters most, of a reply the beginning."""
        return cls(
            prompt=literal(cut(prompt(text.prompt), longest, 0.25)),
            target=literal(cut(text.target, longest, 0.75)),
            reply=literal(cut(text.reply, longest, 0.75)),
            answer=literal(cut(text.answer, longest, 0.75)) if text.answer else "",
            choices=tuple(literal(cut(choice, longest, 0.75)) for choice in text.choices),
            logprobs=tuple(None if value is None else round(value, 3) for value in text.logprobs),
            excerpt=excerpt(text),
        )


@dataclass(frozen=True)
class Row:
    """One changed item of one comparison: the place in `changed` of its comparison, and its place in that."""

    changed: Changed
    place: int

    @property
    def name(self) -> str:
        """The item's id."""
        return str(self.changed.names[self.place])


class Shards:
    """Files of texts in `folder`, row by row; `starts` are the rows at which they begin, `without` counts rows that
    came when the capacity was used up."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder, self.limits = folder, limits
        self.starts: list[int] = []
        self.without = self._rows = self._written = 0
        self._begin()

    def _begin(self) -> None:
        self._texts: dict[str, int] = {}
        self._lines: list[str] = []
        self._size = 0

    def add(self, row: Row, sides: Sequence[dict[Key, Said]]) -> None:
        """The next row, with what was said of its samples in the baseline and in the candidate."""
        if not self._lines:
            self.starts.append(self._rows)
        full = self._written + self._size > self.limits.capacity
        self.without += full
        self._lines.append("0" if full else literal(self._row(row, sides)))
        self._rows += 1
        if len(self._lines) == self.limits.rows or self._size > self.limits.characters:
            self.end()

    def _row(self, row: Row, sides: Sequence[dict[Key, Said]]) -> list[Any]:
        """[prompt, target, choices, baseline's samples, candidate's], texts by their numbers, -1 for none."""
        found = [list(self._samples(row, side, number)) for number, side in enumerate(sides)]
        asked = next((said for said, _ in found[0] + found[1]), None)
        if asked is None:
            return [-1, -1, [], [], []]
        choices = [self._number(one) for one in asked.choices]
        answers = [[sample for _, sample in side] for side in found]
        return [self._number(asked.prompt), self._number(asked.target), choices, *answers]

    def _samples(self, row: Row, said: dict[Key, Said], side: int) -> Iterator[tuple[Said, list[Any]]]:
        """Of each sample [reply, answer, finish reason, log-probabilities of the choices]."""
        for sample in range(SAMPLES):
            one = said.get((row.name, sample))
            if one is not None:
                finish = row.changed.finish[side].get((row.name, sample), "")
                answer = self._number(one.answer) if one.answer else -1
                yield one, [self._number(one.reply), answer, finish, one.logprobs]

    def _number(self, text: str) -> int:
        if text not in self._texts:
            self._texts[text] = len(self._texts)
            self._size += len(text)
        return self._texts[text]

    def end(self) -> None:
        """Write what is left."""
        if not self._lines:
            return
        number = len(self.starts) - 1
        content = f'{{"s":[{",".join(self._texts)}],"r":[{",".join(self._lines)}]}}'
        (self._folder / f"{number:04d}.js").write_text(f"itemsShard({number},{content});\n", encoding="ascii")
        self._written += len(content)
        self._begin()


def rows_of(group: Sequence[Changed]) -> Iterator[list[Row]]:
    """All rows of one task's comparisons, by item, then comparison; some thousand items at a time."""
    by_name: dict[str, list[Row]] = {}
    for one in group:
        for place, name in enumerate(one.names):
            by_name.setdefault(str(name), []).append(Row(one, place))
    names = sorted(by_name, key=_natural)
    for start in range(0, len(names), _NAMES_AT_ONCE):
        yield [row for name in names[start : start + _NAMES_AT_ONCE] for row in by_name[name]]


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts "item 9" before "item 10"; digits may be more than a number can have."""
    return [(len(part.lstrip("0")), part) if part.isdecimal() else (0, part) for part in _DIGITS.split(name)]


def said_of(run: LoadedRun, task: str, names: set[str], longest: int) -> dict[Key, Said]:
    """What a run said on these items; empty where no texts were kept."""
    found = run.texts(task, names) if run.texts else ()
    return {(text.item_id, text.sample): Said.of(text, longest) for text in found if text.sample < SAMPLES}
