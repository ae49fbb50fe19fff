"""The table of docs/runtimes.md: what each runtime keeps of tests/contract, and with which figures.

    CONTRACT_FIGURES=figures.json make test-runtimes
    python -m tools.contract_table figures.json
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.contract.conftest import BROKEN, KEPT

PAGE = Path(__file__).resolve().parents[1] / "docs" / "runtimes.md"
BEGIN, END = "<!-- contract: begin -->", "<!-- contract: end -->"
_COLUMNS = ("transformers", "llama_cpp", "llama_cpp_f16", "mlx", "vllm", "openai")
Figures = Mapping[str, Mapping[str, str]]


def table(figures: Figures) -> str:
    """Markdown: figures first, then one row per property; "-" where a runtime is not asked.

    Raises KeyError where a runtime is missing: a table of a part would look like the whole.
    """
    columns = [figures[name] for name in _COLUMNS]
    rows = list(dict.fromkeys(name for told in columns for name in told))
    judged = [row for row in rows if any(told.get(row) in (KEPT, BROKEN) for told in columns)]
    measured = [row for row in rows if row not in judged]
    head = _line(["", *(f"`{name}`" for name in _COLUMNS)]) + _line(["---"] * (len(_COLUMNS) + 1))
    return head + "".join(_line([row, *(told.get(row, "-") for told in columns)]) for row in [*measured, *judged])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def main(file: Path) -> None:
    """Put the table between the page's marks."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table(json.loads(file.read_text()))}{END}{after}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
