"""What a session used and where its token counts came from; impossible counts are refused, never kept."""

from collections import Counter

from harness.core.errors import HarnessError
from harness.core.runtime import Detail
from runners.runtimes.openai.settings import OpenAISettings

_MILLION = 1_000_000


class Meter:
    """Sums over a session, for its facts. Only whole replies are counted; a repeated request costs more than is known.
    """

    def __init__(self, settings: OpenAISettings) -> None:
        self._prices = settings.usd_per_million_prompt, settings.usd_per_million_output
        self.prompt = self.output = self.requests = 0
        self.notes: Counter[str] = Counter()

    def add(self, prompt_tokens: int, output_tokens: int) -> None:
        """Count one reply."""
        self.prompt += prompt_tokens
        self.output += output_tokens
        self.requests += 1

    @property
    def cost_usd(self) -> float | None:
        """What the counted replies cost, None where a price is not known."""
        prompt, output = self._prices
        if prompt is None or output is None:
            return None
        return (self.prompt * prompt + self.output * output) / _MILLION

    def details(self) -> tuple[Detail, ...]:
        """Requests, tokens, cost, and what was noted on the way."""
        cost = "not known: no price in the configuration" if self.cost_usd is None else f"{self.cost_usd:.6f}"
        said = {"requests answered": self.requests, "prompt tokens": self.prompt, "output tokens": self.output,
                "cost in USD": cost, **self.notes}
        return tuple(Detail(name, str(value)) for name, value in said.items())


def check_counts(prompt: int, output: int, text: str, most: int) -> None:
    """Raise HarnessError for counts that cannot be: more than asked, none for a text, or a prompt of none."""
    if output > most or output < 0:
        raise HarnessError(f"the server counts {output} output tokens where at most {most} were asked for")
    if text and not output:
        raise HarnessError("the server counts no output tokens and sends a text")
    if output > 1 and len(text.encode()) > 512 * output:
        raise HarnessError(f"the server counts {output} output tokens for {len(text.encode())} bytes of text")
    if prompt <= 0:
        raise HarnessError(f"the server counts {prompt} prompt tokens")
