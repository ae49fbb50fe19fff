"""What the contract found, shown after the tests: figures, and which property each runtime keeps.

It is also merged into the file that CONTRACT_FIGURES names, from which tools/contract_table.py makes docs/runtimes.md.
"""

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

_FIGURES: dict[str, dict[str, str]] = defaultdict(dict)
KEPT, BROKEN = "kept", "BROKEN"


@pytest.fixture(scope="session")
def figures() -> dict[str, dict[str, str]]:
    """Runtime -> property -> what was measured; fill it in."""
    return _FIGURES


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Every test's name is a property, its parameter the runtime."""
    name, _, runtime = report.nodeid.rpartition("::")[2].partition("[")
    if runtime and report.when == "call" and not report.skipped:
        told = _FIGURES[runtime.partition("]")[0].partition("-")[0]]
        sentence = name.removeprefix("test_").replace("_", " ")
        told[sentence] = KEPT if report.passed and told.get(sentence) != BROKEN else BROKEN


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line per runtime and figure."""
    for runtime, told in sorted(_FIGURES.items()):
        measured = {name: value for name, value in told.items() if value not in (KEPT, BROKEN)}
        if measured:
            terminalreporter.section(f"contract: {runtime}")
        for name, value in measured.items():
            terminalreporter.write_line(f"{name}: {value}")
    file = os.environ.get("CONTRACT_FIGURES")
    if file and _FIGURES:
        kept = json.loads(Path(file).read_text()) if Path(file).exists() else {}
        Path(file).write_text(json.dumps(kept | _FIGURES, indent=1) + "\n")
