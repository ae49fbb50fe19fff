"""A setup that fails changes nothing, and says why."""

from pathlib import Path

import pytest

from harness import bundle, environment
from harness.cli import run
from harness.core.config import Runtime
from harness.core.errors import UserError
from harness.setup.build import Wish, make, pocket
from harness.setup.install import Refused
from harness.setup.recipe import Recipe
from harness.verbs.setup import runtime_for
from tests.foreign import foreign

FAKE = Runtime("fake", "Fake", "runners.runtimes.fake", ("gguf",), "msgspec", {}, extra="other")
# No index and no build tools: whatever is installed, it is refused at once.
OFFLINE = Recipe("CPU", variables={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "UV_OFFLINE": "1"})


def wish(home: Path, said: list[str]) -> Wish:
    return Wish("other", FAKE, OFFLINE, home, False, said.append)


def test_a_failed_setup_leaves_the_old_environment_in_use(tmp_path: Path) -> None:
    old = foreign(tmp_path / "other-20260102T030405")
    environment.register(old, tmp_path)
    (tmp_path / "other-20260101T000000").mkdir()  # left by a setup that was killed
    said: list[str] = []
    with pytest.raises(Refused):
        make(wish(tmp_path, said))
    assert environment.registered("other", tmp_path) == old
    assert environment.interpreter(FAKE, tmp_path).python == old.python
    assert [path.name for path in tmp_path.glob("other-*")] == ["other-20260102T030405"]
    assert "hatchling" in (tmp_path / "other.log").read_text()
    assert any("making" in line for line in said)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="envs=DIR"):
        make(wish(tmp_path / "file", []))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "setup takes one runtime"),
        (["vllm", "to=here"], "setup takes one runtime"),
        (["lama-cpp"], "did you mean llama-cpp"),
        (["fake"], "no environment called 'fake'"),
    ],
)
def test_a_setup_of_nothing_is_one_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["setup", *words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_an_environment_is_checked_with_the_engine_itself_and_not_with_a_server_of_it() -> None:
    runtimes = bundle.catalogue("runtime", Runtime)
    names = {one.extra for one in runtimes.values() if one.extra}
    assert {name: runtime_for(name, runtimes).key for name in names} == {
        "vllm": "vllm", "hf": "transformers", "mlx": "mlx", "llama-cpp": "llama_cpp", "openai": "openai"}
    assert runtime_for("vllm_served", runtimes).key == "vllm_served"


@pytest.mark.parametrize(
    ("key", "location", "file"),
    [("vllm", "pocket", ""), ("llama_cpp", "pocket", "pocket-f16.gguf"), ("openai", "", "")],
)
def test_the_check_loads_the_pocket_model_in_full_precision(key: str, location: str, file: str) -> None:
    artifact, scheme = pocket(bundle.catalogue("runtime", Runtime)[key])
    assert (artifact.location, artifact.file, scheme) == (location, file, "")
