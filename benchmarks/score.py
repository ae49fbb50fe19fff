"""Scoring 4-choice items: this project, one-by-one `Llama.eval`, and lm-eval over llama_cpp.server, side by side.

    python -m benchmarks.score [MODEL.gguf]

The arms take turns, round by round, on the same items; figures are medians over rounds, ratios are paired by round. The
third arm needs `pip install "llama-cpp-python[server]"` and is left out, and said to be, without it. Its scores differ:
lm-eval's gguf model leaves the last token of what the server echoes out of its sum; only its speed is comparable.
"""

import json
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.arms import Arm, OneByOne, can_serve, packed, served

ROOT = Path(__file__).parents[1]
ROUNDS, ITEMS, CHOICES = 5, 25, 4
TOLERANCE_NATS = 1e-3
WANTED_RATIO = 4.0


def items() -> list[tuple[str, list[str]]]:
    """Tickets of the pocket suite, each with the right team and three others.

    Plain text: lm-eval's gguf model counts characters and fails on special tokens.
    """
    rows = [json.loads(line) for line in (ROOT / "suites/data/pocket/triage.jsonl").read_text().splitlines()]
    teams = sorted({row["answer"] for row in rows})
    found = []
    for row in rows:
        others = [team for team in teams if team != row["answer"]][:CHOICES - 1]
        found.append((f"{row['prompt']}\nTeam:", [f" {team}" for team in (row["answer"], *others)]))
    return found


def main(path: Path) -> int:
    """Print the table; 1 if scores differ or the gain over `Llama.eval` is below what is promised."""
    console, asked = Console(), items()
    with ExitStack() as stack:
        arms: list[Arm] = [stack.enter_context(packed(path)), OneByOne(path)]
        if can_serve():
            arms.append(stack.enter_context(served(path)))
        else:
            console.print('lm-eval over llama_cpp.server: left out, needs pip install "llama-cpp-python[server]"',
                          markup=False)
        speeds, differences = measure(arms, asked)
    table = Table("arm", "items/s, median (lowest - highest)", "ours is faster by", "largest difference, nats",
                  title=f"{path.name}: {ROUNDS} rounds of {ITEMS} items with {CHOICES} continuations")
    ratios = [statistics.median(a / b for a, b in zip(speeds[0], speed, strict=True)) for speed in speeds]
    for arm, speed, ratio, difference in zip(arms, speeds, ratios, differences, strict=True):
        spread = f"{statistics.median(speed):.1f} ({min(speed):.1f} - {max(speed):.1f})"
        table.add_row(arm.name, spread, f"{ratio:.1f}", f"{difference:.1e}")
    console.print(table)
    return int(ratios[1] < WANTED_RATIO or differences[1] > TOLERANCE_NATS)


def measure(arms: list[Arm], asked: list[tuple[str, list[str]]]) -> tuple[list[list[float]], list[float]]:
    """Items/s of every arm and round, after one round of warm-up, and the largest difference to the first arm."""
    speeds: list[list[float]] = [[] for _ in arms]
    differences = [0.0] * len(arms)
    for number in range(ROUNDS + 1):
        chosen = asked[number * ITEMS:(number + 1) * ITEMS]
        pairs = [(context, choice) for context, choices in chosen for choice in choices]
        answers = []
        for arm, speed in zip(arms, speeds, strict=True):
            started = time.perf_counter()
            answers.append(arm.score(pairs))
            if number:
                speed.append(ITEMS / (time.perf_counter() - started))
        for at, answer in enumerate(answers):
            differences[at] = max(differences[at], *(abs(a - b) for a, b in zip(answers[0], answer, strict=True)))
    return speeds, differences


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "assets/pocket/pocket-f16.gguf"))
