"""The transformers runtime on tiny random checkpoints of several kinds, against one plain forward pass per token."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

import msgspec
import torch
import transformers

from harness.core.errors import ConfigError, NotFound, UserError
from harness.core.runtime import GenerateRequest, ScoreRequest, StreamRequest
from runners.hf_tokens import HfTokens
from runners.pairs import encode_pair
from runners.runtimes.transformers import open_session
from runners.runtimes.transformers.loading import device_for
from runners.runtimes.transformers.settings import parse_settings
from tests.llama_jobs import llama_job

POCKET = Path(__file__).parents[2] / "assets" / "pocket"
SMALL = {"vocab_size": 2048, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 128, "max_position_embeddings": 256,
         "eos_token_id": 2, "bos_token_id": 0, "pad_token_id": 0}
# Plain attention; windows shorter than the prompts; recurrent states, which cannot be padded.
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("LlamaConfig", {}),
    "gemma3": ("Gemma3TextConfig", {"sliding_window": 16, "layer_types": ["sliding_attention", "full_attention"]}),
    "qwen3_next": ("Qwen3NextConfig", {
        "layer_types": ["linear_attention", "full_attention"], "linear_num_value_heads": 4, "linear_num_key_heads": 2,
        "linear_key_head_dim": 16, "linear_value_head_dim": 16, "num_experts": 2, "num_experts_per_tok": 1,
        "moe_intermediate_size": 32, "shared_expert_intermediate_size": 32}),
}
PROMPTS = [GenerateRequest("the " * (3 + 7 * (n % 4)) + f"answer {n}", 6 + n % 3) for n in range(6)]
SHOTS = "the question and the answer of the table is the bridge " * 8
ASKED = [ScoreRequest(SHOTS + f"item {n}", choice) for n in range(12) for choice in (" yes", " no and yes", "x")]
ASKED += [ScoreRequest("the " * n, "a table of it") for n in (1, 9)]


def session(folder: Path, **options: Any) -> Any:
    """A session over a checkpoint that lies ready."""
    job = llama_job(folder)
    cell = msgspec.structs.replace(job.cell, options={"threads": 1, "device": "cpu", **options})
    return open_session(msgspec.structs.replace(job, cell=cell))


def tokenized(folder: Path) -> Path:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(POCKET / name, folder)
    return folder


@pytest.fixture(scope="module", params=KINDS)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights, far enough from zero that every token counts."""
    name, more = KINDS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    network = transformers.AutoModelForCausalLM.from_config(getattr(transformers, name)(**{**SMALL, **more}))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in network.parameters():
            weights.copy_(torch.randn(weights.shape, generator=generator) * 0.15)
    network.save_pretrained(folder)
    return tokenized(folder)


@pytest.fixture(scope="module")
def plain(checkpoint: Path) -> Any:
    """The same weights without anything of ours."""
    return transformers.AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def tokens() -> HfTokens:
    """The pocket tokenizer."""
    return HfTokens(transformers.AutoTokenizer.from_pretrained(POCKET), 2048, 0, [2])


def logits(plain: Any, ids: list[int]) -> Any:
    with torch.inference_mode():
        return plain(torch.tensor([ids]), use_cache=False).logits[0]


def test_padding_windows_and_states_change_no_score(checkpoint: Path, plain: Any, tokens: HfTokens) -> None:
    with session(checkpoint, batch_tokens=400) as opened:
        found = dict(opened.score(ASKED))
    assert sorted(found) == list(range(len(ASKED)))
    for at, one in enumerate(ASKED):
        head, tail = encode_pair(tokens.encode, one.context, one.continuation)
        head = head or [0]
        table = logits(plain, (head + tail)[:-1])[len(head) - 1:].log_softmax(-1)
        assert found[at].logprob == pytest.approx(float(table[range(len(tail)), tail].sum()), abs=1e-4)
        assert found[at].is_greedy == (table.argmax(-1).tolist() == tail)


def test_requests_that_join_and_leave_a_batch_get_their_own_tokens(
        checkpoint: Path, plain: Any, tokens: HfTokens) -> None:
    with session(checkpoint, sequences=2) as opened:
        found = dict(opened.generate(PROMPTS))
    for at, one in enumerate(PROMPTS):
        ids = tokens.encode(one.prompt)
        written: list[int] = []
        while len(written) < one.max_tokens:
            token = int(logits(plain, ids + written)[-1].argmax())
            if tokens.is_end(token):
                break
            written.append(token)
        assert found[at].text == b"".join(map(tokens.piece, written)).decode(errors="replace")
        assert found[at].tokens == len(written)


def test_a_load_is_refused_where_it_does_not_fit_the_window(checkpoint: Path) -> None:
    with session(checkpoint) as opened, opened.stream(1) as stream, pytest.raises(UserError, match="options.context"):
        stream.submit(StreamRequest(0, (40,) * 250, 10))


def test_facts_say_what_was_loaded_and_how() -> None:
    with session(POCKET) as opened:
        facts = opened.facts()
    details = {one.name: one.value for one in facts.details}
    assert facts.weights_bytes == (POCKET / "model.safetensors").stat().st_size
    assert facts.kv_bytes_per_token == 2 * 4 * 2 * 64 * 4
    assert (facts.context, facts.vocabulary) == (2048, 2048)
    assert (details["dtype"], details["quantization"], details["attention"]) == ("float32", "none", "sdpa")
    assert details["shared_prefixes"] == details["merged_batches"] == "True"


def test_what_is_computed_in_is_an_option() -> None:
    with session(POCKET, dtype="bfloat16") as opened:
        assert {one.name: one.value for one in opened.facts().details}["dtype"] == "bfloat16"
        assert opened.facts().kv_bytes_per_token == 2048


def copy(folder: Path, **changes: object) -> Path:
    """The pocket checkpoint with another configuration."""
    shutil.copytree(POCKET, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
    return folder


@pytest.mark.parametrize(("changes", "reason"), [
    ({"quantization_config": {"quant_method": "modelopt"}}, "no quantization method 'modelopt'"),
    pytest.param({"quantization_config": {"quant_method": "awq", "bits": 4}}, "pip install", marks=pytest.mark.skipif(
        find_spec("gptqmodel") is not None, reason="what reads AWQ is installed")),
    ({"num_hidden_layers": 5}, "tensors are missing"),
    ({"model_type": "nobody_knows"}, "nobody_knows"),
])
def test_a_checkpoint_that_cannot_be_read_says_why_in_one_line(
        tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    with pytest.raises(UserError, match=reason) as caught, session(copy(tmp_path / "model", **changes)):
        pass
    assert "\n" not in str(caught.value)


def test_an_empty_folder_holds_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no checkpoint"), session(tmp_path):
        pass


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused_not_replaced() -> None:
    with pytest.raises(UserError, match=r"no cuda device.*device=auto"):
        device_for("cuda:1")


def test_the_options_are_checked() -> None:
    with pytest.raises(ConfigError, match=r"dtypes.*the options are dtype"):
        parse_settings({"dtypes": "x"})
    with pytest.raises(ConfigError, match="device"):
        parse_settings({"device": "tpu"})
