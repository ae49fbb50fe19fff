"""A hostile server gets a right result out of us or a clear error, within the deadlines, never a wrong number."""

import time
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from harness.core.config import Load
from harness.core.errors import HarnessError, UserError
from harness.core.record import RequestTrace
from harness.core.runtime import GenerateRequest, Generation, ScoreRequest
from runners import loads
from runners.runtimes.openai import open_session
from tests.byte_server import running
from tests.hostile_server import HostileServer
from tests.openai_jobs import openai_job

PROMPT = "say red. say red. say"
RIGHT = Generation(" red.", 5, 21, "length", ())


def replies(server: HostileServer, folder: Path, **options: float | str) -> dict[int, Generation]:
    """Three replies from a server; takes at most some seconds whatever it does."""
    started = time.monotonic()
    try:
        with running(server) as url, open_session(openai_job(folder, {"base_url": url, **options})) as session:
            return dict(session.generate([GenerateRequest(PROMPT, 5)] * 3))
    finally:
        assert time.monotonic() - started < 15


@pytest.mark.parametrize("fault", ["storm", "broken", "reset"])
def test_what_passes_is_repeated_and_nothing_is_skipped(fault: str, tmp_path: Path) -> None:
    server = HostileServer(fault, times=4)
    assert replies(server, tmp_path, retry_seconds=20.0) == {0: RIGHT, 1: RIGHT, 2: RIGHT}
    assert len(server.arrivals) == 7


def test_retry_after_is_waited_for(tmp_path: Path) -> None:
    server = HostileServer("storm", times=1)
    replies(server, tmp_path, concurrency=1, retry_seconds=20.0)
    assert server.arrivals[1] - server.arrivals[0] >= 0.2


@pytest.mark.parametrize(("fault", "message"), [
    ("storm", r"failed \d+ times in \d+ s: HTTP 429 .*slow down"),
    ("far_storm", r"failed 1 times in 0 s: HTTP 429 .*asks to wait 86400 s"),
    ("broken", "HTTP 503 .*upstream is down"),
    ("forbidden", "HTTP 403 .*api_key_env"),
    ("reset", r"failed \d+ times"),
    ("slow_loris", "no complete reply in time"),
    ("silent", "no complete reply in time"),
    ("malformed", "not what the protocol says"),
    ("html", "not what the protocol says .*Please log in"),
    ("no_choices", "has no choices"),
    ("error_inside", "the model is on fire"),
    ("no_usage", "no usage, and there is no tokenizer"),
    ("too_many_tokens", "counts 1000 output tokens where at most 5"),
    ("no_tokens", "counts no output tokens and sends a text"),
    ("negative_tokens", "counts -3 output tokens"),
    ("no_prompt", "counts 0 prompt tokens"),
    ("text_for_numbers", "not what the protocol says"),
    ("no_finish", "unknown reason: none given"),
])
def test_what_stays_wrong_is_a_clear_error(fault: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=message) as raised:
        replies(HostileServer(fault), tmp_path, timeout_seconds=1.5 if "in time" in message else 20.0)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 600


def test_a_server_without_usage_is_counted_by_its_own_tokenizer(tmp_path: Path) -> None:
    found = replies(HostileServer("no_usage", vllm=True), tmp_path)
    assert [(one.text, one.tokens, one.prompt_tokens) for one in found.values()] == [(" red.", 5, 21)] * 3


def test_a_stop_string_left_in_is_cut(tmp_path: Path) -> None:
    with running(HostileServer("stop_left_in")) as url, \
            open_session(openai_job(tmp_path, {"base_url": url})) as session:
        reply = dict(session.generate([GenerateRequest(PROMPT, 9, stop=(".",))]))[0]
    assert (reply.text, reply.finish_reason) == (" red", "stop")


