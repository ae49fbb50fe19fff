"""How long a site of 1,000 runs takes: from nothing, with nothing new, and after one more run.

    python -m benchmarks.publish [--quick]

The runs are simulated nights of three boxes and four models (tools.simulated_nights): three quantizations, three tasks
of 200 items, three rounds of a load at two concurrencies, so twelve records each. Writing them takes longer than the
site, and is not counted. `--quick`: 60 runs.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from harness.history.summaries import summaries
from harness.publish.site import publish
from harness.store.layout import Layout
from tools.simulated_nights import Nights, Planted, write_nights

BOXES, MODELS = ("dgx_spark", "mac_studio", "rtx_4090"), ("gemma3", "llama3", "mistral", "qwen3")
LIMIT_SECONDS = 60.0


def nights(count: int, boxes: Sequence[str] = BOXES, models: Sequence[str] = MODELS) -> Nights:
    """So many nights of these boxes and models, a regression in them."""
    slower = Planted(2 * count // 3, "decode", 0.92, "dgx_spark", "qwen3", "q4_k_m")
    return Nights(count, tuple(boxes), tuple(models), (slower,))


def timed(results: Path, to: Path, note: Callable[[str], None]) -> float:
    """Seconds that publishing takes; `note` gets a line on it."""
    started = time.perf_counter()
    found = summaries(Layout(results))
    read = time.perf_counter() - started
    done = publish(found, results / "no reports", to)
    seconds = time.perf_counter() - started
    note(f"{len(found):,} runs: {seconds:.1f} s, {read:.1f} s of them for summaries; {done.written:,} files written, "
         f"{done.kept:,} as they were")
    return seconds


def main(words: Sequence[str]) -> int:
    """Print the three times; 1 where the first takes more than a minute."""
    count = 5 if "--quick" in words else 84
    console = Console(highlight=False, markup=False)
    with tempfile.TemporaryDirectory(prefix="publish-") as scratch:
        results, site = Path(scratch) / "results", Path(scratch) / "site"
        plans = write_nights(Layout(results), nights(count))
        console.print(f"{len(plans):,} runs of {len(BOXES)} boxes and {len(MODELS)} models are written")
        first = timed(results, site, lambda line: console.print(f"from nothing     {line}"))
        timed(results, site, lambda line: console.print(f"nothing new      {line}"))
        write_nights(Layout(results), nights(count + 1, BOXES[:1], MODELS[:1]), start=count)
        timed(results, site, lambda line: console.print(f"one more run     {line}"))
    return int(first > LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
