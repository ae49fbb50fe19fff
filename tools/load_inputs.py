"""How the inputs of loads in assets/ were made: the corpus and the example trace.

    python -m tools.load_inputs

The corpus is the project's own text (the prose of the pocket suite, then the documentation as it stood) and is frozen:
prompts must stay the same from release to release, so it is made again on purpose only. The trace is drawn from a seed:
calm and busy spells of 10 s on average, Poisson arrivals within each, log-normal lengths.
"""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from harness.core.trace import Arrival

ROOT = Path(__file__).parent.parent
CORPUS, TRACE = ROOT / "assets" / "corpus.txt", ROOT / "assets" / "traces" / "bursts.jsonl"
_DOCUMENTS = ("docs/statistics.md", "README.md", "ARCHITECTURE.md", "docs/endpoints.md", "assets/pocket/README.md")
_CALM, _BUSY, _SPELL_SECONDS, _REQUESTS = 1.0, 5.0, 10.0, 60


def trace(seed: int = 1) -> Iterator[Arrival]:
    """Requests over about half a minute; lengths of at most 1,024 and 256 tokens."""
    rng = random.Random(seed)
    now, rate = 0.0, _CALM
    spell = rng.expovariate(1 / _SPELL_SECONDS)
    for _ in range(_REQUESTS):
        lengths = round(rng.lognormvariate(4.8, 0.9)), round(rng.lognormvariate(3.9, 0.7))
        yield Arrival(round(now, 3), min(max(lengths[0], 8), 1024), min(max(lengths[1], 4), 256))
        now += rng.expovariate(rate)
        while now > spell:
            rate = _BUSY if rate == _CALM else _CALM
            spell += rng.expovariate(1 / _SPELL_SECONDS)


def corpus() -> str:
    """The project's own text."""
    lines = (ROOT / "suites" / "data" / "pocket" / "prose.jsonl").read_bytes().splitlines()
    prose = [str(msgspec.json.decode(line)["text"]) for line in lines]
    return "\n\n".join([*prose, *((ROOT / name).read_text(encoding="utf-8") for name in _DOCUMENTS)])


def main() -> int:
    """Write both files."""
    TRACE.parent.mkdir(exist_ok=True)
    TRACE.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in trace()))
    CORPUS.write_text(corpus(), encoding="utf-8")
    sys.stdout.write(f"{TRACE}\n{CORPUS}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
