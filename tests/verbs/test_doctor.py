"""The checks of `doctor` on machines and folders made for the purpose."""

from pathlib import Path

import pytest
from msgspec import structs

from harness.cli import run
from harness.core.config import Runtime
from harness.core.record import Machine
from harness.environment import register
from harness.verbs import Arguments
from harness.verbs.doctor import box, engine, folders, missing_packages
from tests.foreign import foreign

QUIET = Machine("a cpu", 4, 1 << 33, (), "Linux", "performance", (0.2,), "3.11", "x", "y")


def states(machine: Machine) -> dict[str, str]:
    return {check.what: check.state for check in box(machine, Arguments())}


def test_a_quiet_machine_is_ok() -> None:
    assert set(states(QUIET).values()) == {"ok"}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"load_average": (3.5,)}, "load"),
        ({"governor": "powersave"}, "governor"),
        ({"gpus": ("NVIDIA GeForce RTX 3060, 12288 MiB",)}, "box"),
    ],
)
def test_what_spoils_a_measurement_is_a_warning_with_what_to_do(change: dict[str, object], what: str) -> None:
    checks = {check.what: check for check in box(structs.replace(QUIET, **change), Arguments())}
    assert [name for name, check in checks.items() if check.state != "ok"] == [what]
    assert checks[what].hint


def test_an_engine_is_ready_not_installed_or_broken(tmp_path: Path) -> None:
    def runtime(package: str) -> Runtime:
        return Runtime("x", "X", "runners.runtimes.fake", ("gguf",), package, {}, extra="other")

    assert engine(runtime("msgspec"), tmp_path).state == "ok"
    absent = engine(runtime("no-such-engine"), tmp_path)
    assert (absent.state, absent.found, absent.hint) == ("warn", "not installed", "python -m harness setup other")
    made = foreign(tmp_path / "made")
    register(made, tmp_path)
    assert made.folder in engine(runtime("msgspec"), tmp_path).found
    (tmp_path / "made/bin/python").unlink()
    broken = engine(runtime("msgspec"), tmp_path)
    assert (broken.state, broken.hint) == ("fail", "python -m harness setup other")


def test_all_dependencies_are_here() -> None:
    assert missing_packages() == []


def test_the_content_that_ships_inside_is_found(tmp_path: Path) -> None:
    assert {check.what: check.state for check in folders(tmp_path)}["content"] == "ok"


def test_doctor_ends_with_the_next_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Ready: python -m harness run"
