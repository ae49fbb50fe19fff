"""The scorer of extraction replies that lm-eval loads from beside the task file."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[2] / "suites" / "tasks" / "pocket" / "json_fields.py"
ANSWER = '{"name": "Besol", "count": 14}'


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    """json_fields.py, loaded by its path as lm-eval does."""
    spec = importlib.util.spec_from_file_location("json_fields", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("reply", "exact", "share"), [
    (ANSWER, 1.0, 1.0),
    (' {"count": 14, "name": "Besol"} ', 1.0, 1.0),
    ('{"name": "Besol", "count": "14"}', 0.0, 0.5),
    ('{"name": "Besol"}', 0.0, 2 / 3),
    ('{"name": "Besol", "count": 14, "city": "X"}', 0.0, 0.8),
    ('{"name": "Besol", "count": 14', 0.0, 0.0),
    ("[1, 2]", 0.0, 0.0),
    ("", 0.0, 0.0),
])
def test_a_reply_is_scored_whole_and_by_field(scorer: ModuleType, reply: str, exact: float, share: float) -> None:
    found = scorer.process_results({"answer": ANSWER}, [reply])
    assert found["exact_match"] == exact
    assert found["field_f1"] == pytest.approx(share)
