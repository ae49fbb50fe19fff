"""Which Python a runtime's cells get, and what is said where there is none."""

import platform
import sys
from pathlib import Path

import pytest

from harness.core.config import Runtime
from harness.core.errors import NotFound, UserError
from harness.environment import Environment, engine, home, interpreter, register, registered
from tests.foreign import foreign


def runtime(package: str, extra: str = "other", *builds: str) -> Runtime:
    return Runtime("x", "X", "runners.runtimes.fake", ("gguf",), package, {}, extra=extra, other_builds=builds)


def test_a_registered_environment_is_used_and_its_packages_are_read_there(tmp_path: Path) -> None:
    made = foreign(tmp_path / "made")
    register(made, tmp_path)
    found = interpreter(runtime("msgspec"), tmp_path)
    assert (found.python, found.environment) == (made.python, "other")
    assert found.version == platform.python_version()
    assert [one.name for one in found.packages][:3] == ["msgspec", "lm-eval", "numpy"]


def test_without_one_the_harness_itself_serves_where_it_has_the_engine(tmp_path: Path) -> None:
    found = interpreter(runtime("msgspec"), tmp_path)
    assert (found.python, found.environment) == (sys.executable, "")
    assert found.packages[0].name == "msgspec"


def test_an_engine_that_is_nowhere_is_told_with_the_command_that_installs_it(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="runtime x is not installed; python -m harness setup other$"):
        interpreter(runtime("no-such-engine"), tmp_path)


def test_another_build_of_the_same_engine_counts() -> None:
    assert [one.name for one in engine(runtime("no-such-engine", "", "msgspec"))] == ["msgspec"]


@pytest.mark.parametrize("harm", ["deleted", "emptied", "note"])
def test_a_broken_environment_is_told_and_never_replaced_by_another_python(tmp_path: Path, harm: str) -> None:
    made = foreign(tmp_path / "made")
    register(made, tmp_path)
    package = "msgspec"
    if harm == "deleted":
        (tmp_path / "made/bin/python").unlink()
    elif harm == "emptied":
        package = "no-such-engine"
    else:
        (tmp_path / "other.json").write_text("{")
    with pytest.raises(UserError, match="setup other") as raised:
        interpreter(runtime(package), tmp_path)
    assert not isinstance(raised.value, NotFound)


def test_registering_replaces_the_note_and_leaves_no_part(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        register(Environment("other", folder, "CPU", "now"), tmp_path)
    assert registered("other", tmp_path) == Environment("other", "two", "CPU", "now")
    assert [path.name for path in tmp_path.iterdir()] == ["other.json"]


def test_the_folder_of_environments_follows_the_users_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.delenv("HARNESS_ENVS", raising=False)
    assert home() == Path("/data/quantharness/envs")
    monkeypatch.setenv("HARNESS_ENVS", "/elsewhere")
    assert home() == Path("/elsewhere")
