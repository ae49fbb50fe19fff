"""Figures of the contract, shown after the tests; written to the file that CONTRACT_FIGURES names, for the table."""

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

_FIGURES: dict[str, dict[str, str]] = defaultdict(dict)


@pytest.fixture(scope="session")
def figures() -> dict[str, dict[str, str]]:
    """Runtime -> property -> what was measured; fill it in."""
    return _FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line per runtime and property."""
    for runtime, measured in sorted(_FIGURES.items()):
        terminalreporter.section(f"contract: {runtime}")
        for name, value in measured.items():
            terminalreporter.write_line(f"{name}: {value}")
    file = os.environ.get("CONTRACT_FIGURES")
    if file and _FIGURES:
        kept = json.loads(Path(file).read_text()) if Path(file).exists() else {}
        Path(file).write_text(json.dumps(kept | _FIGURES, indent=1, sort_keys=True) + "\n")
