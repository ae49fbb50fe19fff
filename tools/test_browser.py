"""Hold the reports to tests/browser in a real Chromium; where there is none and apt may be used, it is installed first.

    python -m tools.test_browser [PYTEST WORDS]

Nothing may be skipped: what these tests lack is a failure, with the line that says how to get it.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools import chromium

ROOT = Path(__file__).resolve().parents[1]
_APT = ("apt-get", "install", "--yes", "--no-install-recommends", "chromium")


def main(words: Sequence[str]) -> int:
    """pytest's exit code, 1 without a browser."""
    if chromium.find() is None and not _install():
        sys.stderr.write(f"error: no Chromium here: {chromium.HOW}\n")
        return 1
    variables = {**os.environ, "HARNESS_BROWSER": "required"}
    command = [sys.executable, "-m", "pytest", "-rs", "tests/browser", *words]
    return subprocess.run(command, cwd=ROOT, check=False, env=variables).returncode


def _install() -> bool:
    """Whether apt brought one; it is asked as root on Debian and its kin only, and never where $CHROMIUM is set."""
    if "CHROMIUM" in os.environ or os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        return False
    for command in (("apt-get", "update"), _APT):
        if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode != 0:
            return False
    return chromium.find() is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
