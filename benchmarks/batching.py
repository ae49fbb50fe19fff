"""How often a greedy reply depends on what it is batched with: the same prompts one at a time and 32 at a time.

    python -m benchmarks.batching [MODEL.gguf]

Quantizations are made in a temporary folder. On a CPU the answer should be never (see runners/runtimes/llama_cpp).
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.arms import job
from harness.core.runtime import GenerateRequest, Generation
from runners.runtimes.llama_cpp import open_session
from runners.runtimes.llama_cpp.quantize import quantize

ROOT = Path(__file__).parents[1]
PROMPTS, TOKENS, BATCHES = 200, 32, (1, 32)
SCHEMES = ("", "Q8_0", "Q4_K_M")


def prompts() -> list[GenerateRequest]:
    """Chats of the pocket suite's generating tasks, in equal parts."""
    tasks = ("arithmetic", "completion", "extract", "passage")
    lines = [(ROOT / f"suites/data/pocket/{task}.jsonl").read_text().splitlines()[:PROMPTS // len(tasks)]
             for task in tasks]
    texts = [json.loads(line)["prompt"] for some in lines for line in some]
    return [GenerateRequest(f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n", TOKENS) for text in texts]


def replies(path: Path, batch: int) -> tuple[list[Generation], float]:
    """Replies in order, and generated tokens/s."""
    with open_session(job(path, {"n_seq_max": batch})) as session:
        started = time.perf_counter()
        found = dict(session.generate(prompts()))
        seconds = time.perf_counter() - started
    return [found[at] for at in range(len(found))], sum(one.tokens for one in found.values()) / seconds


def main(path: Path) -> int:
    """Print the table; 1 if any reply differed."""
    table = Table("weights", "differing replies", *(f"tok/s at batch {batch}" for batch in BATCHES),
                  title=f"{path.name}: {PROMPTS} greedy replies of up to {TOKENS} tokens")
    differing = 0
    with tempfile.TemporaryDirectory() as folder:
        for scheme in SCHEMES:
            made = Path(folder) / f"{scheme}.gguf" if scheme else path
            if scheme:
                quantize(path, made, scheme)
            alone, together = (replies(made, batch) for batch in BATCHES)
            differs = sum(a != b for a, b in zip(alone[0], together[0], strict=True))
            differing += differs
            table.add_row(scheme or "as it is", f"{differs} of {PROMPTS}", f"{alone[1]:.0f}", f"{together[1]:.0f}")
    Console().print(table)
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "assets/pocket/pocket-f16.gguf"))
