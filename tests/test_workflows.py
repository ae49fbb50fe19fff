"""The workflows: valid, careful with what they are given, and their shell steps do what they are for."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness import bundle
from harness.core.record import Completed, Failed
from harness.core.suite import Suite
from harness.store import read, sums
from tests.desk import Desk
from tests.workflow import FOLDER, ROOT, Runner
from tests.workflow import read as workflow

FILES = sorted(path.name for path in FOLDER.glob("*.yml"))


def _steps(name: str) -> Iterator[dict[str, Any]]:
    for job in workflow(name)["jobs"].values():
        yield from job["steps"]


@pytest.mark.parametrize("name", FILES)
def test_a_workflow_is_one_by_githubs_schema(name: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, str(FOLDER / name)], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", FILES)
def test_no_expression_stands_in_a_shell_step(name: str) -> None:
    """What people type reaches the shell as a variable, never as code."""
    assert [step["run"] for step in _steps(name) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("name", FILES)
def test_every_action_is_pinned_by_its_commit_and_says_which_version_that_is(name: str) -> None:
    lines = [line for line in (FOLDER / name).read_text().splitlines() if "uses:" in line]
    assert lines
    pinned = re.compile(r"uses: actions/[a-z/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
    assert [line for line in lines if not pinned.search(line)] == []
    versions = {re.search(r"actions/\S+", line)[0] for line in lines}  # type: ignore[index]
    assert len({version.partition("@")[0] for version in versions}) == len(versions), "one action in two versions"


@pytest.mark.parametrize("name", FILES)
def test_a_workflow_may_read_the_code_and_no_more(name: str) -> None:
    found = workflow(name)
    assert found["permissions"] == {"contents": "read"}
    more = {job: one["permissions"] for job, one in found["jobs"].items() if "permissions" in one}
    assert more == ({"deploy": {"pages": "write", "id-token": "write"}} if name == "nightly.yml" else {})
    checkouts = [step for step in _steps(name) if "checkout" in step.get("uses", "")]
    assert {step["with"]["persist-credentials"] for step in checkouts} == {False}
    assert "secrets" not in (FOLDER / name).read_text()


@pytest.mark.parametrize("name", FILES)
def test_no_job_runs_without_an_end(name: str) -> None:
    assert all("timeout-minutes" in job for job in workflow(name)["jobs"].values())


def test_a_night_is_never_broken_off_by_the_next_one() -> None:
    guards = {name: job["concurrency"] for name, job in workflow("nightly.yml")["jobs"].items()}
    assert guards["measure"] == {"group": "nightly-${{ matrix.box }}", "cancel-in-progress": False}
    assert not any(guard["cancel-in-progress"] for guard in guards.values())


def test_what_was_measured_is_sent_even_when_the_night_failed() -> None:
    steps = workflow("nightly.yml")["jobs"]["measure"]["steps"]
    after = steps[[step.get("name") for step in steps].index("Measure") + 1 :]
    assert all(step["if"].startswith("always()") for step in after)
    assert workflow("nightly.yml")["jobs"]["collect"]["if"] == "always()"


def test_every_box_has_its_entry() -> None:
    boxes = msgspec.json.decode(workflow("nightly.yml")["env"]["HW"], type=dict[str, str])
    assert set(boxes) == {"dgx-spark", "mac-studio", "rtx-4090", "rtx-5090", "gb300", "cpu"}
    assert set(boxes.values()) <= set(bundle.entries("hw"))


def test_ci_runs_what_the_readme_says_and_all_that_a_change_must_pass() -> None:
    runs = {step["run"] for step in _steps("ci.yml") if "run" in step}
    wanted = {line for line in (ROOT / ".ci/run").read_text().splitlines() if line.startswith("make ")}
    told = set(re.findall(r"^    (make (?:demo|test))\b", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert told == {"make demo", "make test"}
    assert wanted | told <= runs


@pytest.fixture
def words(tmp_path: Path, suite: Suite) -> str:
    """What makes a night of the fake runtime out of one of a real model."""
    Desk(tmp_path, suite)
    return (f"--conf {tmp_path / 'conf'} suite={Path(suite.include) / 'tiny.yaml'} runtime=fake quant=[q4_k_m] limit=5 "
            "tasks=[tiny_choice] matrix.speed=false matrix.replicates=0")


def _box(home: Path, artifacts: Path, label: str, words: str) -> Runner:
    night = workflow("nightly.yml")
    hw = msgspec.json.decode(night["env"]["HW"], type=dict[str, str])[label]
    means = {
        "vars.NIGHTLY_STATE": str(home / "state"),
        "inputs.days": "7",
        "inputs.accept": "",
        "inputs.reason": "",
        "inputs.force && '--force' || ''": "",
        "matrix.box": label,
        "vars.NIGHTLY_PYTHON": "python3",
        "vars.NIGHTLY_SETUP": " ",
        "fromJSON(vars.NIGHTLY_HW || env.HW)[matrix.box] || matrix.box": hw,
        "inputs.model || vars.NIGHTLY_MODEL || 'pocket'": "echo",
        "inputs.overrides || fromJSON(vars.NIGHTLY_WORDS || '{}')[matrix.box]": words,
    }
    return Runner(home, artifacts, means)


@pytest.mark.slow
def test_a_night_of_two_boxes_of_which_one_fails(tmp_path: Path, words: str) -> None:
    night, sent = workflow("nightly.yml"), tmp_path / "sent"
    good = _box(tmp_path / "cpu", sent, "cpu", words)
    assert good.run(night, "measure"), good.told
    assert list(good.codes) == ["Folders that outlive the job", "Install", "Measure", "What the last days brought"]
    bad = _box(tmp_path / "4090", sent, "rtx-4090", f"--other-box {words} runtime.options.fail=raise")
    assert not bad.run(night, "measure")
    assert bad.codes["Measure"] == 1
    assert bad.codes["What the last days brought"] == 0, bad.told
    for label, kind in (("cpu", Completed), ("rtx-4090", Failed)):
        attempts = [path.parent for path in (sent / f"night-{label}").glob("results/*/*/*/record.json")]
        assert [type(read.record(folder)) for folder in attempts] == [kind, kind]
        assert [sums.damage(folder) for folder in attempts] == ["", ""]
        assert list((sent / f"night-{label}").glob("reports/*/index.html"))

    collector = _box(tmp_path / "collector", sent, "cpu", "")
    assert collector.run(night, "collect"), collector.told
    merged = tmp_path / "collector/state/collected"
    assert collector.codes["Merge"] == 0, collector.told
    assert {path.parts[-4] for path in merged.glob("results/*/*/*/record.json")} == {"cpu", "rtx_4090"}
    assert len(list(merged.glob("results/*/*/*/record.json"))) == 4
    assert {path.name for path in merged.glob("results/*/plans/*.json")}
    assert len(list(merged.glob("reports/*/index.html"))) == 2
    assert {"Gate", "Site", "Summary", "Verdict"} <= set(collector.codes), "each has its turn whatever the others say"
    assert "no night is accepted yet" in collector.told
    told = [path.read_text() for path in merged.glob("reports/*/summary.md")]
    assert all(one in collector.summary for one in told)
    assert (sent / "github-pages/index.html").is_file()
    before = sorted(merged.rglob("record.json"))
    collector.means |= {"inputs.accept": plan_of(merged, "cpu"), "inputs.reason": "the first night",
                        "inputs.force && '--force' || ''": "--force"}
    collector.run(night, "collect")
    assert sorted(merged.rglob("record.json")) == before
    assert "0 attempts and 0 other files are new" in collector.told
    assert collector.codes["Accept"] == 0, collector.told
    assert [path.parts[-3] for path in (sent / "accepted").glob("*/references/*.json")] == ["cpu"]
    _gated(good, collector, sent)


def plan_of(results: Path, hw: str) -> str:
    """The id of the box's newest plan."""
    return max(results.glob(f"results/{hw}/plans/*.json")).stem.split("-", 1)[1]


def _gated(box: Runner, collector: Runner, sent: Path) -> None:
    """One more night of the box that works is held against its first one."""
    night, key = workflow("nightly.yml"), "inputs.overrides || fromJSON(vars.NIGHTLY_WORDS || '{}')[matrix.box]"
    box.means |= {key: f"{box.means[key]} matrix.night=n2"}
    assert box.run(night, "measure"), box.told
    collector.means |= {"inputs.accept": ""}
    collector.run(night, "collect")
    found = msgspec.json.decode((sent / "gate/gate.json").read_bytes())
    assert [one["night"] for one in found["nights"]] == ["n2"]
    assert collector.codes["Verdict"] == {0: 0, 1: 1, 2: 0, 3: 3}[found["exit_code"]], collector.told
    assert (sent / "gate/gate.xml").is_file()
