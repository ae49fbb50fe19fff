"""Single steps of the nightly workflow, each in the situation that it is there for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflow import ROOT
from tests.workflow import read as workflow

_STUB = """\
#!/bin/sh
# A Python whose version is what $VERSION says; it makes environments that hold itself.
echo "$@" >> "$TOLD"
[ "$1" != -VV ] || echo "Python $VERSION"
[ "$2" != venv ] || { rm -rf "$4"; mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; }
[ "$4" != "$FAILS" ]
"""


def _step(job: str, name: str, **env: str) -> subprocess.CompletedProcess[str]:
    step = next(one for one in workflow("nightly.yml")["jobs"][job]["steps"] if one.get("name") == name)
    return subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], cwd=ROOT,
                          env={**os.environ, **env}, text=True, capture_output=True, check=False)


@pytest.mark.parametrize("job", ["measure", "collect"])
def test_a_cache_is_asked_for_by_the_paths_that_it_is_kept_under(job: str) -> None:
    """They are a part of a cache's version: with others, even with more of them, nothing is ever found."""
    steps = workflow("nightly.yml")["jobs"][job]["steps"]
    (restored,) = [one["with"] for one in steps if one.get("uses", "").startswith("actions/cache/restore@")]
    (kept,) = [one["with"] for one in steps if one.get("uses", "").startswith("actions/cache/save@")]
    assert restored["path"] == kept["path"]
    assert restored["key"] == kept["key"]
    assert kept["key"].startswith(restored["restore-keys"])


def _install(folder: Path, version: str, fails: str = "none") -> list[str]:
    """What the stub was asked for by the step that installs, of which the environment called `fails` cannot be made."""
    for name, text in (("python3", _STUB), ("told", "")):
        (folder / name).write_text(text)
    (folder / "python3").chmod(0o755)
    (folder / "envs").mkdir(exist_ok=True)
    env = {"STATE": folder / "state", "HARNESS_ENVS": folder / "envs", "RUNNER_TEMP": folder, "TOLD": folder / "told",
           "GITHUB_PATH": folder / "path", "PYTHON": folder / "python3", "SETUP": "llama-cpp vllm", "VERSION": version,
           "FAILS": fails}
    done = _step("measure", "Install", **{name: str(value) for name, value in env.items()})
    assert (done.returncode == 0) == (fails == "none"), done.stdout + done.stderr
    return (folder / "told").read_text().splitlines()


def test_environments_are_made_once_and_again_for_another_python(tmp_path: Path) -> None:
    made = ["-m harness setup llama-cpp", "-m harness setup vllm"]
    first = _install(tmp_path, "3.12.1")
    assert first[0] == f"-m venv --clear {tmp_path / 'state/venv'}"
    assert first[-2:] == made
    second = _install(tmp_path, "3.12.1")
    assert not [line for line in second if "venv --clear" in line or "setup" in line]
    assert _install(tmp_path, "3.12.2")[-2:] == made


def test_an_environment_whose_python_is_gone_is_made_again(tmp_path: Path) -> None:
    _install(tmp_path, "3.12.1")
    python = tmp_path / "state/venv/bin/python"
    python.unlink()
    python.symlink_to(tmp_path / "opt/3.12.1/python3")
    assert _install(tmp_path, "3.12.1")[0] == f"-m venv --clear {tmp_path / 'state/venv'}"
    assert not python.is_symlink()


def test_an_environment_that_could_not_be_made_ends_the_step(tmp_path: Path) -> None:
    assert _install(tmp_path, "3.12.1", fails="llama-cpp")[-1] == "-m harness setup llama-cpp"
    assert not list((tmp_path / "envs").iterdir())


@pytest.mark.parametrize(
    ("nights", "code"),
    [((), "none"), (("a",), "none"), (("a", "b"), "none"), (("aa",), "none"), (("a", "ab"), "unaccepted")],
)
def test_that_nothing_is_accepted_is_fine_on_a_first_night_only(
    tmp_path: Path, nights: tuple[str, ...], code: str
) -> None:
    """A plan that was begun twice, which is two files, is one night."""
    for box, begun in enumerate(nights):
        plans = tmp_path / f"state/results/box{box}/plans"
        plans.mkdir(parents=True)
        for start, plan in enumerate(begun):
            (plans / f"2026010{start}T000000Z-{plan}.json").touch()
    done = _step("collect", "Gate", STATE=str(tmp_path / "state"), GITHUB_OUTPUT=str(tmp_path / "output"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "output").read_text() == f"code={code}\n"


def test_a_night_that_nobody_has_looked_at_is_not_accepted() -> None:
    done = _step("collect", "Accept", ACCEPT="last", REASON="looks good")
    assert done.returncode == 1
    assert "give the name" in done.stdout


@pytest.mark.parametrize(("accept", "code", "said"), [
    ("n1", "none", "code=0\n"), ("n1", "1", "code=0\n"), ("n0", "1", ""), ("n0", "3", ""),
    ("n0", "unaccepted", "code=0\n"),
])
def test_what_is_accepted_outweighs_the_gate_only_where_it_is_the_night_that_was_judged(
    tmp_path: Path, accept: str, code: str, said: str
) -> None:
    (tmp_path / "gate.json").write_text('{"nights": [{"night": "n1", "plan": "abc"}]}')
    (tmp_path / "output").touch()
    (tmp_path / "python").write_text(f'#!/bin/sh\n[ "$1" = -m ] || exec {sys.executable} "$@"\n')
    (tmp_path / "python").chmod(0o755)
    done = _step("collect", "Accept", ACCEPT=accept, REASON="", FORCE="", CODE=code, STATE="",
                 RUNNER_TEMP=str(tmp_path), GITHUB_OUTPUT=str(tmp_path / "output"),
                 PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "output").read_text() == said


@pytest.mark.parametrize(
    ("code", "ended"), [("0", 0), ("1", 1), ("2", 0), ("3", 3), ("none", 0), ("unaccepted", 1), ("70", 1)]
)
def test_the_night_fails_where_something_got_worse_and_where_the_gate_itself_did(code: str, ended: int) -> None:
    done = _step("collect", "Verdict", CODE=code)
    assert done.returncode == ended
    assert done.stdout.startswith({"0": "nothing", "2": "::warning", "none": "::warning"}.get(code, "::error"))
    assert code != "3" or "no accepted night" in done.stdout
