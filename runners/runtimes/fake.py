"""A runtime without an engine: answers by copying the last word of the prompt, and can be told to fail.

It is a real provider to everything around it (same seam, same process, same records), for tests and for trying a plan.
With probability `skill`, drawn from the prompt's digest (and from the seed where answers are sampled) and therefore the
same in every arm, it answers with the last word; a quantization made on the box (`scheme`) loses a further `loss` of
the prompts. `fail` and `fail_after` end it in the middle of its work, as real engines do.
"""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from harness.core.cell import Job, Prepared
from harness.core.digest import text_digest
from harness.core.errors import ConfigError, HarnessError
from harness.core.runtime import (
    Facts,
    GenerateRequest,
    Generation,
    Score,
    ScoreRequest,
    StreamRequest,
    TokenEvent,
)

_VOCABULARY = 256


class FakeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`tokens_per_second` 0 means no delay; `fail` is one of "", raise, memory, kill, hang."""

    skill: float = 0.9
    loss: float = 0.0
    tokens_per_second: float = 0.0
    fail: str = ""
    fail_after: int = 0


def prepare(job: Job) -> Prepared:
    """Nothing to fetch: the weights are the cell's own name."""
    digest = text_digest(f"{job.cell.artifact} {job.cell.scheme}")
    source = text_digest(str(job.cell.artifact))
    return Prepared(job.cell.artifact.location, 0, digest, source, "quantized" if job.cell.scheme else "as is")


@contextmanager
def open_session(job: Job) -> Iterator["FakeSession"]:
    """A session with the cell's options; raises ConfigError for an unknown one."""
    try:
        settings = msgspec.convert(job.cell.options, FakeSettings)
    except msgspec.ValidationError as error:
        options = ", ".join(FakeSettings.__struct_fields__)
        raise ConfigError(f"runtime fake: {error}", f"its options are {options}") from error
    skill = settings.skill - (settings.loss if job.cell.scheme else 0)
    yield FakeSession(settings, skill)


class FakeSession:
    """Copies the last word of the prompt, or says "wrong"."""

    def __init__(self, settings: FakeSettings, skill: float) -> None:
        self._settings, self._skill = settings, skill
        self._answered = 0

    def facts(self) -> Facts:
        """An engine of no size."""
        return Facts("fake", "1", "none", None, None, 4096, _VOCABULARY)

    def render(self, messages: Sequence[tuple[str, str]], add_generation_prompt: bool) -> str:
        """Messages as "role: content" lines."""
        lines = [f"{role}: {content}" for role, content in messages]
        return "\n".join(lines + (["assistant: "] if add_generation_prompt else []))

    def template(self) -> str:
        """No template of its own."""
        return ""

    def score(self, requests: Sequence[ScoreRequest]) -> Iterator[tuple[int, Score]]:
        """The copied word is likely, all others are not."""
        for index, request in enumerate(requests):
            right = request.continuation.strip() == self._reply(request.context)
            first = tuple(request.context.encode()[:8])
            yield index, Score(-1.0 if right else -9.0, right, len(request.continuation), len(request.context), first)

    def roll(self, texts: Sequence[str]) -> Iterator[tuple[int, Score]]:
        """Two nats a byte, more with less skill."""
        for index, text in enumerate(texts):
            self._count()
            size = len(text.encode())
            yield index, Score(-size * (3 - self._skill), False, size, 0, tuple(text.encode()[:8]))

    def generate(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Generation]]:
        """One word, cut at the token limit (a token is a character)."""
        for index, request in enumerate(requests):
            drawn = f" {request.seed}" if request.sampling.temperature else ""
            text = self._reply(request.prompt, drawn)
            for stop in request.stop:
                text = text.partition(stop)[0]
            reason = "length" if len(text) > request.max_tokens else "stop"
            text = text[: request.max_tokens]
            first = tuple(request.prompt.encode()[:8])
            yield index, Generation(text, len(text), len(request.prompt), reason, first)  # type: ignore[arg-type]

    @contextmanager
    def stream(self, slots: int) -> Iterator["FakeStream"]:
        """A stream that emits one token per slot and step."""
        yield FakeStream(self, slots)

    def step(self) -> None:
        """Wait for one token's time, then fail if it is time to."""
        if self._settings.tokens_per_second:
            time.sleep(1 / self._settings.tokens_per_second)
        self._count()

    def _reply(self, prompt: str, drawn: str = "") -> str:
        self.step()
        words = prompt.removesuffix("\nassistant: ").split()
        able = int(text_digest(prompt + drawn)[:8], 16) / 16**8 < self._skill
        return words[-1] if able and words else "wrong"

    def _count(self) -> None:
        self._answered += 1
        if self._settings.fail and self._answered > self._settings.fail_after:
            _fail(self._settings.fail)


class FakeStream:
    """One token per running sequence and poll."""

    def __init__(self, session: FakeSession, slots: int) -> None:
        self._session, self._slots = session, slots
        self._queue: list[StreamRequest] = []
        self._left: dict[int, int] = {}

    def submit(self, request: StreamRequest) -> None:
        """Queue a request."""
        self._queue.append(request)

    def poll(self, timeout_seconds: float) -> list[TokenEvent]:
        """One step of all slots."""
        while self._queue and len(self._left) < self._slots:
            request = self._queue.pop(0)
            self._left[request.id] = request.output_tokens
        self._session.step()
        now = time.perf_counter_ns()
        self._left = {id_: left - 1 for id_, left in self._left.items()}
        events = [TokenEvent(id_, now, 1, left == 0) for id_, left in self._left.items()]
        self._left = {id_: left for id_, left in self._left.items() if left}
        return events


def _fail(how: str) -> None:
    if how == "raise":
        raise HarnessError("the fake engine was told to fail")
    if how == "memory":
        raise MemoryError("the fake engine was told to run out of memory")
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    while True:  # "hang"
        time.sleep(60)
