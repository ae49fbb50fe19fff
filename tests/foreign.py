"""Another environment with the packages of this one: what `setup` makes, without the installing."""

import shutil
import sys
from pathlib import Path

from harness.environment import Environment


def foreign(folder: Path, name: str = "other") -> Environment:
    """A virtual environment in `folder` whose packages are those of the running one."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    shutil.copyfile(Path(sys.prefix) / "pyvenv.cfg", folder / "pyvenv.cfg")
    (folder / "lib").symlink_to(Path(sys.prefix) / "lib")
    return Environment(name, str(folder), "CPU", "2026-01-02T03:04:05Z")
