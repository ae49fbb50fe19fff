"""The little of HTTP/1.1 that a load needs: a request as bytes, where a reply ends, and its body. Pure.

Source: RFC 9112, sections 4 (status line), 6 (message body) and 7.1 (chunked coding).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.core.errors import HarnessError, UserError
from runners.loadgen.messages import Target

HEAD_END = b"\r\n\r\n"
_MOST_HEAD = 64 << 10
_DONE = (b"[DONE]\n\n", b"[DONE]\r\n\r\n")
# The last event of a stream, alone or as the data of a chunk: some servers keep a connection open after it.
_ENDS_CHUNKED = (b"0\r\n\r\n", *(end + b"\r\n" for end in _DONE))


@dataclass(frozen=True)
class Head:
    """Status line and headers, their names in lower case; `size` is how many bytes they take."""

    status: int
    reason: str
    headers: dict[str, str]
    size: int

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks with their lengths."""
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def length(self) -> int | None:
        """Bytes of the body, None where it ends with the connection or in chunks."""
        told = self.headers.get("content-length", "")
        return int(told) if told.isdigit() and not self.chunked else None

    @property
    def ends(self) -> tuple[bytes, ...]:
        """What the last read of a whole reply ends with; b"", as every read does, where there is a length instead."""
        return _ENDS_CHUNKED if self.chunked else _DONE if self.length is None else (b"",)


def request_head(target: Target) -> bytes:
    """All of a request up to the value of Content-Length, which comes last.

    Raises UserError for a header that would break out of its line; says its name only.
    """
    url = urlsplit(target.url)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    headers = {"Host": url.netloc.rpartition("@")[2], "User-Agent": "quantharness", "Accept": "*/*",
               "Accept-Encoding": "identity", "Connection": "close", "Content-Type": "application/json",
               **target.headers}
    for name, value in headers.items():
        if any(character in name + value for character in "\r\n\0"):
            raise UserError(f"the value of the header {name} holds a line break")
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "Content-Length: "]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def parse_head(raw: bytes) -> Head | None:
    """The head of a reply, None where it is not whole; raises HarnessError for what is not HTTP/1."""
    end = raw.find(HEAD_END, 0, _MOST_HEAD)
    if not raw.startswith(b"HTTP/1."[:len(raw)]) or (end < 0 and len(raw) >= _MOST_HEAD):
        raise HarnessError("the server does not answer in HTTP/1.1")
    if end < 0:
        return None
    first, *lines = raw[:end].decode("latin-1").split("\r\n")
    _, _, rest = first.partition(" ")
    code, _, reason = rest.partition(" ")
    if not (len(code) == 3 and code.isascii() and code.isdigit()):
        raise HarnessError("the server's status line has no status")
    pairs = (line.partition(":") for line in lines)
    return Head(int(code), reason, {name.strip().lower(): value.strip() for name, _, value in pairs}, end + 4)


@dataclass(frozen=True)
class Body:
    """Where in the raw bytes the parts of a body lie, and whether all of it is there."""

    spans: tuple[tuple[int, int], ...]
    whole: bool


def body_of(raw: bytes, head: Head) -> Body:
    """The body after `head`, as far as it came; raises HarnessError for chunks that are none."""
    if head.chunked:
        spans = tuple(_chunks(raw, head.size))
        # Some servers send the last event and then nothing for a while: what matters is there.
        return Body(spans, bool(spans) and spans[-1][0] == spans[-1][1] or raw.endswith(head.ends))
    if head.length is not None:
        return Body(((head.size, min(head.size + head.length, len(raw))),), len(raw) >= head.size + head.length)
    return Body(((head.size, len(raw)),), True)


def _chunks(raw: bytes, at: int) -> Iterator[tuple[int, int]]:
    """(start, end) of every chunk's data, the last one empty; ends early where the bytes do."""
    while (line := raw.find(b"\r\n", at)) >= 0:
        try:
            size = int(raw[at:line].partition(b";")[0], 16)
        except ValueError:
            size = -1
        start, end = line + 2, line + 2 + size
        if size < 0 or (size and not b"\r\n".startswith(raw[end:end + 2])):
            raise HarnessError("the server's chunked reply has chunks of other lengths than it says")
        if start < len(raw) or not size:
            yield start, min(end, len(raw))
        if not size:
            return
        at = end + 2
