"""A session that answers by copying the last word of the prompt, and can be told to fail.

With probability `skill`, drawn from the prompt's digest (and from the seed where answers are sampled) and therefore the
same in every arm, it answers with the last word; a quantization made on the box (`scheme`) loses a further `loss` of
the prompts. `fail` and `fail_after` end it in the middle of its work, as real engines do.
"""

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from harness.core.cell import Job, Prepared
from harness.core.config import Scalar
from harness.core.digest import text_digest
from harness.core.errors import ConfigError, HarnessError
from harness.core.runtime import (
    Facts,
    GenerateRequest,
    Generation,
    Score,
    ScoreRequest,
)
from runners.clock import REAL, Clock
from runners.runtimes.fake.settings import FakeSettings
from runners.runtimes.fake.stream import FakeStream

_VOCABULARY = 256


def prepare(job: Job) -> Prepared:
    """Nothing to fetch: the weights are the cell's own name."""
    digest = text_digest(f"{job.cell.artifact} {job.cell.scheme}")
    source = text_digest(str(job.cell.artifact))
    return Prepared(job.cell.artifact.location, 0, digest, source, "quantized" if job.cell.scheme else "as is")


@contextmanager
def open_session(job: Job) -> Iterator["FakeSession"]:
    """A session with the cell's options; raises ConfigError for an unknown one."""
    try:
        settings = msgspec.convert({**job.cell.options, **_overlay(job.cell.options)}, FakeSettings)
    except msgspec.ValidationError as error:
        options = ", ".join(FakeSettings.__struct_fields__)
        raise ConfigError(f"runtime fake: {error}", f"its options are {options}") from error
    skill = settings.skill - (settings.loss if job.cell.scheme else 0)
    yield FakeSession(settings, skill)


def _overlay(options: Mapping[str, Scalar]) -> dict[str, Scalar]:
    path = Path(str(options.get("overlay", "")))
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Scalar]) if path.is_file() else {}


class FakeSession:
    """Copies the last word of the prompt, or says "wrong"."""

    def __init__(self, settings: FakeSettings, skill: float, clock: Clock = REAL) -> None:
        self._settings, self._skill, self._clock = settings, skill, clock
        self._answered = 0

    def facts(self) -> Facts:
        """An engine of no size."""
        return Facts("fake", "1", "none", None, None, 4096, _VOCABULARY, served=self._settings.served)

    def render(self, messages: Sequence[tuple[str, str]], add_generation_prompt: bool) -> str:
        """Messages as "role: content" lines."""
        lines = [f"{role}: {content}" for role, content in messages]
        return "\n".join(lines + (["assistant: "] if add_generation_prompt else []))

    def template(self) -> str:
        """No template of its own."""
        return ""

    def tokenize(self, text: str) -> tuple[int, ...]:
        """A token is a byte."""
        return tuple(text.encode())

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
        """A stream of the simulated engine."""
        yield FakeStream(self._settings, slots, self._clock, self._count)

    def step(self) -> None:
        """Wait for one token's time, then fail if it is time to."""
        if self._settings.tokens_per_second:
            self._clock.sleep(1 / self._settings.tokens_per_second)
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


def _fail(how: str) -> None:
    if how == "raise":
        raise HarnessError("the fake engine was told to fail")
    if how == "memory":
        raise MemoryError("the fake engine was told to run out of memory")
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    while True:  # "hang"
        time.sleep(60)
