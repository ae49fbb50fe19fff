"""The Makefile with a Python that only writes down what it was asked for: what fails is told by the exit code.

`.SHELLFLAGS=-c` makes any make the one that ships with macOS (GNU make 3.81), which knows no shell flags of a Makefile.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_STUB = """\
#!/bin/sh
echo "$@" >> told
case "$*" in *"$FAILS"*) echo "it failed"; exit 1 ;; esac
"""


def _make(folder: Path, target: str, fails: str) -> subprocess.CompletedProcess[str]:
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "tools/llama_cpp_build.cmake"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    python = folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(_STUB)
    python.chmod(0o755)
    return subprocess.run(["make", ".SHELLFLAGS=-c", target], cwd=folder, env={"PATH": "/usr/bin:/bin", "FAILS": fails},
                          text=True, capture_output=True, check=False)


def _told(folder: Path) -> list[str]:
    return (folder / "told").read_text().splitlines()


def test_a_failed_install_ends_make_and_is_tried_again(tmp_path: Path) -> None:
    done = _make(tmp_path, "demo", "pip")
    assert done.returncode != 0
    assert "it failed" in done.stdout
    assert not (tmp_path / ".venv/.ready").exists()
    assert not [line for line in _told(tmp_path) if "harness run" in line]


@pytest.mark.parametrize("fails", ["-m not alone", "-m alone"])
def test_tests_fail_where_either_part_of_them_does(tmp_path: Path, fails: str) -> None:
    assert _make(tmp_path, "test", fails).returncode != 0


def test_tests_are_all_but_those_of_the_browser_each_once(tmp_path: Path) -> None:
    assert _make(tmp_path, "test", "nothing").returncode == 0
    together, alone = [line for line in _told(tmp_path) if "pytest" in line]
    assert "-m not alone" in together
    assert alone.endswith("-m alone")
    assert "--ignore=tests/browser" in together
    assert "--ignore=tests/browser" in alone
