"""The llama.cpp runtime on a tiny random model: numbers against the high-level API, and independence of batching."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

from llama_cpp import Llama
from numpy.typing import NDArray

from harness.core.config import Load
from harness.core.errors import ConfigError, NotFound, UserError
from harness.core.runtime import GenerateRequest, Sampling, ScoreRequest, StreamRequest
from runners.pairs import encode_pair
from runners.runtimes.llama_cpp import open_session
from runners.runtimes.llama_cpp.context import open_context
from runners.runtimes.llama_cpp.model import load_model
from runners.runtimes.llama_cpp.session import LlamaSession
from runners.runtimes.llama_cpp.settings import parse_settings
from runners.runtimes.llama_cpp.slots import Slots
from tests.llama_jobs import llama_job

pytestmark = pytest.mark.engine

ITEMS = [ScoreRequest(f"the {'and in ' * (n % 5)}answer {n} is", choice)
         for n in range(12) for choice in (" one", " one more", " four", "x")]
PROMPTS = [GenerateRequest(f"the {'ab' * n}", 16) for n in range(20)]


@pytest.fixture(scope="module")
def reference(tiny_gguf: Path) -> Llama:
    """The high-level API with the same settings."""
    return Llama(str(tiny_gguf), n_ctx=512, n_threads=1, n_threads_batch=1, logits_all=True, type_k=0,
                           type_v=0, verbose=False)


def logprobs(reference: Llama, tokens: list[int]) -> NDArray[np.float64]:
    """Log-probabilities [tokens, vocabulary] after each token."""
    reference.reset()
    reference.eval(tokens)
    rows = reference.scores[:len(tokens)].astype(np.float64)
    table: NDArray[np.float64] = rows - np.logaddexp.reduce(rows, axis=1, keepdims=True)
    return table


def test_packed_scores_equal_one_by_one_evaluation(llama: LlamaSession, reference: Llama) -> None:
    found = dict(llama.score(ITEMS))
    assert sorted(found) == list(range(len(ITEMS)))
    for at, item in enumerate(ITEMS):
        head, tail = encode_pair(lambda text: reference.tokenize(text.encode(), add_bos=False, special=True),
                                 item.context, item.continuation)
        table = logprobs(reference, head + tail)[len(head) - 1:-1]
        assert found[at].logprob == pytest.approx(table[np.arange(len(tail)), tail].sum(), abs=1e-3)
        assert found[at].is_greedy == (table.argmax(axis=1).tolist() == tail)
        assert (found[at].tokens, found[at].context_tokens) == (len(tail), len(head))
        assert found[at].first_tokens == tuple((head + tail)[:-1][:8])


def test_a_score_is_the_same_to_the_last_bit_whatever_it_is_packed_with(llama: LlamaSession) -> None:
    together = dict(llama.score(ITEMS))
    alone = [next(llama.score([item]))[1] for item in ITEMS]
    backwards = dict(llama.score(ITEMS[::-1]))
    assert [together[at] for at in range(len(ITEMS))] == alone
    assert [backwards[at] for at in range(len(ITEMS))] == alone[::-1]


def test_a_shared_prefix_longer_than_a_batch_changes_no_score(llama: LlamaSession) -> None:
    shots = "the question and the answer " * 14
    items = [ScoreRequest(shots + f"item {n} ", choice) for n in range(10) for choice in ("yes", "no")]
    together = dict(llama.score(items))
    assert [together[at] for at in range(20)] == [next(llama.score([item]))[1] for item in items]


def test_a_context_beyond_the_window_loses_its_beginning(llama: LlamaSession) -> None:
    long = next(llama.score([ScoreRequest("x" + "ab" * 400, " end")]))[1]
    same = next(llama.score([ScoreRequest("y" + "ab" * 400, " end")]))[1]
    assert long == same
    assert long.context_tokens + long.tokens - 1 == 512


def test_a_continuation_beyond_the_window_is_scored_in_windows(llama: LlamaSession) -> None:
    found = next(llama.score([ScoreRequest("q", "ab" * 400)]))[1]
    assert found.tokens == 800
    assert np.isfinite(found.logprob)


def test_an_empty_context_means_after_the_prefix_token(llama: LlamaSession, reference: Llama) -> None:
    tail = reference.tokenize(b"hello", add_bos=False)
    table = logprobs(reference, [reference.token_bos(), *tail])
    found = next(llama.score([ScoreRequest("", "hello")]))[1]
    assert found.logprob == pytest.approx(table[np.arange(len(tail)), tail].sum(), abs=1e-3)
    assert found.first_tokens[0] == reference.token_bos()


def test_an_empty_continuation_is_certain(llama: LlamaSession) -> None:
    assert [(at, score.logprob, score.tokens) for at, score in llama.score([ScoreRequest("a", "")])] == [(0, 0.0, 0)]


def test_rolling_texts_predict_every_token(llama: LlamaSession, reference: Llama) -> None:
    found = dict(llama.roll(["hello there", "", "ab" * 600]))
    tail = reference.tokenize(b"hello there", add_bos=False)
    table = logprobs(reference, [reference.token_bos(), *tail])
    assert found[0].logprob == pytest.approx(table[np.arange(len(tail)), tail].sum(), abs=1e-3)
    assert [found[at].tokens for at in range(3)] == [len(tail), 0, 1200]


def test_greedy_replies_do_not_depend_on_the_batch(llama: LlamaSession) -> None:
    together = dict(llama.generate(PROMPTS))
    assert [together[at] for at in range(len(PROMPTS))] == [next(llama.generate([one]))[1] for one in PROMPTS]


def test_greedy_replies_are_the_argmax_of_one_by_one_evaluation(
        llama: LlamaSession, reference: Llama) -> None:
    reply = next(llama.generate([GenerateRequest("the and", 6)]))[1]
    tokens = reference.tokenize(b"the and", add_bos=False)
    prompt = len(tokens)
    for _ in range(reply.tokens):
        tokens.append(int(logprobs(reference, tokens)[-1].argmax()))
    assert reply.text == reference.detokenize(tokens[prompt:]).decode(errors="replace")


def test_a_seed_decides_a_sampled_reply_and_the_batch_does_not(llama: LlamaSession) -> None:
    def ask(seed: int) -> GenerateRequest:
        return GenerateRequest("the ", 12, sampling=Sampling(1.5, top_p=0.95, top_k=100, min_p=0.01), seed=seed)

    alone = next(llama.generate([ask(7)]))[1]
    together = dict(llama.generate([ask(seed) for seed in range(10)]))
    assert together[7] == alone
    assert len({reply.text for reply in together.values()}) > 5


def test_a_reply_ends_at_its_stop_string_its_limit_or_the_window(llama: LlamaSession) -> None:
    free = next(llama.generate([GenerateRequest("the and", 12)]))[1]
    assert (free.finish_reason, free.tokens) == ("length", 12)
    stop = free.text[len(free.text) // 2]
    stopped = next(llama.generate([GenerateRequest("the and", 12, stop=(stop,))]))[1]
    assert (stopped.finish_reason, stopped.text) == ("stop", free.text[:free.text.index(stop)])
    full = next(llama.generate([GenerateRequest("ab" * 250, 40)]))[1]
    assert (full.finish_reason, full.prompt_tokens + full.tokens) == ("context", 512)
    cut = next(llama.generate([GenerateRequest("ab" * 400, 4)]))[1]
    assert (cut.finish_reason, cut.prompt_tokens) == ("context", 508)
    assert next(llama.generate([GenerateRequest("the", 0)]))[1].text == ""


def test_the_chat_template_is_the_models_own(llama: LlamaSession) -> None:
    assert llama.render([("user", "hi")], True) == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    assert "im_start" in llama.template()


def test_bos_stands_once_where_the_model_asks_for_it(tmp_path: Path) -> None:
    from tests.tiny_gguf import write_tiny

    with open_session(llama_job(write_tiny(tmp_path / "bos.gguf", bos=True))) as session:
        first = [next(session.generate([GenerateRequest(text, 1)]))[1].first_tokens
                 for text in ("hi", "<|endoftext|>hi")]
        assert first[0] == first[1]
        assert first[0].count(297) == 1


def test_a_stream_gives_every_request_its_exact_number_of_tokens(tiny_gguf: Path) -> None:
    load = Load("l", (3,), prompt_tokens=20, output_tokens=7, requests=5, warmup_requests=0)
    with open_session(llama_job(tiny_gguf, load=load)) as session, session.stream(3) as stream:
        for number in range(5):
            stream.submit(StreamRequest(number, tuple(range(40 + number, 60 + number)), 7))
        events = [event for _ in range(40) for event in stream.poll(0.0)]
    assert [sum(event.tokens for event in events if event.id == number) for number in range(5)] == [7] * 5
    assert sorted(event.id for event in events if event.done) == list(range(5))
    assert [event.at_ns for event in events] == sorted(event.at_ns for event in events)
    assert max(len([event for event in events if event.at_ns == at]) for at in {event.at_ns for event in events}) == 3


def test_sequences_that_join_a_running_batch_get_their_own_logits(tiny_gguf: Path, reference: Llama) -> None:
    settings = parse_settings({"n_batch": 32, "n_ubatch": 32, "n_threads": 1})
    prompts = [list(range(40, 40 + size)) for size in (5, 70, 11)]
    with load_model(tiny_gguf, settings) as model, open_context(model, settings, 2, 512, unified=False) as context:
        slots, texts = Slots(context), dict[int, list[int]]()
        for step in range(14):
            if slots.free and prompts and step % 2 == 0:
                prompt = prompts.pop(0)
                texts[slots.admit(prompt)] = prompt
            due, logits = slots.step()
            for slot, row in zip(due.tolist(), logits, strict=True):
                wanted = logprobs(reference, texts[slot])[-1]
                assert np.abs(row - np.logaddexp.reduce(row.astype(np.float64)) - wanted).max() < 0.05
                texts[slot].append(int(row.argmax()))
            slots.push(due, logits.argmax(axis=1))
            if step == 9:
                slots.release(0)
    assert not prompts
    assert min(map(len, texts.values())) > 11


def test_a_load_that_does_not_fit_the_cache_is_refused_not_queued(llama: LlamaSession) -> None:
    with llama.stream(8) as stream, pytest.raises(UserError, match="runtime.options.n_ctx"):
        stream.submit(StreamRequest(0, (40,) * 300, 10))


def test_facts_know_sizes_device_and_settings(llama: LlamaSession, tiny_gguf: Path) -> None:
    facts = llama.facts()
    details = {detail.name: detail.value for detail in facts.details}
    assert (facts.context, facts.vocabulary) == (512, 300)
    assert facts.kv_bytes_per_token == 2 * 2 * 64 * 2 * 4
    assert 0.8 < (facts.weights_bytes or 0) / tiny_gguf.stat().st_size <= 1
    assert facts.device
    assert (details["flash_attention"], details["type_k"], details["threads"]) == ("off", "f32", "1")


def test_weights_that_do_not_load_are_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(UserError, match=r"broken\.gguf"), open_session(llama_job(broken)):
        pass
    with pytest.raises(NotFound, match=r"none\.gguf"), open_session(llama_job(tmp_path / "none.gguf")):
        pass
    with pytest.raises(ConfigError), open_session(llama_job(broken, {"n_batches": 1})):
        pass
