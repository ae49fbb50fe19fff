"""When and how long to wait before a request is repeated: exponential back-off with full jitter, bounded in all.

Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015; Retry-After as in RFC 9110, 10.2.3.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_SECONDS, LONGEST_SECONDS = 0.5, 30.0
# Too early, too many, time-out of the server, and whatever is broken behind a proxy.
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})


class Again(Exception):
    """A failure that may pass; `after_seconds` is what the server asked to wait, None where it did not."""

    def __init__(self, reason: str, after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds


@dataclass(frozen=True)
class Backoff:
    """Waits of one session. `seconds` bounds the time from the first failure of a request to its last attempt."""

    seconds: float
    rng: random.Random

    def wait(self, attempt: int, asked: float | None, since_first: float) -> float | None:
        """Seconds to wait after failed attempt number `attempt` (from 0), None where the budget does not allow it."""
        most = min(FIRST_SECONDS * 2.0**attempt, LONGEST_SECONDS)
        # Jitter on top of what the server asked, so that all who were turned away do not come back at once.
        wait = self.rng.uniform(0, most) if asked is None else asked + self.rng.uniform(0, FIRST_SECONDS)
        return wait if since_first + wait <= self.seconds else None


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for (a number or an HTTP date), None where there is none to read."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            until = parsedate_to_datetime(header)
        except (TypeError, ValueError):
            return None
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        seconds = (until - (now or datetime.now(UTC))).total_seconds()
    return max(seconds, 0.0) if seconds == seconds else None
