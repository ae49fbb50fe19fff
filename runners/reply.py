"""A reply that grows token by token: UTF-8 safe, and cut at the first stop string even where that spans tokens."""

import codecs


class Reply:
    """`text` so far; `stopped` once a stop string was found (the text then ends before it)."""

    def __init__(self, stop: tuple[str, ...]) -> None:
        self.text = ""
        self.stopped = False
        self._stop = tuple(one for one in stop if one)
        self._longest = max(map(len, self._stop), default=0)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, piece: bytes, *, final: bool = False) -> None:
        """Append a token's bytes; an unfinished character waits for the next ones, or is replaced when `final`."""
        new = self._decoder.decode(piece, final)
        if not new:
            return
        searched = max(0, len(self.text) - self._longest + 1)
        self.text += new
        found = [at for at in (self.text.find(one, searched) for one in self._stop) if at >= 0]
        if found:
            self.text, self.stopped = self.text[:min(found)], True
