"""An endpoint as the harness sees it: score, roll, generate, stream, facts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from harness.core.digest import text_digest
from harness.core.errors import UserError
from harness.core.runtime import ELSEWHERE, Detail, Facts, GenerateRequest, Generation, Score, ScoreRequest
from runners.runtimes.openai import messages, probe
from runners.runtimes.openai.endpoint import Endpoint
from runners.runtimes.openai.generate import Generator
from runners.runtimes.openai.prompts import WordPrompts, word_prompts
from runners.runtimes.openai.score import Scorer
from runners.runtimes.openai.server import Local
from runners.runtimes.openai.settings import OpenAISettings
from runners.runtimes.openai.stream import OpenAIStream
from runners.runtimes.openai.usage import Meter

_WORD_NUMBERS = 1 << 20  # what a load draws from where its prompts are words


class OpenAISession:
    """One endpoint. `local` says what is known of weights on this disk, None for a server elsewhere."""

    def __init__(self, endpoint: Endpoint, settings: OpenAISettings, local: Local | None) -> None:
        self._endpoint, self._settings, self._local = endpoint, settings, local
        self._meter = Meter(settings)
        self._generator = Generator(endpoint, settings, self._meter)
        self._scorer: Scorer | None = None
        self._words: WordPrompts | None = None

    def facts(self) -> Facts:
        """What the server says of itself, what was used, and how tokens were counted; unknown numbers are 0 or None."""
        endpoint, settings, local = self._endpoint, self._settings, self._local
        said = {
            "model": endpoint.model, "endpoint": settings.endpoint, "dialect": endpoint.dialect.name,
            "address": "started by the harness" if local else endpoint.base_url,
            "chat_template": text_digest(self.template()) if self.template() else "not told",
            "scored by": self._scored_by(), "load prompts": "words" if self._words else "token ids",
            "repeated requests": endpoint.client.retries, "chosen": local.chosen() if local else "",
        }
        version = endpoint.props.version or endpoint.props.build_info or "version not told"
        details = tuple(Detail(name, str(value)) for name, value in said.items() if value != "") + self._meter.details()
        return Facts(
            local.name if local else endpoint.owner, version, local.device if local else ELSEWHERE,
            local.weights_bytes if local else None, None, settings.context or endpoint.context or 0,
            self._vocabulary(), details, served=True)

    def render(self, chat: Sequence[tuple[str, str]], add_generation_prompt: bool) -> str:
        """Messages for a chat endpoint, packed; for completions through the server's own template where it applies it.

        Raises UserError where it does not.
        """
        if self._settings.endpoint == "chat":
            return messages.pack(chat, add_generation_prompt)
        if not self._endpoint.dialect.template:
            raise UserError("this server does not apply its chat template to a text",
                            "use runtime.options.endpoint=chat, or a suite with apply_chat_template: false")
        return self._endpoint.client.run(self._endpoint.apply_template(chat, add_generation_prompt))

    def template(self) -> str:
        """The chat template's source where the server shows it, else ""."""
        return self._endpoint.props.chat_template

    def tokenize(self, text: str) -> tuple[int, ...]:
        """Ids of a text, with what the server puts around it; raises UserError where prompts cannot go as ids."""
        if not self._endpoint.dialect.tokenize[0] or self._prompts() is not None:
            raise UserError("this server does not take a load's prompts as token ids", "use load.prompts=random")
        return tuple(self._endpoint.client.run(self._endpoint.tokenize(text)))

    def score(self, requests: Sequence[ScoreRequest]) -> Iterator[tuple[int, Score]]:
        """Log-likelihoods, once a probe has shown that the server's are right; raises UserError where they are not."""
        if requests:
            scorer = self._proved()
            yield from self._endpoint.client.each(scorer.score, requests)

    def roll(self, texts: Sequence[str]) -> Iterator[tuple[int, Score]]:
        """Log-likelihoods of whole texts; those longer than the context only where the server takes token ids."""
        if texts:
            scorer, window = self._proved(), self._settings.context or self._endpoint.context
            if window is None:
                raise UserError("the server does not tell its context length", "give runtime.options.context=TOKENS")
            yield from self._endpoint.client.each(partial(scorer.roll, window=window), texts)

    def generate(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Generation]]:
        """Replies, as many at once as `concurrency` says."""
        yield from self._endpoint.client.each(self._generator.reply, requests)

    @contextmanager
    def stream(self, slots: int) -> Iterator[OpenAIStream]:
        """A stream of at most `slots` requests at once."""
        yield OpenAIStream(self._endpoint, self._settings, self._prompts(), self._meter, slots)

    def _prompts(self) -> WordPrompts | None:
        """None where prompts go as token ids, which needs a server that takes them and a vocabulary to draw from."""
        chat = self._settings.endpoint == "chat"
        if not chat and self._known_vocabulary() and self._endpoint.takes_ids:
            return None
        if self._words is None:
            self._words = word_prompts(self._endpoint, chat)
        return self._words

    def _known_vocabulary(self) -> int | None:
        local = self._local.vocabulary if self._local else None
        return self._settings.vocabulary or self._endpoint.vocabulary or local

    def _vocabulary(self) -> int:
        return self._known_vocabulary() or _WORD_NUMBERS

    def _proved(self) -> Scorer:
        if self._scorer is None:
            self._scorer = probe.choose(self._endpoint, self._settings, self._meter)
        return self._scorer

    def _scored_by(self) -> str:
        if self._scorer is None:
            return "nothing was scored"
        return f"{self._scorer.method.field}, prompts as {'token ids' if self._scorer.method.ids else 'text'}, probed"
