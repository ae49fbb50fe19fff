"""Code completion: a signature and a docstring in plain words; the answer is the one `return` line.

Identifiers are invented words and some parameters are never used, so names must be copied, not guessed. Levels
count the operations: 1 one; 2 two, or a filter; 3 three, or a filter with a change; 4 such inside a total; 5 a choice
between two expressions; 6 a choice of which one is such a total; 7 two such
totals joined; 8 four operations in a row.
"""

import re
from dataclasses import dataclass

from tools.pocket.sample import Sample
from tools.pocket.split import Draw, frame_id

ORDINALS = ("first", "second", "third", "fourth")
TOTALS = {"sum": "sum", "largest": "max", "smallest": "min", "number": "len"}
TESTS = {"above": ">", "below": "<", "at least": ">=", "at most": "<=", "not": "!="}
ASKS = ("Complete the code.", "Write the missing line.", "Finish the function.", "What is the last line?")
STARTS = ("Take {}", "Start with {}", "Begin from {}")
LEADS = ("Return {}.", "Give back {}.", "The result is {}.", "Find {}.")


@dataclass(frozen=True)
class Expression:
    """Words and code for the same value; `weak` when the code needs brackets under * and /."""

    words: str
    code: str
    weak: bool = False

    def tight(self) -> str:
        """The code, in brackets where an operator would tear it apart."""
        return f"({self.code})" if self.weak else self.code


def step(draw: Draw, value: Expression, other: str) -> Expression:
    """One more operation on a running value."""
    kind = draw.number(0, 4)
    if kind == 0:
        return Expression(f"{value.words}, add {other}", f"{value.code} + {other}", True)
    if kind == 1:
        return Expression(f"{value.words}, subtract {other}", f"{value.code} - {other}", True)
    if kind == 2:
        return Expression(f"{value.words}, multiply by {other}", f"{value.tight()} * {other}")
    if kind == 3:
        return Expression(f"{value.words}, divide by {other}", f"{value.tight()} / {other}")
    return Expression(f"{value.words}, subtract it from {other}", f"{other} - {value.tight()}", True)


def chain(draw: Draw, names: list[str], count: int, start: str) -> Expression:
    """`count` operations in a row over different names and small numbers."""
    value = Expression(start.format(names[0]), names[0])
    for other in names[1:count + 1]:
        value = step(draw, value, other if draw.rng.random() < 0.7 else str(draw.number(2, 9)))
    return value


def element(draw: Draw, names: list[str]) -> Expression:
    """An item of a list, or a total over it."""
    place = draw.number(0, 3)
    kind = draw.number(0, 2)
    if kind == 0:
        return Expression(f"the {ORDINALS[place]} item of {names[0]}", f"{names[0]}[{place}]")
    if kind == 1:
        return Expression(f"the {ORDINALS[place]} item of {names[0]} from the end", f"{names[0]}[-{place + 1}]")
    total = draw.pick(tuple(TOTALS))
    return Expression(f"the {total} of {names[0]}", f"{TOTALS[total]}({names[0]})")


def sieve(draw: Draw, names: list[str], change: bool) -> Expression:
    """A list comprehension with a condition, and a change of each item where asked for."""
    items, item, bound, factor = names[:4]
    test = draw.pick(tuple(TESTS))
    words, code = f"each {item} of {items} that is {test} {bound}", item
    if change:
        sign = draw.pick("+-*")
        words += {"+": f", plus {factor}", "-": f", minus {factor}", "*": f", times {factor}"}[sign]
        code = f"{item} {sign} {factor}"
    return Expression(words, f"[{code} for {item} in {items} if {item} {TESTS[test]} {bound}]")


def total_of(draw: Draw, inner: Expression) -> Expression:
    """A total over a list expression."""
    total = draw.pick(tuple(TOTALS))
    return Expression(f"the {total} of {inner.words}", f"{TOTALS[total]}({inner.code})")


def choice(draw: Draw, names: list[str]) -> Expression:
    """One of two expressions, by a comparison."""
    first, second = element(draw, names[:1]), element(draw, names[1:2])
    test = draw.pick(tuple(TESTS))
    words = f"{first.words} if {names[2]} is {test} {names[3]}, else {second.words}"
    return Expression(words, f"{first.code} if {names[2]} {TESTS[test]} {names[3]} else {second.code}")


def big_choice(draw: Draw, names: list[str]) -> Expression:
    """A total over a changed and filtered list, or an element, by a comparison."""
    first, second = total_of(draw, sieve(draw, names, True)), element(draw, names[4:5])
    test = draw.pick(tuple(TESTS))
    words = f"{first.words} if {names[5]} is {test} {names[6]}, else {second.words}"
    return Expression(words, f"{first.code} if {names[5]} {TESTS[test]} {names[6]} else {second.code}")


def joined(draw: Draw, names: list[str]) -> Expression:
    """Two totals over changed and filtered lists, joined by a sign."""
    first = total_of(draw, sieve(draw, names[:4], True))
    second = total_of(draw, sieve(draw, names[4:8], True))
    sign = draw.pick("+-*")
    word = {"+": "plus", "-": "minus", "*": "times"}[sign]
    return Expression(f"{first.words}, {word} {second.words}", f"{first.code} {sign} {second.code}")


def expression(draw: Draw, level: int, names: list[str], start: str, lead: str) -> Expression:
    """What the function returns, at the given level, with its whole docstring."""
    if level == 8:
        value = chain(draw, names, 4, start)
        return Expression(value.words + ".", value.code)
    if level >= 5:
        value = {5: choice, 6: big_choice, 7: joined}[level](draw, names)
    elif level == 4:
        value = total_of(draw, sieve(draw, names, True))
    elif draw.rng.random() < 0.5:
        value = chain(draw, names, level, start)
        return Expression(value.words + ".", value.code)
    else:
        value = element(draw, names) if level == 1 else sieve(draw, names, level == 3)
    return Expression(lead.format(value.words), value.code)


def parameters(code: str) -> set[str]:
    """The names that an expression needs from outside: all but the loop variable."""
    return set(re.findall(r"[a-z]+", code)) - set(re.findall(r"for ([a-z]+) in", code))


def make(draw: Draw, level: int) -> Sample:
    """A function of the given level and its last line."""
    shape = draw.frame(f"completion{level}", len(ASKS), len(STARTS), len(LEADS), 3, 2)
    function, *names = draw.words(10)
    used = names[:8]
    spare = names[8:8 + shape[3] % 2]
    value = expression(draw, level, used, STARTS[shape[1]], LEADS[shape[2]])
    shown = [name for name in used if name in parameters(value.code)] + spare
    draw.rng.shuffle(shown)
    mark = ('"""', '"""') if shape[4] else ("# ", "")
    prompt = f"{ASKS[shape[0]]}\ndef {function}({', '.join(shown)}):\n    {mark[0]}{value.words}{mark[1]}"
    return Sample("pocket_completion", level, frame_id(f"completion{level}", shape), prompt, f"return {value.code}", (),
                  (function, *names))
