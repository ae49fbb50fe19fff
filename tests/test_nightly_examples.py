"""The examples of docs/nightly for those without GitHub: they parse, and the script does a whole night."""

import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core.record import Completed
from harness.core.suite import Suite
from harness.store import read
from tests.desk import ROOT, Desk

EXAMPLES = ROOT / "docs/nightly"
_INSTALLED = "/opt/quantharness/"


def test_every_path_of_the_examples_is_a_file_of_the_project() -> None:
    for example in EXAMPLES.iterdir():
        for word in example.read_text().replace("<", " ").split():
            _, found, path = word.partition(_INSTALLED)
            assert not found or (ROOT / path).is_file(), f"{example.name} names {word}"
    assert os.access(EXAMPLES / "night.sh", os.X_OK)


def test_the_agent_for_macos_is_a_property_list_that_starts_the_script_once_a_day() -> None:
    found = plistlib.loads((EXAMPLES / "quantharness.plist").read_bytes())
    assert found["ProgramArguments"][-1].endswith("/docs/nightly/night.sh")
    assert set(found["StartCalendarInterval"]) == {"Hour", "Minute"}
    assert set(found["EnvironmentVariables"]) == {"STATE", "WORDS"}
    assert "KeepAlive" not in found


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_the_units_are_those_that_systemd_understands(tmp_path: Path) -> None:
    units = []
    for name in ("quantharness.service", "quantharness.timer"):
        text = (EXAMPLES / name).read_text().replace(_INSTALLED, f"{ROOT}/")
        units.append(tmp_path / name)
        units[-1].write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", *units], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_line_for_cron_has_five_fields_and_a_command() -> None:
    lines = [line for line in (EXAMPLES / "crontab").read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == 1
    minute, hour, *rest, command = lines[0].split(None, 5)
    assert (int(minute), int(hour), rest) == (17, 1, ["*"] * 3)
    assert "%" not in command, "cron takes it for a new line"


def test_the_script_is_read_by_a_plain_shell() -> None:
    done = subprocess.run(["sh", "-n", EXAMPLES / "night.sh"], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_the_script_does_a_night_and_takes_in_what_other_boxes_brought(tmp_path: Path, suite: Suite) -> None:
    desk = Desk(tmp_path, suite)
    done = desk.run("matrix.quality=false", "matrix.rounds=1", "quant=[f16]", "baseline=none", results="stick")
    assert done.returncode == 0, done.stdout + done.stderr
    words = [f"suite={desk.suite}", "model=echo runtime=fake quant=[f16] baseline=none matrix.quality=false",
             "matrix.rounds=1 load.requests=4 metering.period_seconds=0 metering.cold_load=false"]
    state = tmp_path / "state"
    env = {"STATE": str(state), "PYTHON": sys.executable, "PYTHONPATH": str(ROOT), "HW": "cpu",
           "WORDS": " ".join([*words, f"--conf {tmp_path / 'conf'}"]), "INBOX": str(tmp_path / "stick")}
    env = {**os.environ, **env}
    night = subprocess.run([EXAMPLES / "night.sh"], env=env, text=True, capture_output=True, check=False)
    assert night.returncode == 0, night.stdout + night.stderr
    records = [read.record(path.parent) for path in state.glob("results/cpu/*/*/record.json")]
    assert all(isinstance(record, Completed) for record in records)
    assert sorted(bool(record.run.night) for record in records) == [False, True]
    assert list(state.glob("reports/*/index.html"))
    assert "no night is accepted yet" in night.stdout
    broken = subprocess.run([EXAMPLES / "night.sh"], env=env | {"WORDS": "model=nothing"},
                            text=True, capture_output=True, check=False)
    assert broken.returncode == 1
