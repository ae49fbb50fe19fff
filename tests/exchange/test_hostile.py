"""Whatever is in a file, importing it ends in a source or in one clear line: never in a traceback."""

import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.core.errors import UserError
from harness.core.record import ItemResult
from harness.exchange.detect import reader_of
from harness.exchange.source import Source, Wanted
from tests.exchange.made import KL, inspect_log, sample, small_folder

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
EXAMPLES = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
ROWS = [sample(number, acc=1.0) for number in range(3)]


def _taken(path: Path) -> Source | None:
    """The source, storable as it is, or None where it was refused in one line that names the file."""
    try:
        source = reader_of(path)(path, Wanted())
    except UserError as error:
        lines = str(error).splitlines()
    else:
        lines = []
    assert len(lines) <= 1
    if lines:
        return None
    for item in source.items:
        assert msgspec.json.decode(msgspec.json.encode(item), type=ItemResult) is not None
    return source


def _places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in _places(one, (*path, key)))]


def _with(value: Any, place: tuple[Any, ...], new: object) -> Any:
    """`value` with `new` at a place."""
    if not place:
        return new
    changed = value.copy()
    changed[place[0]] = _with(value[place[0]], place[1:], new)
    return changed


@EXAMPLES
@given(data=st.data())
def test_any_value_anywhere_in_an_inspect_log(tmp_path: Path, data: st.DataObject) -> None:
    log = inspect_log(["C", "I"])
    place = data.draw(st.sampled_from(_places(log)))
    path = tmp_path / "log.json"
    path.write_text(json.dumps(_with(log, place, data.draw(JSON))))
    _taken(path)


@EXAMPLES
@given(data=st.data())
def test_any_value_anywhere_in_a_samples_file(tmp_path: Path, data: st.DataObject) -> None:
    rows: list[dict[str, Any]] = [dict(row) for row in ROWS]
    place = data.draw(st.sampled_from(_places(rows)[1:]))
    _taken(small_folder(tmp_path / "in", {"sums": _with(rows, place, data.draw(JSON))}))


@EXAMPLES
@given(data=st.data())
def test_any_value_anywhere_in_the_results_file(tmp_path: Path, data: st.DataObject) -> None:
    folder = small_folder(tmp_path / "in", {"sums": ROWS}, group_subtasks={"all": ["sums"]}, higher_is_better={})
    path = next(folder.glob("results_*"))
    results = json.loads(path.read_text())
    path.write_text(json.dumps(_with(results, data.draw(st.sampled_from(_places(results))), data.draw(JSON))))
    _taken(folder)


@EXAMPLES
@given(text=st.text(st.sampled_from(string.printable + "±Δ\x00\ud7ff"), max_size=60), at=st.integers(0, 2000))
@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.txt", "x.json"])
def test_any_text_put_into_any_file(tmp_path: Path, name: str, text: str, at: int) -> None:
    content = {
        "x.csv": "task,item_id,score\nsums,a,1\nsums,b,0\n",
        "x.jsonl": '{"task": "sums", "item_id": "a", "score": 1}\n' * 2,
        "x.txt": KL,
        "x.json": json.dumps(inspect_log(["C"])),
    }[name]
    at %= len(content)
    (tmp_path / name).write_text(content[:at] + text + content[at:], encoding="utf-8")
    _taken(tmp_path / name)


@EXAMPLES
@given(raw=st.binary(max_size=200))
@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.txt", "x.json", "x.eval"])
def test_any_bytes_under_any_name(tmp_path: Path, name: str, raw: bytes) -> None:
    (tmp_path / name).write_bytes(raw)
    _taken(tmp_path / name)


def _cut(text: str, share: float) -> bytes:
    return text.encode()[: int(share * len(text.encode()))]


@EXAMPLES
@given(share=st.floats(0, 0.97))
@pytest.mark.parametrize("make", [lambda: json.dumps(inspect_log(["C", "I"])), lambda: KL])
def test_a_file_cut_short_is_never_taken(tmp_path: Path, make: Callable[[], str], share: float) -> None:
    path = tmp_path / ("x.txt" if make() == KL else "x.json")
    path.write_bytes(_cut(make(), share))
    assert _taken(path) is None
