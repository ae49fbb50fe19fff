"""Every runtime on the pocket model against transformers in float32, and what batching and closing do to it."""

import gc
from collections.abc import Generator, Iterator
from importlib import import_module
from pathlib import Path

import psutil
import pytest

from harness.core.runtime import GenerateRequest, Generation, Sampling, Score, ScoreRequest, Session, StreamRequest
from tests.contract.reference import Written, load
from tests.contract.runtimes import POCKETS, Pocket

REFERENCE = load()
ASKED = [ScoreRequest(one.context, one.continuation) for one in REFERENCE.scores]
PROMPTS = [GenerateRequest(one.prompt, REFERENCE.max_tokens) for one in REFERENCE.replies]
Figures = dict[str, str]


@pytest.fixture(scope="module", params=POCKETS, ids=lambda pocket: pocket.key)
def pocket(request: pytest.FixtureRequest) -> Pocket:
    """A runtime whose engine is installed here."""
    found: Pocket = request.param
    pytest.importorskip(found.package, reason=f"{found.package} is not installed")
    return found


@pytest.fixture(scope="module")
def session(pocket: Pocket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """An open session on the pocket model."""
    with import_module(pocket.module).open_session(pocket.job(tmp_path_factory.mktemp("pocket"))) as opened:
        yield opened


@pytest.fixture
def told(pocket: Pocket, figures: dict[str, Figures]) -> Figures:
    """Where this runtime's figures go."""
    return figures[pocket.key]


@pytest.fixture(scope="module")
def scores(session: Session) -> dict[int, Score]:
    """All scores, asked together."""
    return dict(session.score(ASKED))


@pytest.fixture(scope="module")
def replies(session: Session) -> list[Generation]:
    """All greedy replies, asked together."""
    return in_order(session.generate(PROMPTS))


def in_order(replies: Iterator[tuple[int, Generation]]) -> list[Generation]:
    return [reply for _, reply in sorted(replies, key=lambda pair: pair[0])]


def diverging(replies: list[Generation], wanted: list[Written], lead: float) -> int:
    """How many replies differ; fails where one does so before a token that led by less than `lead` nats."""
    for reply, one in zip(replies, wanted, strict=True):
        assert reply.text.startswith(one.sure(lead))
        assert reply.text == one.text or one.sure(lead) != one.text
    return sum(reply.text != one.text for reply, one in zip(replies, wanted, strict=True))


def allowed(pocket: Pocket, tokens: int) -> float:
    """Nats that an item of so many tokens may be off."""
    return pocket.nats * max(1, tokens / 32)


def test_texts_become_the_same_token_ids(pocket: Pocket, session: Session, told: Figures) -> None:
    found = dict(session.score([ScoreRequest(one.text, "x") for one in REFERENCE.texts]))
    fed = [found[at].first_tokens[:found[at].context_tokens] for at in range(len(found))]
    differ = tuple(one.text for one, ids in zip(REFERENCE.texts, fed, strict=True) if ids != one.tokens)
    told["token ids: texts that differ"] = f"{len(differ)} of {len(fed)}"
    assert differ == pocket.other_ids


def test_scores_are_those_of_float32(pocket: Pocket, scores: dict[int, Score], told: Figures) -> None:
    off = [abs(scores[at].logprob - one.logprob) for at, one in enumerate(REFERENCE.scores)]
    short = max(nats for nats, one in zip(off, REFERENCE.scores, strict=True) if one.tokens <= 32)
    told[f"scores of {len(off)} continuations, nats off: up to 32 tokens; longer"] = f"{short:.1e}; {max(off):.1e}"
    for at, one in enumerate(REFERENCE.scores):
        assert (scores[at].tokens, scores[at].context_tokens) == (one.tokens, one.context_tokens)
        assert scores[at].is_greedy == one.is_greedy or one.slack < 2 * pocket.nats
        assert off[at] < allowed(pocket, one.tokens)


def test_whole_texts_are_scored_in_the_same_windows(pocket: Pocket, session: Session, told: Figures) -> None:
    found = dict(session.roll([one.text for one in REFERENCE.rolls]))
    off = [abs(found[at].logprob - one.logprob) / max(1, one.tokens) for at, one in enumerate(REFERENCE.rolls)]
    told["whole texts, nats a token off"] = f"{max(off):.1e}"
    assert [found[at].tokens for at in range(len(found))] == [one.tokens for one in REFERENCE.rolls]
    assert max(off) < pocket.nats / 2


def test_greedy_replies_are_those_of_float32_up_to_a_near_tie(
        pocket: Pocket, replies: list[Generation], told: Figures) -> None:
    count = diverging(replies, list(REFERENCE.replies), 2 * pocket.nats)
    told[f"greedy replies of up to {REFERENCE.max_tokens} tokens: diverge"] = f"{count} of {len(replies)}"
    for reply, one in zip(replies, REFERENCE.replies, strict=True):
        if reply.text == one.text:
            assert (reply.finish_reason, reply.tokens) == (one.finish_reason, len(one.lengths))


def test_messages_are_rendered_alike(session: Session) -> None:
    assert session.render(REFERENCE.messages, True) == REFERENCE.rendered


def test_the_batch_changes_no_more_than_rounding(
        pocket: Pocket, session: Session, scores: dict[int, Score], replies: list[Generation], told: Figures) -> None:
    some = range(0, len(ASKED), 8)
    off = [abs(scores[at].logprob - next(session.score([ASKED[at]]))[1].logprob) for at in some]
    alone = [next(session.generate([one]))[1] for one in PROMPTS[::10]]
    moved = sum(one != other for one, other in zip(alone, replies[::10], strict=True))
    told["batch against one by one: nats; replies changed"] = f"{max(off):.1e}; {moved} of {len(alone)}"
    assert all(nats < allowed(pocket, REFERENCE.scores[at].tokens) for nats, at in zip(off, some, strict=True))
    diverging(alone, list(REFERENCE.replies[::10]), 2 * pocket.nats)


def test_a_context_of_one_token_and_an_empty_continuation_are_scored(session: Session) -> None:
    found = dict(session.score([ScoreRequest("a", ""), ScoreRequest("a", "b"), ScoreRequest("", "")]))
    assert [(found[at].logprob, found[at].tokens, found[at].is_greedy) for at in (0, 2)] == [(0.0, 0, True)] * 2
    assert found[1].context_tokens == 1
    assert found[1].logprob < 0


def test_what_overflows_the_window_says_so_and_spares_its_neighbours(pocket: Pocket, session: Session) -> None:
    window = session.facts().context
    asked = [PROMPTS[0], GenerateRequest("the table " * window, 8), GenerateRequest("the " * (window - 20), 64)]
    replies = in_order(session.generate(asked))
    assert [one.finish_reason for one in replies] == [REFERENCE.replies[0].finish_reason, "context", "context"]
    assert replies[0].text == REFERENCE.replies[0].text
    assert all(one.prompt_tokens + one.tokens <= window for one in replies)
    scores = dict(session.score([ASKED[30], ScoreRequest("the table " * window, " costs")]))
    assert scores[1].context_tokens + scores[1].tokens <= window + 1
    assert scores[0].logprob == pytest.approx(REFERENCE.scores[30].logprob, abs=pocket.nats)


def test_characters_split_over_tokens_come_out_whole(session: Session) -> None:
    wild = [GenerateRequest("caf", 24, sampling=Sampling(2.0), seed=seed) for seed in range(16)]
    texts = [one.text for one in in_order(session.generate(wild))]
    assert all(text.encode().decode() == text for text in texts)
    assert any(not text.isascii() for text in texts)
    assert texts == [one.text for one in in_order(session.generate(wild))]


def test_what_is_abandoned_half_way_leaves_room_for_the_next(session: Session) -> None:
    for asked in (session.generate(PROMPTS[:9]), session.score(ASKED)):
        next(asked)
        assert isinstance(asked, Generator)
        asked.close()
    with session.stream(2) as stream:
        for number in range(4):
            stream.submit(StreamRequest(number, (40, 41, 42, 43), 5))
        while not stream.poll(0.1):
            pass
    with session.stream(2) as stream:
        stream.submit(StreamRequest(9, (40, 41, 42, 43), 5))
        events = [event for _ in range(12) for event in stream.poll(0.1)]
    assert {event.id for event in events} == {9}
    assert sum(event.tokens for event in events) == 5
    assert next(session.generate(PROMPTS[:1]))[1].text == REFERENCE.replies[0].text


def test_a_closed_session_gives_its_memory_back(pocket: Pocket, tmp_path: Path, told: Figures) -> None:
    job, sizes = pocket.job(tmp_path), list[int]()
    for _ in range(5):
        with import_module(pocket.module).open_session(job) as opened:
            list(opened.score(ASKED[30:60]))
            weights = opened.facts().weights_bytes or 0
        gc.collect()
        sizes.append(psutil.Process().memory_info().rss)
    # The first rounds fill the allocator's pools.
    grown = (sizes[-1] - sizes[1]) / 3
    told["memory kept after closing, MB a session (weights)"] = f"{max(0.0, grown) / 1e6:.1f} ({weights / 1e6:.1f})"
    assert grown < weights / 2
