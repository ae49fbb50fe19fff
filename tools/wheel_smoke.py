"""Build the wheel out of the source distribution, install it bare, and plan from a foreign folder, as a user does.

    python tools/wheel_smoke.py
"""

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """0 if the plan of the demo can be made from / with the wheel alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(folder)], ROOT)
        (packed,) = folder.glob("*.tar.gz")
        shutil.unpack_archive(packed, folder)
        source = packed.with_name(packed.name.removesuffix(".tar.gz"))
        _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], source)
        (wheel,) = folder.glob("*.whl")
        venv.create(folder / "bare", with_pip=True)
        python = str(folder / "bare/bin/python")
        _run([python, "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt"), str(wheel)], folder)
        told = _run([python, "-m", "harness", "plan"], Path("/"))
        if "pocket" not in told:
            sys.stderr.write(f"the plan of the wheel does not name the pocket model:\n{told}\n")
            return 1
    sys.stdout.write(f"{wheel.name} plans from / in a bare environment\n")
    return 0


def _run(command: list[str], cwd: Path) -> str:
    """What the command printed; raises CalledProcessError, after showing what it said, if it failed."""
    done = subprocess.run(command, cwd=cwd, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
