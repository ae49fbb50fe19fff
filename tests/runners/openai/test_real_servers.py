"""Real servers, started by the harness, on the built-in model, against llama.cpp in this process.

Each runs where its interpreter or program is named: LLAMA_CPP_SERVER_PYTHON (llama-cpp-python[server]), LLAMA_SERVER
(the program, see tools/llama_tools.sh), MLX_PYTHON, VLLM_PYTHON. Those not named are skipped with that reason.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("aiohttp", reason="aiohttp is not installed")
pytest.importorskip("llama_cpp", reason="the reference is llama.cpp in process, which is not installed")

from harness import bundle
from harness.core.cell import Job, Prepared
from harness.core.config import Load, Runtime, Scalar
from harness.core.errors import UserError
from harness.core.runtime import GenerateRequest, ScoreRequest, Session
from runners import loads
from runners.runtimes import llama_cpp, openai
from tests.contract.reference import load as load_reference
from tests.llama_jobs import llama_job
from tests.openai_jobs import openai_job

POCKET = Path(__file__).parents[3] / "assets" / "pocket"
GGUF = POCKET / "pocket-f16.gguf"
SHAPE = Load("real", (1, 4), prompt_tokens=24, output_tokens=16, requests=4, warmup_requests=1)
PROMPTS = ["one two three four. one two", "red green blue. red green blue. red", "salt milk rice. salt milk rice. salt"]


@dataclass(frozen=True)
class Real:
    """A server: its runtime's key in conf/, the variable that names its program, what it lacks ("" if it scores)."""

    runtime: str
    variable: str
    weights: Path
    lacks: str
    options: dict[str, Scalar] = field(default_factory=dict)


SERVERS = (
    # Its min_tokens does not work, so the two end tokens are banned. Its echoed logprobs are shifted by a token.
    Real("command", "LLAMA_CPP_SERVER_PYTHON", GGUF, "known-easy items only|nats unlike", {
        "command": "{program} -m llama_cpp.server --model {model} --host {host} --port {port} --n_ctx 1024 "
                   "--logits_all true --interrupt_requests false",
        "extra": '{"logit_bias": {"0": -100, "2": -100}}'}),
    Real("llama_server", "LLAMA_SERVER", GGUF, "it is off", {"concurrency": 4, "context": 512}),
    Real("mlx_served", "MLX_PYTHON", POCKET, "it is off"),
    Real("vllm_served", "VLLM_PYTHON", POCKET, "", {
        "arguments": "--dtype float32 --gpu-memory-utilization 0.3", "concurrency": 4, "context": 512,
        "prefix": "<|endoftext|>"}),
)


def _job(real: Real, folder: Path) -> Job:
    if real.variable not in os.environ:
        pytest.skip(f"{real.variable} does not name a program to serve with")
    options = bundle.catalogue("runtime", Runtime, ())[real.runtime].options
    job = openai_job(folder, {**options, "program": os.environ[real.variable], **real.options}, SHAPE)
    prepared = Prepared(str(real.weights), GGUF.stat().st_size, "", "", "as is")
    return msgspec.structs.replace(job, prepared=prepared)


@pytest.fixture(scope="module", params=SERVERS, ids=lambda real: real.variable.lower())
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Real, Session]]:
    """A server that runs, as a session."""
    job = _job(request.param, tmp_path_factory.mktemp("served"))
    with openai.open_session(job) as session:
        yield request.param, session


@pytest.fixture(scope="module")
def reference() -> Iterator[Session]:
    """llama.cpp in this process."""
    with llama_cpp.open_session(llama_job(GGUF)) as session:
        yield session


def test_greedy_replies_are_those_of_the_engine_in_process(served: tuple[Real, Session], reference: Session) -> None:
    asked = [GenerateRequest(prompt, 8) for prompt in PROMPTS]
    mine, theirs = dict(served[1].generate(asked)), dict(reference.generate(asked))
    for at in range(len(PROMPTS)):
        # mlx_lm.server leaves out the space that a reply begins with.
        assert mine[at].text.strip() == theirs[at].text.strip()
        assert (mine[at].tokens, mine[at].prompt_tokens) == (theirs[at].tokens, theirs[at].prompt_tokens)


def test_scores_are_those_of_float32_or_refused(served: tuple[Real, Session]) -> None:
    wanted = load_reference().scores[:12]
    asked = [*(ScoreRequest(one.context, one.continuation) for one in wanted), ScoreRequest("a", "")]
    if served[0].lacks:
        with pytest.raises(UserError, match=rf"refused: .*({served[0].lacks})"):
            list(served[1].score(asked))
        return
    found = dict(served[1].score(asked))
    for at, one in enumerate(wanted):
        assert found[at].logprob == pytest.approx(one.logprob, abs=1e-3)
        assert (found[at].tokens, found[at].context_tokens) == (one.tokens, one.context_tokens)
        assert found[at].is_greedy == one.is_greedy or one.slack < 2e-3
    assert (found[len(wanted)].logprob, found[len(wanted)].tokens) == (0.0, 0)


def test_a_load_runs_with_exact_lengths(served: tuple[Real, Session], tmp_path: Path) -> None:
    work = openai_job(tmp_path, {}, SHAPE).cell.work
    traces = loads.measure(served[1], work).traces  # type: ignore[arg-type]
    assert {(trace.prompt_tokens, trace.output_tokens) for trace in traces} == {(24, 16)}
    assert {trace.concurrency for trace in traces} == {1, 4}
    counted = {one.name for one in served[1].facts().details if one.name.startswith("loads counted by")}
    assert len(counted) == 1
