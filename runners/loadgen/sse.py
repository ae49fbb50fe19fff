"""Server-sent events, incrementally: bytes in, the data of whole events out. Pure.

Source: WHATWG HTML, 9.2.6 "Interpreting an event stream". Lines are split as bytes, so that a network chunk may end
anywhere, inside a character too. Lines end in LF or CR LF; a bare CR, which no server of ours sends, is not an end.
"""

from collections.abc import Iterator

from harness.core.errors import HarnessError

_MOST_BYTES = 8 << 20


class Events:
    """The state between chunks."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The data of every event that this chunk completes; raises HarnessError for an event beyond 8 MiB."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) + sum(map(len, self._data)) > _MOST_BYTES:
            raise HarnessError("the server's event stream sends an event without end")
        for line in lines:
            yield from self._line(line.removesuffix(b"\r"))

    def end(self) -> Iterator[bytes]:
        """What a stream leaves that ends without its last empty line."""
        yield from self._line(self._rest.removesuffix(b"\r"))
        yield from self._line(b"")

    def _line(self, line: bytes) -> Iterator[bytes]:
        if not line:
            if self._data:
                yield b"\n".join(self._data)
            self._data = []
        elif line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
