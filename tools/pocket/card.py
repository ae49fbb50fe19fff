"""Write the model card: assets/pocket/README.md from card_template.md, the recipe's figures and the scores.

Run: python -m tools.pocket card --work DIR --assets DIR. It reads DIR/run.json (what the training logged at its end),
DIR/scores.json and the files in assets.
"""

import hashlib
import json
from pathlib import Path
from string import Template
from typing import Any

from tools.pocket.items import GRADES

FILES = ("model.safetensors", "pocket-f16.gguf", "tokenizer.json", "config.json", "generation_config.json",
         "tokenizer_config.json")
TASKS = ("triage", "extract", "passage", "completion", "arithmetic")
Cells = dict[str, Any]


def sha256(path: Path) -> str:
    """The file's digest in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def share(cell: Cells) -> str:
    """A score in percent with its interval."""
    return f"{100 * cell['right'] / cell['count']:.1f} [{100 * cell['low']:.1f}, {100 * cell['high']:.1f}]"


def score_table(scores: dict[str, Cells]) -> str:
    """Quantizations by tasks, in percent with Wilson 95 % intervals, and bits per byte."""
    head = f"| quantization | MB | {' | '.join(TASKS)} | prose, bits/byte |"
    lines = [head, "|---" * (len(TASKS) + 3) + "|"]
    for quant, cells in scores.items():
        columns = [share(cells[task]) for task in TASKS]
        size = f"{cells['bytes'] / 1e6:.2f}"
        lines.append(f"| {quant.upper()} | {size} | {' | '.join(columns)} | {cells['prose']:.4f} |")
    return "\n".join(lines)


def level_table(scores: dict[str, Cells]) -> str:
    """Items and F16 score per level, and the same at the smallest quantization."""
    counts = {module.__name__.rsplit(".", 1)[-1]: levels for module, levels in GRADES}
    shown = [quant for quant in ("f16", "q4_k_m", "q2_k") if quant in scores]
    lines = ["| task | level | items | " + " | ".join(f"{quant.upper()}, %" for quant in shown) + " |"]
    lines.append("|---|---|---" + "|---" * len(shown) + "|")
    for task in TASKS:
        for level, count in counts[task].items():
            cells = [f"{100 * scores[quant][task]['levels'][str(level)]:.1f}" for quant in shown]
            lines.append(f"| {task} | {level} | {count} | {' | '.join(cells)} |")
    return "\n".join(lines)


def file_table(assets: Path) -> str:
    """Each file with its size and digest."""
    lines = ["| file | bytes | sha256 |", "|---|---|---|"]
    lines += [f"| {name} | {(assets / name).stat().st_size} | `{sha256(assets / name)}` |" for name in FILES]
    return "\n".join(lines)


def run(work: Path, assets: Path) -> None:
    """Write the card."""
    template = (Path(__file__).parent / "card_template.md").read_text(encoding="utf-8")
    scores = json.loads((work / "scores.json").read_text(encoding="utf-8"))
    facts = json.loads((work / "run.json").read_text(encoding="utf-8"))
    text = Template(template).substitute(
        scores=score_table(scores), levels=level_table(scores), files=file_table(assets), **facts)
    (assets / "README.md").write_text(text, encoding="utf-8")
