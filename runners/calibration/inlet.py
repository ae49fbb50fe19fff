"""HTTP requests out of a connection's bytes, as far as clients of a completions server send them (RFC 9112)."""

from dataclasses import dataclass

_MOST_BYTES = 64 << 20


class Malformed(ValueError):
    """Bytes that are no request this server reads."""


@dataclass(frozen=True)
class Request:
    """Method, path without its query, header names in lower case, body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Inlet:
    """The bytes of one connection that are not read yet."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._request: Request | None = None
        self._length = 0

    def feed(self, data: bytes) -> Request | None:
        """The request that these bytes complete, None if it needs more. Raises Malformed."""
        self._bytes += data
        if self._request is None and not self._head():
            return None
        if self._request is None or len(self._bytes) < self._length:
            return None
        head, body = self._request, bytes(self._bytes[: self._length])
        del self._bytes[: self._length]
        self._request = None
        return Request(head.method, head.path, head.headers, body)

    def _head(self) -> bool:
        end = self._bytes.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = self._bytes[:end].decode("latin-1").split("\r\n")
        del self._bytes[: end + 4]
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        words, length = first.split(" "), headers.get("content-length", "0")
        if len(words) != 3 or not length.isdigit() or "transfer-encoding" in headers:
            raise Malformed(f"not a request with a length: {first[:80]}")
        self._length = int(length)
        if self._length > _MOST_BYTES:
            raise Malformed("the body is too long")
        self._request = Request(words[0], words[1].partition("?")[0], headers, b"")
        return True
