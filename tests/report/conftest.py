"""What takes seconds to draw, drawn once for all tests that look at it."""

import pytest

from harness.core.verdict import Analysis
from harness.report.document import Document, compose
from harness.report.view import View
from tests.report.loaded import loaded


@pytest.fixture(scope="session")
def measured() -> Analysis:
    """The example measured under load."""
    return loaded()


@pytest.fixture(scope="session")
def document(measured: Analysis) -> Document:
    """Its report, with every picture."""
    return compose(View(measured))
