"""The same records give the same bytes, whatever the process, its hash seed, locale, time zone or working folder."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = """
import locale, sys
from pathlib import Path
from msgspec.structs import replace
from harness.report.render import write
from tests.report.example import only
from tests.report.loaded import loaded
if sys.argv[2]:
    locale.setlocale(locale.LC_ALL, sys.argv[2])
whole = loaded()
steps = {whole.speed[0].step, whole.speed[-1].step}
kept = tuple(one for one in whole.speed if one.step in steps or one.unit == "B")
print(write(replace(only(whole, ("q2_k",), ("code",)), speed=kept), Path(sys.argv[1])))
"""


def rendered(folder: Path, seed: str, zone: str, language: str = "") -> dict[str, bytes]:
    """Every file of a report made by a fresh process in a folder of its own, with a matplotlibrc that lies there."""
    (folder / "elsewhere").mkdir(parents=True)
    (folder / "elsewhere" / "matplotlibrc").write_text(f"lines.linewidth: {seed}\nsvg.fonttype: path\n")
    env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "TZ": zone}
    command = [sys.executable, "-c", SCRIPT, str(folder / "reports"), language]
    done = subprocess.run(command, cwd=folder / "elsewhere", env=env, capture_output=True, text=True, check=True)
    made = Path(done.stdout.strip())
    assert made.name == "2026-11-22-pocket-cpu"
    return {path.relative_to(made).as_posix(): path.read_bytes() for path in made.rglob("*") if path.is_file()}


def test_two_processes_on_other_sides_of_the_world_write_the_same_bytes(tmp_path: Path) -> None:
    first = rendered(tmp_path / "a", "1", "Pacific/Auckland")
    again = rendered(tmp_path / "b" / "deeper", "77", "America/Los_Angeles", "C.UTF-8")
    assert set(first) >= {"index.html", "report.md", "summary.md", "data.csv", "data.parquet", "plots/pareto.png"}
    assert [name for name in first if first[name] != again.get(name)] == []
    assert set(first) == set(again)
    for name, data in first.items():
        assert str(tmp_path).encode() not in data, name
