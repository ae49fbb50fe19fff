"""Against a server whose model can be computed by hand: every number is the right one."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from harness.core.config import Load, Scalar
from harness.core.errors import ConfigError, UserError
from harness.core.runtime import GenerateRequest, Sampling, ScoreRequest
from runners import loads
from runners.runtimes.openai import open_session
from runners.runtimes.openai.session import OpenAISession
from tests.byte_server import CONTEXT, ByteServer, logprob, running
from tests.openai_jobs import openai_job

PAIRS = [("say red. say red. say", " red"), ("say red. say ", "blue"), ("Zoë mag Käse. Zoë mag Kä", "se und 漢字"),
         ("one two", ""), ("a", "b")]


@pytest.fixture(params=[True, False], ids=["vllm", "plain"])
def server(request: pytest.FixtureRequest) -> ByteServer:
    """A right server that speaks either dialect."""
    return ByteServer(vllm=request.param)


@pytest.fixture
def session(server: ByteServer, tmp_path: Path) -> Iterator[OpenAISession]:
    """A session with it; the byte 10 stands before texts without context."""
    with running(server) as url, open_session(openai_job(tmp_path, {"base_url": url, "prefix": "\n"})) as opened:
        yield opened


def detail(session: OpenAISession, name: str) -> str:
    """A fact of the session, "" where there is none."""
    return {one.name: one.value for one in session.facts().details}.get(name, "")


def test_scores_are_the_models_own(session: OpenAISession) -> None:
    found = dict(session.score([ScoreRequest(*pair) for pair in PAIRS]))
    for at, (context, continuation) in enumerate(PAIRS):
        whole, split = (context + continuation).encode(), len(context.rstrip().encode())
        wanted = logprob(whole, split) if continuation else 0.0
        assert math.isclose(found[at].logprob, wanted, abs_tol=1e-9)
        assert found[at].tokens == (len(whole) - split if continuation else 0)
    assert found[0].is_greedy
    assert not found[1].is_greedy


def test_vllms_prompt_logprobs_give_the_same_scores(tmp_path: Path) -> None:
    asked = [ScoreRequest(*pair) for pair in PAIRS]
    results = []
    for scoring in ("echo", "prompt_logprobs"):
        with running(ByteServer()) as url:
            job = openai_job(tmp_path, {"base_url": url, "scoring": scoring})
            with open_session(job) as session:
                results.append(dict(session.score(asked)))
                assert detail(session, "scored by").startswith(scoring)
    assert results[0] == results[1]


def test_a_context_of_spaces_belongs_to_the_continuation(session: OpenAISession) -> None:
    found = dict(session.score([ScoreRequest(" ", "red"), ScoreRequest("", " red")]))
    assert found[0] == found[1]
    assert math.isclose(found[0].logprob, logprob(b"\n red", 1), abs_tol=1e-9)


def test_a_text_that_brings_the_first_token_itself_has_it_for_its_context(session: OpenAISession) -> None:
    found = dict(session.score([ScoreRequest("", "\nred"), ScoreRequest("", "red")]))
    assert found[0] == found[1]


def test_a_text_without_context_stands_after_the_prefix(session: OpenAISession) -> None:
    score = dict(session.score([ScoreRequest("", "abc")]))[0]
    assert math.isclose(score.logprob, logprob(b"\nabc", 1), abs_tol=1e-9)
    rolled = dict(session.roll(["abc abc"]))[0]
    assert math.isclose(rolled.logprob, logprob(b"\nabc abc", 1), abs_tol=1e-9)
    assert (rolled.tokens, rolled.context_tokens) == (7, 0)


def test_without_a_prefix_it_is_refused_with_what_to_give(server: ByteServer, tmp_path: Path) -> None:
    with running(server) as url, open_session(openai_job(tmp_path, {"base_url": url})) as session, \
            pytest.raises(UserError, match=r"needs a first token.*runtime\.options\.prefix"):
        list(session.score([ScoreRequest("", "abc")]))


def test_long_texts_are_rolled_in_windows_where_ids_are_taken(tmp_path: Path) -> None:
    text = "abcdefghij" * 70
    with running(ByteServer()) as url:
        job = openai_job(tmp_path, {"base_url": url, "prefix": "\n", "context": 200})
        with open_session(job) as session:
            rolled = dict(session.roll([text]))[0]
    raw = text.encode()
    starts = [b"\n" + raw[:200], *(raw[end - 201:end] for end in (400, 600, 700))]
    wanted = sum(logprob(part, len(part) - size) for part, size in zip(starts, (200, 200, 200, 100), strict=True))
    assert math.isclose(rolled.logprob, wanted, rel_tol=1e-9)
    assert rolled.tokens == 700


def test_what_is_longer_than_the_context_is_said_so(session: OpenAISession) -> None:
    long = "x" * CONTEXT
    with pytest.raises(UserError, match="longer than the context window"):
        list(session.score([ScoreRequest(long, " y")]))
    reply = dict(session.generate([GenerateRequest(long, 4)]))[0]
    assert (reply.text, reply.tokens, reply.finish_reason) == ("", 0, "context")
    assert detail(session, "prompts beyond the context window") == "1"
    full = dict(session.generate([GenerateRequest(long[:-3], 8)]))[0]
    assert (full.tokens, full.finish_reason) == (3, "context")


def test_replies_follow_the_model_and_end_before_their_stop(session: OpenAISession) -> None:
    asked = [GenerateRequest("say red. say red. say", 9), GenerateRequest("say red. say red. say", 9, stop=(".",))]
    free, stopped = (dict(session.generate(asked))[at] for at in (0, 1))
    assert (free.text, free.tokens, free.prompt_tokens, free.finish_reason) == (" red. say", 9, 21, "length")
    assert (stopped.text, stopped.finish_reason) == (" red", "stop")


def test_sampling_and_its_seed_reach_the_server(server: ByteServer, session: OpenAISession) -> None:
    asked = [GenerateRequest("say", 12, sampling=Sampling(1.0, min_p=0.1), seed=seed) for seed in (1, 2**32 - 1, 1)]
    found = dict(session.generate(asked))
    assert found[0] == found[2] != found[1]
    body = next(body for body in server.requests if "seed" in body)
    assert body["min_p"] == 0.1
    assert ("top_k" in body) == server.vllm  # off: said only to servers that know it
    assert all(0 <= body["seed"] < 2**31 for body in server.requests if "seed" in body)


@pytest.mark.parametrize("endpoint", ["completions", "chat"])
@pytest.mark.parametrize("vllm", [True, False], ids=["vllm", "plain"])
def test_a_load_has_exact_lengths_and_says_how_tokens_were_counted(vllm: bool, tmp_path: Path, endpoint: str) -> None:
    shape = Load("t", (1, 3), prompt_tokens=60, output_tokens=20, requests=6, warmup_requests=1)
    options: dict[str, Scalar] = {"endpoint": endpoint, "vocabulary": 256}
    with running(ByteServer(vllm, words=not vllm or endpoint == "chat")) as url:
        job = openai_job(tmp_path, {"base_url": url, **options}, shape)
        assert job.cell.kind == "load"
        with open_session(job) as session:
            traces = loads.measure(session, job.cell.work).traces  # type: ignore[arg-type]
            said = {one.name: one.value for one in session.facts().details}
    assert {(trace.prompt_tokens, trace.output_tokens) for trace in traces} == {(60, 20)}
    assert sum(trace.phase == "steady" for trace in traces) == 12
    source = "token ids" if vllm else "final usage"
    assert said[f"loads counted by {source}"] == str(len(traces))
    assert all(trace.sent_ns < trace.first_ns <= trace.last_ns for trace in traces)
    assert all(len(set(trace.token_ns)) > 2 for trace in traces)
    assert {trace.stamped_by for trace in traces} <= {"kernel", "client"}


def test_a_load_of_words_is_refused_where_no_word_is_one_token(tmp_path: Path) -> None:
    shape = Load("t", (1,), 60, 5, 2, 0)
    with running(ByteServer(vllm=False)) as url:
        job = openai_job(tmp_path, {"base_url": url}, shape)
        with open_session(job) as session, pytest.raises(Exception, match="no load can be made of words"):
            loads.measure(session, job.cell.work)  # type: ignore[arg-type]


def test_chat_gets_the_messages_themselves(server: ByteServer, tmp_path: Path) -> None:
    with running(server) as url, open_session(openai_job(tmp_path, {"base_url": url, "endpoint": "chat"})) as session:
        said = [("system", "be \u2028 brief"), ("user", "say red")]
        reply = dict(session.generate([GenerateRequest(session.render(said, True), 4)]))[0]
        assert server.requests[-1]["messages"] == [{"role": role, "content": text} for role, text in said]
        templated = "system: be \u2028 brief\nuser: say red\nassistant:"
        assert (reply.tokens, reply.prompt_tokens) == (4, len(templated.encode()))
        with pytest.raises(UserError, match="cannot go on with a reply"):
            list(session.generate([GenerateRequest(session.render(said, False), 4)]))
        with pytest.raises(UserError, match="no log-probabilities"):
            list(session.score([ScoreRequest("a", "b")]))


def test_a_template_applied_by_the_server_makes_a_text(tmp_path: Path) -> None:
    with running(ByteServer()) as url, open_session(openai_job(tmp_path, {"base_url": url})) as session:
        assert session.render([("user", "say 漢")], True) == "user: say 漢\nassistant:"
        assert session.render([("user", "say 漢")], False) == "user: say 漢\n"
    with running(ByteServer(vllm=False)) as url, open_session(openai_job(tmp_path, {"base_url": url})) as session, \
            pytest.raises(UserError, match=r"does not apply its chat template.*endpoint=chat"):
        session.render([("user", "say 漢")], True)


def test_what_it_cost_stands_in_the_facts(server: ByteServer, tmp_path: Path) -> None:
    prices: dict[str, Scalar] = {"usd_per_million_prompt": 10.0, "usd_per_million_output": 1000.0}
    with running(server) as url, open_session(openai_job(tmp_path, {"base_url": url, **prices})) as session:
        list(session.generate([GenerateRequest("hello", 4)] * 3))
        assert detail(session, "prompt tokens") == "15"
        assert detail(session, "output tokens") == "12"
        assert float(detail(session, "cost in USD")) == pytest.approx((15 * 10 + 12 * 1000) / 1e6, abs=1e-6)


@pytest.mark.parametrize(("options", "message"), [
    ({}, "no endpoint is named"),
    ({"base_url": "http://h/v1", "command": "x {port}"}, "both base_url and command"),
    ({"base_url": "http://me:secretsecret@h/v1"}, "could be a secret"),
    ({"base_url": "http://h/v1?key=secretsecret"}, "could be a secret"),
    ({"base_url": "http://h/v1", "api_key_env": "sk-secretsecret"}, "not the name of an environment variable"),
    ({"base_url": "http://h/v1", "extra": "[1]"}, "not a JSON object"),
    ({"base_url": "http://h/v1", "extra": '{"stream": true}'}, "extra may not set stream"),
    ({"command": "serve --port 1"}, r"no \{port\}"),
    ({"command": "serve {prot}"}, r"unknown place \{prot\}"),
    ({"base_url": "ftp://h"}, r"not an http\(s\) address"),
])
def test_options_that_cannot_be_are_refused_in_one_line(
        options: dict[str, Scalar], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message) as raised, open_session(openai_job(tmp_path, options)):
        pass
    assert "secretsecret" not in str(raised.value)
    assert "\n" not in str(raised.value)