def test_nobody_at_the_address_is_said_with_the_address(tmp_path: Path) -> None:
    with running(HostileServer("")) as url:
        pass
    with pytest.raises(UserError, match=rf"no OpenAI-compatible server answers at {url}.*base_url"), \
            open_session(openai_job(tmp_path, {"base_url": url, "retry_seconds": 0.2})):
        pass


@pytest.mark.parametrize(("fault", "message"), [
    ("no_logprobs", "without logprobs"),
    ("no_echo", "logprobs of 1"),
    ("chance", "all its log-probabilities are -5.5"),
    ("zeros", "all its log-probabilities are 0"),
    ("positive", "sends 3.0 as a log-probability"),
    ("off_by_one", "nats unlike"),
    ("tempered", "nats unlike"),
    ("no_top", "not equally many"),
    ("no_usage", "without usage|sends logprobs of"),
    ("forbidden", "HTTP 403"),
])
@pytest.mark.parametrize("vllm", [True, False], ids=["vllm", "plain"])
def test_log_probabilities_that_cannot_be_right_are_refused(
        fault: str, message: str, vllm: bool, tmp_path: Path) -> None:
    server = HostileServer(fault, vllm=vllm)
    with running(server) as url:
        job = openai_job(tmp_path, {"base_url": url, "scoring": "echo"})
        with open_session(job) as session, pytest.raises(UserError, match=rf"refused: echo: .*({message})") as raised:
            list(session.score([ScoreRequest("a", "b")]))
    assert "\n" not in str(raised.value)


def traces(fault: str, folder: Path, vllm: bool = False, **options: float) -> list[RequestTrace]:
    """A load of two requests of 10 tokens."""
    shape = Load("t", (1,), prompt_tokens=40, output_tokens=10, requests=1, warmup_requests=0)
    started = time.monotonic()
    try:
        with running(_Ids(fault, vllm=vllm)) as url:
            job = openai_job(folder, {"base_url": url, "vocabulary": 256, **options}, shape)
            with open_session(job) as session:
                return list(loads.measure(session, job.cell.work).traces)  # type: ignore[arg-type]
    finally:
        assert time.monotonic() - started < 15


class _Ids(HostileServer):
    """Takes token ids whatever it speaks."""

    def _prompt(self, body: dict[str, object]) -> bytes:
        prompt = body["prompt"]
        return bytes(prompt) if isinstance(prompt, list) else str(prompt).encode()


@pytest.mark.parametrize("fault", ["empty_role", "many", "no_final_usage", "cut_character"])
def test_streams_of_odd_shape_are_counted_rightly(fault: str, tmp_path: Path) -> None:
    for trace in traces(fault, tmp_path):
        assert len(trace.token_ns) == 10
        assert list(trace.token_ns) == sorted(trace.token_ns)
        fewest, most = {"many": (2, 2), "no_final_usage": (4, 4)}.get(fault, (5, 10))  # two may come in one packet
        assert fewest <= len(set(trace.token_ns)) <= most
        late = trace.first_ns - trace.sent_ns > 0.2e9
        assert late == (fault == "empty_role")  # a role is not a token


@pytest.mark.parametrize(("fault", "message"), [
    ("early_end", r"asked for 10 tokens and got 3 \(finish_reason stop.*force_length"),
    ("wrong_usage", "counts contradict: final usage says 17, the limit it reached says 10"),
    ("mid_reset", "a timed request is not repeated"),
    ("silent_end", "broke off after 2 chunks"),
    ("never_ending", "asked for 10 tokens and the server sends more"),
    ("endless_silence", "no complete reply in time"),
    ("malformed_event", "an event of the stream is not what the protocol says"),
    ("error_event", "out of memory"),
    ("wrong_type", "with text/plain: data: hello"),
])
def test_streams_that_cannot_be_counted_end_the_load(fault: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=message) as raised:
        traces(fault, tmp_path, timeout_seconds=1.5 if "in time" in message else 20.0)
    assert "\n" not in str(raised.value)
