"""What every runtime promises to those that measure with it, whatever the engine."""

import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from harness.core.errors import ConfigError, UserError
from harness.core.runtime import GenerateRequest, Sampling, ScoreRequest, Session, StreamRequest, TokenEvent
from tests.contract.runtimes import CASES, LOAD, Case

SCORES = [ScoreRequest(f"say word{n}", f" word{n % 3}") for n in range(9)]
PROMPTS = [GenerateRequest(f"say word{n}", 6) for n in range(9)]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    """A runtime whose engine is installed here."""
    found: Case = request.param
    pytest.importorskip(found.package, reason=f"{found.package} is not installed")
    return found


@pytest.fixture(scope="module")
def session(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """An open session."""
    job = case.make(tmp_path_factory.mktemp(case.name), {})
    with import_module(job.cell.module).open_session(job) as opened:
        yield opened


def test_facts_name_the_engine_and_its_limits(
        case: Case, session: Session, figures: dict[str, dict[str, str]]) -> None:
    facts = session.facts()
    figures[case.name]["engine"] = f"{facts.engine} {facts.version}, on {facts.device}"
    assert facts.engine
    assert facts.version
    assert facts.device
    assert facts.context > 0
    assert facts.vocabulary > 0


def test_every_request_is_answered_once(session: Session) -> None:
    assert sorted(at for at, _ in session.score(SCORES)) == list(range(9))
    assert sorted(at for at, _ in session.roll([one.context for one in SCORES])) == list(range(9))
    assert sorted(at for at, _ in session.generate(PROMPTS)) == list(range(9))


def test_nothing_asked_is_nothing_answered(session: Session) -> None:
    assert not list(session.score([]))
    assert not list(session.roll([]))
    assert not list(session.generate([]))


def test_scores_are_log_probabilities_of_counted_tokens(session: Session) -> None:
    for at, score in session.score(SCORES):
        assert score.logprob <= 0
        assert score.tokens > 0
        assert score.context_tokens > 0
        assert 0 < len(score.first_tokens) <= 8
        assert score.first_tokens == dict(session.score([SCORES[at]]))[0].first_tokens


def test_asking_again_gives_the_same_answers(session: Session) -> None:
    assert dict(session.score(SCORES)) == dict(session.score(SCORES))
    assert dict(session.generate(PROMPTS)) == dict(session.generate(PROMPTS))


def test_a_sampled_reply_depends_on_its_seed_alone(session: Session) -> None:
    asked = [GenerateRequest("say word", 6, sampling=Sampling(1.0, top_k=40), seed=seed) for seed in range(4)]
    together = dict(session.generate(asked))
    assert [together[at] for at in range(4)] == [dict(session.generate([one]))[0] for one in asked]


def test_a_reply_keeps_its_limit_and_says_why_it_ended(session: Session) -> None:
    for limit in (1, 3):
        reply = dict(session.generate([GenerateRequest("say word", limit)]))[0]
        assert reply.tokens <= limit
        assert reply.finish_reason in ("stop", "length")
        assert reply.prompt_tokens > 0


def test_a_reply_ends_before_its_stop_string(session: Session) -> None:
    free = dict(session.generate([GenerateRequest("say word", 6)]))[0]
    stop = free.text[len(free.text) // 2]
    reply = dict(session.generate([GenerateRequest("say word", 6, stop=(stop,))]))[0]
    assert (reply.text, reply.finish_reason) == (free.text[:free.text.index(stop)], "stop")


def test_rendered_messages_hold_what_was_said(session: Session) -> None:
    open_end = session.render([("user", "good morning")], True)
    assert "good morning" in open_end
    assert open_end != session.render([("user", "good morning")], False)


def test_a_stream_emits_the_exact_number_of_tokens_in_time_order(session: Session) -> None:
    started = time.perf_counter_ns()
    events: list[TokenEvent] = []
    with session.stream(3) as stream:
        for number in range(LOAD.requests):
            stream.submit(StreamRequest(number, tuple(range(40 + number, 40 + number + LOAD.prompt_lengths[0])),
                                        LOAD.output_lengths[0]))
        while sum(event.done for event in events) < LOAD.requests:
            events += stream.poll(0.1)
            assert time.perf_counter_ns() - started < 30e9
        assert stream.poll(0.0) == []
    for number in range(LOAD.requests):
        mine = [event for event in events if event.id == number]
        assert sum(event.tokens for event in mine) == LOAD.output_tokens
        assert [event.done for event in mine] == [False] * (len(mine) - 1) + [True]
        # Over all requests they need not be: a served stream hands over what a request brought when it has ended.
        times = [event.at_ns for event in mine]
        assert times == sorted(times)
        assert started < times[0]
        assert times[-1] < time.perf_counter_ns()


def test_a_text_is_tokens_of_its_vocabulary_or_the_user_is_told(session: Session) -> None:
    try:
        ids = session.tokenize("good morning")
    except UserError as error:
        told = str(error)
    else:
        told = ""
    if told:
        assert "load.prompts=random" in told
        return
    assert 0 < len(ids) <= len("good morning") + 1
    assert all(0 <= one < session.facts().vocabulary for one in ids)
    assert ids != session.tokenize("good evening")


def test_an_option_it_does_not_have_is_a_config_error(case: Case, tmp_path: Path) -> None:
    job = case.make(tmp_path, {"no_such_option": 1})
    with pytest.raises(ConfigError, match="no_such_option"), import_module(job.cell.module).open_session(job):
        pass
