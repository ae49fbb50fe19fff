"""How fast answers come, over the last half minute: a rate over a whole cell would lag behind a change of task."""

from collections import deque
from typing import NamedTuple

from harness.core.progress import Progress

_WINDOW_SECONDS, _SETTLED_SECONDS = 30.0, 2.0  # below the latter a rate is one of the first few answers


class Rates(NamedTuple):
    """Items and tokens (read, written) per second, None where that is not known yet."""

    items: float | None = None
    prompt_tokens: float | None = None
    output_tokens: float | None = None


class Rate:
    """Of one cell; told what its child said, and when (seconds)."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Progress]] = deque()

    def tell(self, now: float, progress: Progress) -> Rates:
        """The rates with this."""
        self._seen.append((now, progress))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _WINDOW_SECONDS:
            self._seen.popleft()
        since, first = self._seen[0]
        seconds = now - since
        if seconds < _SETTLED_SECONDS:
            return Rates()
        pairs = ((progress.done, first.done), (progress.prompt_tokens, first.prompt_tokens),
                 (progress.output_tokens, first.output_tokens))
        return Rates(*((after - before) / seconds or None for after, before in pairs))
