"""Small arithmetic, worked out digit by digit from the units up; the last number of the answer is the result.

Levels: 1 two-digit sum; 2 two-digit difference; 3 three-digit sum or difference; 4 two digits times one; 5 two
operations in a row; 6 two with three digits; 7 three with three digits; 8 four with two
digits. Operands are held out by their hash, wordings by theirs.
"""

from tools.pocket.sample import Sample
from tools.pocket.split import Draw, frame_id, is_held_out

STORIES: dict[str, tuple[str, ...]] = {
    "+": ("{n} has {a} {w} and buys {b} more. How many now?", "{n} finds {a} {w}, then {b} more. How many in all?",
          "There are {a} {w} in {n} and {b} come. How many?", "What is {a} + {b}?", "Compute {a} + {b}.",
          "Add {a} and {b}.", "{n} counts {a} {w} and {b} others. What is the sum?"),
    "-": ("{n} has {a} {w} and sells {b}. How many are left?", "{n} had {a} {w} and lost {b}. How many stay?",
          "There are {a} {w} in {n} and {b} go. How many?", "What is {a} - {b}?", "Compute {a} - {b}.",
          "Take {b} from {a}.", "Of {a} {w}, {n} gives away {b}. What is left?"),
    "*": ("{n} has {b} bags of {a} {w}. How many in all?", "{n} buys {b} boxes with {a} {w} each. How many?",
          "In {n} stand {b} rows of {a} {w}. How many?", "What is {a} * {b}?", "Compute {a} * {b}.",
          "Multiply {a} by {b}.", "Each of {b} friends of {n} has {a} {w}. How many in all?"),
}
THEN: dict[str, tuple[str, ...]] = {
    "+": ("Then {c} more come.", "Then add {c}.", "Later {c} are added."),
    "-": ("Then {c} go away.", "Then take away {c}.", "Later {c} are lost."),
}
THINGS = ("pears", "coins", "cards", "eggs", "nails", "shells", "cups", "seeds")
ENDS = ("Work it out.", "Show the steps.", "Step by step.", "Use digits.")


def add_steps(first: int, second: int) -> list[str]:
    """Column addition from the units up, the carry written as a third summand."""
    steps, carry = [], 0
    while first or second:
        left, right = first % 10, second % 10
        total = left + right + carry
        steps.append(f"{left}+{right}{'+1' if carry else ''}={total}")
        carry, first, second = total // 10, first // 10, second // 10
    return steps


def subtract_steps(first: int, second: int) -> list[str]:
    """Column subtraction from the units up; ten is lent in the open and paid back as -1."""
    steps, borrow = [], 0
    while first or second:
        left, right = first % 10, second % 10
        lent = 10 if left - right - borrow < 0 else 0
        steps.append(f"{left + lent}-{right}{'-1' if borrow else ''}={left + lent - right - borrow}")
        borrow, first, second = int(lent > 0), first // 10, second // 10
    return steps


def multiply_steps(first: int, second: int) -> list[str]:
    """A two-digit number times one digit: units, tens, then the carry."""
    units, tens = first % 10 * second, first // 10 * second
    carried = f"{tens}+{units // 10}={tens + units // 10}"
    return [f"{first % 10}*{second}={units}", f"{first // 10}*{second}={tens}", carried]


def work(first: int, sign: str, second: int) -> tuple[list[str], int]:
    """The written steps of one operation and its result."""
    if sign == "+":
        return add_steps(first, second), first + second
    if sign == "-":
        return subtract_steps(first, second), first - second
    return multiply_steps(first, second), first * second


def range_at(level: int) -> tuple[int, int]:
    """Smallest and largest operand of a level."""
    return (100, 999) if level in (3, 6, 7) else (11, 99)


def operands(draw: Draw, level: int) -> tuple[int, str, int]:
    """Two operands and a sign for the level, from this side of the fence."""
    while True:
        sign = {1: "+", 2: "-", 4: "*"}.get(level) or draw.pick("+-")
        low, high = range_at(level)
        first = draw.number(low, high)
        second = draw.number(3, 9) if level == 4 else draw.number(low, high)
        if sign == "-" and first < second:
            first, second = second, first
        if is_held_out(f"{first}{sign}{second}") == draw.held_out:
            return first, sign, second


def make(draw: Draw, level: int) -> Sample:
    """A question of the given level with its worked answer."""
    first, sign, second = operands(draw, level)
    kind = f"arithmetic{level}{sign}"
    shape = draw.frame(kind, len(STORIES[sign]), len(THINGS), len(ENDS), 3)
    name = draw.word().capitalize()
    text = STORIES[sign][shape[0]].format(a=first, b=second, n=name, w=THINGS[shape[1]])
    steps, result = work(first, sign, second)
    answer = f"{', '.join(steps)}: {result}"
    for _ in range({5: 1, 6: 1, 7: 2, 8: 3}.get(level, 0)):
        low, high = range_at(level)
        again = "+" if result <= low else draw.pick("+-")
        third = draw.number(low, high if again == "+" else min(high, result))
        text += " " + THEN[again][shape[3]].format(c=third)
        more, result = work(result, again, third)
        answer += f"; {', '.join(more)}: {result}"
    prompt = f"{text} {ENDS[shape[2]]}"
    return Sample("pocket_arithmetic", level, frame_id(kind, shape), prompt, answer, (),
                  (f"{first}{sign}{second}",))
