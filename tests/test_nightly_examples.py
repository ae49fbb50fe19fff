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


@pytest.mark.parametrize(("ended", "mail"), [(0, ""), (1, "it is worse\n"), (2, "it is worse\n")])
def test_cron_mails_the_end_of_the_log_of_a_night_that_did_not_pass(tmp_path: Path, ended: int, mail: str) -> None:
    script = tmp_path / "docs/nightly/night.sh"
    script.parent.mkdir(parents=True)
    script.write_text(f"#!/bin/sh\necho it is worse >&2\nexit {ended}\n")
    script.chmod(0o755)
    (tmp_path / "quantharness").mkdir()
    line = (EXAMPLES / "crontab").read_text().splitlines()[-1].split(None, 5)[-1]
    command = line.replace(_INSTALLED, f"{tmp_path}/")
    done = subprocess.run(["sh", "-c", command], env={**os.environ, "HOME": str(tmp_path)},
                          text=True, capture_output=True, check=False)
    assert done.stdout + done.stderr == mail
    assert (tmp_path / "quantharness/night.log").read_text() == "it is worse\n"


_STUB = """\
#!/bin/sh
# A harness whose run and publish end as they are told, and whose gate writes its answer unless it has none.
case $3 in
    run) exit "$RUN" ;;
    gate) [ "$GATE" = 70 ] || echo "{}" > "$8"; exit "$GATE" ;;
    publish) exit "$PUBLISH" ;;
esac
"""


@pytest.mark.parametrize("gate", [0, 1, 2, 3, 70])
@pytest.mark.parametrize(("run", "publish"), [(0, 0), (1, 0), (2, 0), (0, 1)])
def test_a_night_passes_only_where_everything_was_done(tmp_path: Path, run: int, publish: int, gate: int) -> None:
    (tmp_path / "results/cpu/references").mkdir(parents=True)
    (tmp_path / "results/cpu/references/first.json").touch()
    python = tmp_path / "python"
    python.write_text(_STUB)
    python.chmod(0o755)
    env = {**os.environ, "STATE": str(tmp_path), "PYTHON": str(python)}
    env |= {"RUN": str(run), "GATE": str(gate), "PUBLISH": str(publish)}
    done = subprocess.run([EXAMPLES / "night.sh"], env=env, text=True, capture_output=True, check=False)
    assert done.returncode == (gate if gate not in (0, 2) or run == publish == 0 else 1), done.stderr


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
