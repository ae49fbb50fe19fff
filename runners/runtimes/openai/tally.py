"""How many tokens came when: the chunks of one streamed reply as token events. Pure.

Counts come from token ids, else from counts in every chunk (usage or timings), else from the final usage, else from
the limit where the server says that it was reached, else from tokenizing the text again. The first two are known as
they come; with the others a reply's tokens are spread over its chunks by their bytes, when all is known.
"""

from dataclasses import dataclass, field

from harness.core.errors import HarnessError
from runners.runtimes.openai.wire import Choice, Reply, Usage

LIVE = ("token ids", "counts in every chunk")
_DIFFERENCE = 0.02


@dataclass
class Tally:
    """One reply. `source` is settled by its first chunk with content: "" until then or where it has no count."""

    source: str = ""
    counted: int = 0
    chunks: list[tuple[int, int]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    usage: Usage | None = None
    cached: int | None = None
    finish: str = ""
    first_answer_ns: int = 0
    prefill_seconds: float = 0.0

    def add(self, reply: Reply, at_ns: int) -> int:
        """Take one event of the stream and return the tokens it is known to bring, 0 where that is not known yet."""
        choice = reply.choices[0] if reply.choices else Choice()
        self._remember(reply, choice)
        said = choice.generated
        self.text.append(said)
        if not said and not choice.token_ids:
            return 0  # a role, a finish reason, a count: nothing was generated
        self.chunks.append((at_ns, max(1, len(said.encode()))))
        if not self.first_answer_ns and said != choice.thought:
            self.first_answer_ns = at_ns
        new = self._new(reply, choice)
        self.counted += new
        return new

    def _remember(self, reply: Reply, choice: Choice) -> None:
        self.finish = choice.finish_reason or self.finish
        if reply.usage is not None:
            self.usage = reply.usage
            if details := reply.usage.prompt_tokens_details:
                self._cached(details.cached_tokens)
        if reply.timings is not None:
            self._cached(reply.timings.cache_n)
            self.prefill_seconds = (reply.timings.prompt_ms or 0.0) / 1e3

    def _cached(self, tokens: int | None) -> None:
        if tokens is not None:
            self.cached = max(self.cached or 0, tokens)

    def _new(self, reply: Reply, choice: Choice) -> int:
        so_far = reply.timings.predicted_n if reply.timings else None
        if so_far is None and reply.usage:
            so_far = reply.usage.completion_tokens
        if len(self.chunks) == 1:
            self.source = LIVE[0] if choice.token_ids is not None else LIVE[1] if so_far else ""
        if self.source == LIVE[0]:
            return len(choice.token_ids or ())
        if self.source == LIVE[1]:
            return max(0, (so_far or 0) - self.counted)
        return 0

    def total(self, asked: int, again: int | None) -> tuple[int, str]:
        """(output tokens, where the number is from); `again` is the text tokenized anew.

        Raises HarnessError where counts contradict one another or there is none.
        """
        final = self.usage.completion_tokens if self.usage else None
        limit = asked if self.finish == "length" else None
        found = {self.source: self.counted} if self.source else {}
        found |= {"final usage": final} if final is not None else {}
        found |= {"the limit it reached": limit} if limit is not None else {}
        found |= {"tokenizing again": again} if again is not None and not found else {}
        if not found:
            raise HarnessError("the server tells neither token ids nor usage: its tokens cannot be counted")
        source, tokens = next(iter(found.items()))
        other = next((f"{name} says {value}" for name, value in found.items() if value != tokens), "")
        if other:
            raise HarnessError(f"the server's token counts contradict: {source} says {tokens}, {other}")
        return tokens, source

    def spread(self, tokens: int) -> list[tuple[int, int]]:
        """(time, tokens) of every chunk with tokens: at least one in the first, the last one's in the last."""
        if not self.chunks:
            raise HarnessError(f"the server counts {tokens} output tokens and streamed no content")
        whole = sum(size for _, size in self.chunks)
        events, seen, done = [], 0, 0
        for at, (at_ns, size) in enumerate(self.chunks):
            seen += size
            last = at == len(self.chunks) - 1
            upto = tokens if last or tokens == 1 else min(-(-tokens * seen // whole), tokens - 1)
            if upto > done:
                events.append((at_ns, upto - done))
            done = max(done, upto)
        return events


def count_differs(tokens: int, again: int) -> bool:
    """Whether two counts of the same reply are more than 2 % apart."""
    return abs(again - tokens) > _DIFFERENCE * tokens
