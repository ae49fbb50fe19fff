"""A workflow of GitHub Actions as far as a test can run it: its shell steps in order, and what it sends.

Expressions are not evaluated: whoever runs a job says what each of them stands for; one that is missing is an error.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".github/workflows"
_EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")
_FILES = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
_PYTHON = """\
#!/bin/sh
# The environment of this test has everything: nothing is installed.
[ "$2" = pip ] && exit 0
exec {python} "$@"
"""


def read(name: str) -> dict[str, Any]:
    """A workflow; "on" is a word of YAML 1.1 for true."""
    found: dict[Any, Any] = yaml.safe_load((FOLDER / name).read_text())
    return {"on" if key is True else key: value for key, value in found.items()}


@dataclass
class Runner:
    """A computer that jobs run on: `home` outlives them, `artifacts` is what they send; `means` explains expressions.

    `codes` has the exit code of each named shell step of the last job, `told` what they wrote, `summary` its summary.
    """

    home: Path
    artifacts: Path
    means: dict[str, str]
    codes: dict[str, int] = field(default_factory=dict)
    told: str = ""
    summary: str = ""

    def run(self, workflow: dict[str, Any], job: str) -> bool:
        """All steps as GitHub would take them; whether none of them failed."""
        temp = self.home / f"temp-{job}"
        shutil.rmtree(temp, ignore_errors=True)
        temp.mkdir(parents=True)
        files = {name: temp / name.lower() for name in _FILES}
        for file in files.values():
            file.touch()
        env = {**os.environ, "HOME": str(self.home), "RUNNER_TEMP": str(temp), "PYTHONPATH": str(ROOT)}
        env |= {name: str(file) for name, file in files.items()} | self._explained(workflow.get("env", {}))
        self.codes, self.told, outputs, good = {}, "", dict[str, str](), True
        for step in workflow["jobs"][job]["steps"]:
            parts = step.get("if", "success()").split(" && ")
            if not (good or "always()" in parts) or not all(self._holds(part, outputs) for part in parts):
                continue
            means = outputs | {"runner.temp": str(temp)}
            if "run" not in step:
                self._send(step, means)
                continue
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=ROOT,
                env=env | self._explained(step.get("env", {}), means),
                text=True,
                capture_output=True,
                check=False,
            )
            self.told += done.stdout + done.stderr
            self.codes[step["name"]] = done.returncode
            good = good and done.returncode == 0
            env |= _pairs(files["GITHUB_ENV"])
            env["PATH"] = os.pathsep.join([*reversed(files["GITHUB_PATH"].read_text().split()), os.environ["PATH"]])
            if "id" in step:
                said = _pairs(files["GITHUB_OUTPUT"])
                outputs |= {f"steps.{step['id']}.outputs.{key}": value for key, value in said.items()}
                outputs[f"steps.{step['id']}.outcome"] = "success" if done.returncode == 0 else "failure"
            files["GITHUB_OUTPUT"].write_text("")
            if "state" in step.get("id", ""):
                _make_python(Path(env["STATE"]))
        self.summary = files["GITHUB_STEP_SUMMARY"].read_text()
        return good

    def _holds(self, condition: str, outputs: Mapping[str, str]) -> bool:
        """Whether one of a step's conditions holds; the computer is one's own."""
        left, _, right = condition.partition(" == ")
        known = {"runner.environment": "self-hosted", **self.means, **outputs}
        if right:
            return known[left] == right.strip("'")
        return condition in ("always()", "success()") or bool(known[condition])

    def _explained(self, env: Mapping[str, object], more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {key: self._explain(str(value), more or {}) for key, value in env.items()}

    def _explain(self, text: str, more: Mapping[str, str]) -> str:
        known = {**self.means, **more}

        def meaning(found: re.Match[str]) -> str:
            """As it is told as a whole, else the first of its alternatives that is not empty."""
            if found[1] in known:
                return known[found[1]]
            return next(filter(None, map(one, found[1].split(" || "))), "")

        def one(word: str) -> str:
            if word.startswith("'"):
                return word.strip("'")
            return known.get(word, "") if word.startswith("steps.") else known[word]

        return _EXPRESSION.sub(meaning, text)

    def _send(self, step: dict[str, Any], means: Mapping[str, str]) -> None:
        """What goes out and what comes in."""
        action = step["uses"].partition("@")[0]
        given = self._explained(step.get("with", {}), means) if "artifact" in action else {}
        if action == "actions/upload-artifact":
            _copy_matching(Path(given["path"]), self.artifacts / given["name"])
        elif action == "actions/download-artifact":
            for path in sorted(self.artifacts.glob(given["pattern"])):
                _copy(path, Path(given["path"]) / path.name)
        elif action == "actions/upload-pages-artifact":
            _copy(Path(given["path"]), self.artifacts / "github-pages")


def _copy_matching(pattern: Path, into: Path) -> None:
    """As the action lays files out: below the folder before the first wildcard."""
    wild = next((at for at, part in enumerate(pattern.parts) if "*" in part), len(pattern.parts))
    root, rest = Path(*pattern.parts[:wild]), pattern.parts[wild:]
    for path in sorted(root.glob("/".join(rest))) if rest else [root] if root.exists() else []:
        _copy(path, into / path.relative_to(root))


def _copy(path: Path, into: Path) -> None:
    """Without hidden files, as the action does."""
    into.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, into, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
    else:
        shutil.copyfile(path, into)


def _pairs(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def _make_python(state: Path) -> None:
    """An environment as the step that installs would find it on its second night."""
    python = state / "venv/bin/python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text(_PYTHON.format(python=sys.executable))
    python.chmod(0o755)
