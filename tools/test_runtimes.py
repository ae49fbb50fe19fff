"""Set up each runtime's environment and hold the runtime to tests/contract in it, by its own interpreter.

    python tools/test_runtimes.py [--none-skipped] [NAME ...]

An environment that is there is used as it is. One that cannot be made on this box is skipped, and the end of its log
told; with --none-skipped that is a failure. Where an environment brings a server of its own, that is driven too, by the
harness's own interpreter.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness import bundle, environment, machine
from harness.core.config import Runtime
from harness.core.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
_SERVERS = {"mlx": "MLX_PYTHON", "vllm": "VLLM_PYTHON"}  # by these the tests find the server's interpreter
# What the engines' own code is warned of; of ours every warning is still an error.
_THEIRS = ("DeprecationWarning", "FutureWarning", "PendingDeprecationWarning", "ResourceWarning")


def main(words: Sequence[str]) -> int:
    """0 if every runtime that could be installed keeps the contract."""
    names = [word for word in words if not word.startswith("-")]
    runtimes: dict[str, list[Runtime]] = {}
    for one in bundle.catalogue("runtime", Runtime).values():
        if one.extra:
            runtimes.setdefault(one.extra, []).append(one)
    results = {name: _hold(name, runtimes[name]) for name in names or runtimes}
    for name, result in results.items():
        sys.stdout.write(f"{name}: {result}\n")
    wrong = {"failed", "SKIPPED"} if "--none-skipped" in words else {"failed"}
    return 1 if wrong & {result.split(":")[0] for result in results.values()} else 0


def _hold(name: str, runtimes: Sequence[Runtime]) -> str:
    """ "kept", "failed", or "SKIPPED: why"; `runtimes` are those that run in environment `name`."""
    sys.stdout.write(f"== {name}\n")
    sys.stdout.flush()
    if why := _missing(name):
        return f"SKIPPED: {why}"
    made = environment.registered(name, environment.home())
    if made is None:
        return "SKIPPED: setup made no environment"
    warn = [word for kind in _THEIRS for word in ("-W", f"default::{kind}")]
    only = ["-k", " or ".join(f"[{one.key}" for one in runtimes)]
    kept = _pytest(made.python, ["tests/contract", *only, *warn])
    if variable := _SERVERS.get(name):
        kept = _pytest(sys.executable, ["tests/runners/openai/test_real_servers.py", "-k", variable.lower()],
                       {variable: made.python}) and kept
    return "kept" if kept else "failed"


def _pytest(python: str, words: Sequence[str], variables: Mapping[str, str] | None = None) -> bool:
    done = subprocess.run([python, "-m", "pytest", "-rs", *words], cwd=ROOT, check=False,
                          env={**os.environ, **(variables or {})})
    return done.returncode == 0


def _missing(name: str) -> str:
    """Why there is no environment with the engine and pytest in it, "" if there is, or now is, one."""
    made = environment.registered(name, environment.home())
    if made and machine.packages(["pytest"], environment.ask(made)[1]):
        return ""
    words = [sys.executable, "-m", "harness", "setup", name, "dev=true"]
    done = subprocess.run(words, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    sys.stdout.write(done.stdout)
    return "" if done.returncode == 0 else done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        sys.exit(f"error: {error}")
