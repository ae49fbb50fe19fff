"""A user's folder and command line: runs of the fake runtime as real processes."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pandas as pd

from harness.core.record import Completed, RunRecord
from harness.core.suite import Suite
from harness.store import read

ROOT = Path(__file__).parents[1]


class Desk:
    """A user's folder with a model, a suite and results of its own."""

    def __init__(self, folder: Path, suite: Suite) -> None:
        self.folder = folder
        model = folder / "conf/model"
        model.mkdir(parents=True)
        (folder / "echo.gguf").write_bytes(b"GGUF")
        unknown = "{value: null, tag: memory}"
        facts = "".join(f"{name}: {unknown}\n" for name in ("params", "active_params", "kv_bytes_per_token"))
        weights = f"artifacts:\n  gguf: {{source: path, location: {folder / 'echo.gguf'}}}\n"
        head = "name: Echo\nlicense: CC0-1.0\nnative: f16\nlayers: 1\ncontext: 4096\n"
        (model / "echo.yaml").write_text(head + facts + weights)
        tasks = [
            {"task": t.task, "kind": t.kind, "metric": t.metric, "output": t.output, "chance": t.chance}
            for t in suite.tasks
        ]
        fields = {"name": "tiny", "description": "tiny", "license": "CC0-1.0", "include": ".", "tasks": tasks}
        (Path(suite.include) / "tiny.yaml").write_bytes(msgspec.yaml.encode(fields))
        self.suite = Path(suite.include) / "tiny.yaml"

    def command(self, *more: str, results: str = "results") -> list[str]:
        """The command line of a run with two arms, f16 and q4_k_m."""
        fixed = [f"suite={self.suite}", f"results={self.folder / results}", f"reports={self.folder / 'reports'}"]
        picks = ["model=echo", "runtime=fake", "quant=[q4_k_m]", "hw=cpu"]
        load = ["load.concurrency=[1,2]", "load.prompt_tokens=4", "load.output_tokens=8", "load.requests=4"]
        # The meters around a load take longer than a load of the fake runtime; they have tests of their own.
        load += ["metering.period_seconds=0", "metering.cold_load=false"]
        flags = ["--conf", str(self.folder / "conf")]
        return [sys.executable, "-m", "harness", "run", *picks, *fixed, *load, *more, *flags]

    def run(self, *more: str, results: str = "results", envs: Path | None = None) -> subprocess.CompletedProcess[str]:
        """The run, waited for; `envs` holds the environments of runtimes, none by default."""
        command = self.command(*more, results=results)
        env = {**os.environ, "HARNESS_ENVS": str(envs or self.folder / "none")}
        return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False, timeout=170, env=env)

    def verb(self, *words: str) -> str:
        """What another verb prints; it must succeed."""
        command = [sys.executable, "-m", "harness", *words]
        return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True, timeout=60).stdout

    def records(self, results: str = "results") -> list[RunRecord]:
        """All records, oldest first."""
        folders = sorted((self.folder / results).glob("cpu/*/2*/record.json"))
        return sorted((read.record(path.parent) for path in folders), key=lambda r: r.run.started)

    def scores(self, results: str = "results") -> pd.DataFrame:
        """Every completed item of every quality cell."""
        files = sorted((self.folder / results).glob("cpu/*/2*/items.parquet"))
        completed = [f for f in files if isinstance(read.record(f.parent), Completed)]
        frames = [read.items(f.parent).assign(cell=f.parents[1].name) for f in completed]  # type: ignore[union-attr]
        keys = ["cell", "task", "item_id", "metric"]
        whole: pd.DataFrame = pd.concat(frames)
        return whole.sort_values(keys)[[*keys, "score", "reply_hash"]].reset_index(drop=True)

    def texts(self, results: str = "results") -> pd.DataFrame:
        """Every kept prompt, target and reply of every completed cell."""
        files = sorted((self.folder / results).glob("cpu/*/2*/texts.parquet"))
        whole: pd.DataFrame = pd.concat([pd.read_parquet(f).assign(cell=f.parents[1].name) for f in files])
        columns = ["cell", "task", "item_id", "sample", "prompt", "target", "reply"]
        return whole[columns].sort_values(columns).reset_index(drop=True)
