"""Installing into an environment, with uv where there is one, else with venv and pip; everything said goes to a log."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import HarnessError

# pip's option -> the variable by which uv is told the same; uv does not read pip's configuration.
_UV_NAMES = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}


class Refused(HarnessError):
    """A step of a setup that failed; the log says why."""


@dataclass(frozen=True)
class Installer:
    """An environment's folder, the log of its making, and the uv that makes it ("" means venv and pip)."""

    folder: Path
    log: Path
    uv: str

    @property
    def python(self) -> str:
        """The environment's interpreter."""
        return str(self.folder / "bin" / "python")

    def create(self) -> None:
        """An empty environment on the Python that runs now."""
        if self.uv:
            self._run([self.uv, "venv", "--python", sys.executable, str(self.folder)])
        else:
            venv.create(self.folder, with_pip=True, symlinks=True)

    def install(self, words: Sequence[str], variables: Mapping[str, str]) -> None:
        """pip install WORDS; raises Refused where it fails."""
        if self.uv:
            told = {**_as_uv(pip_settings()), **variables}
            best = ["--index-strategy", "unsafe-best-match"]  # pip's own: the best version of all indexes
            self._run([self.uv, "pip", "install", "--python", self.python, *best, *words], told)
        else:
            quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
            self._run([self.python, "-m", "pip", "install", *words], {**quiet, **variables})

    def offers(self, requirement: str) -> bool:
        """Whether the configured package indexes have it."""
        try:
            self.install(["--dry-run", "--no-deps", requirement], {})
        except Refused:
            return False
        return True

    def requires(self, name: str) -> list[str]:
        """What an installed distribution asks for, with its markers."""
        code = "import sys; from importlib import metadata; print('\\n'.join(metadata.requires(sys.argv[1]) or ()))"
        words = [self.python, "-I", "-c", code, name]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()

    def _run(self, words: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(words)}\n")
            log.flush()
            env = {**os.environ, **(variables or {})}
            done = subprocess.run(words, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                  env=env, check=False)
        if done.returncode:
            raise Refused(f"{Path(words[0]).name} ended with {done.returncode}")


def installer(folder: Path, log: Path) -> Installer:
    """uv if it is on the PATH, else pip."""
    return Installer(folder, log, shutil.which("uv") or "")


def pip_settings() -> dict[str, str]:
    """pip's effective options (indexes, links, certificate), {} where this Python has no pip."""
    words = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(words, capture_output=True, text=True, check=False).stdout.splitlines()
    pairs = [line.partition("=") for line in listed if "=" in line]
    return {key.rpartition(".")[2]: value.strip("'\"") for key, _, value in pairs}


def _as_uv(settings: Mapping[str, str]) -> dict[str, str]:
    """The same for uv; what the user has told uv itself stands."""
    found = {_UV_NAMES[key]: value for key, value in settings.items() if key in _UV_NAMES}
    if "cert" in settings:
        found["SSL_CERT_FILE"] = settings["cert"]
    return {key: value for key, value in found.items() if key not in os.environ}
