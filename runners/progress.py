"""How far a child is, for the parent to show: a small file rewritten at most once a second."""

import time
from pathlib import Path


class Progress:
    """Counts replies; `path` holds "done total" as text."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done = self._total = 0
        self._written_at = 0.0

    def expect(self, replies: int) -> None:
        """More replies are to come."""
        self._total += replies

    def advance(self, replies: int = 1) -> None:
        """So many arrived."""
        self._done += replies
        now = time.monotonic()
        if now - self._written_at > 1:
            self._written_at = now
            self._path.write_text(f"{self._done} {self._total}")
