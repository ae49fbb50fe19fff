"""TLS over bytes that somebody else reads from the socket, so that a read is stamped before it is decrypted."""

import ssl

from runners.loadgen.messages import Target

_PIECE = 1 << 16


def context_of(target: Target) -> ssl.SSLContext | None:
    """The context of an https target, else None; raises OSError for a `ca_file` that cannot be read."""
    if not target.url.lower().startswith("https:"):
        return None
    context = ssl.create_default_context(cafile=target.ca_file or None)
    if not target.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Channel:
    """One connection: ciphertext in and out, plaintext in and out."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=host)

    def shake(self, received: bytes = b"") -> bool:
        """Go on with the handshake; True when it is done. Raises ssl.SSLError, also for a wrong certificate."""
        self._in.write(received)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def seal(self, plain: bytes) -> None:
        """Encrypt a request; `outgoing` then has it."""
        while plain:
            plain = plain[self._tls.write(plain):]

    def outgoing(self) -> bytes:
        """What is to be sent."""
        return self._out.read()

    def open(self, received: bytes) -> bytes:
        """The plaintext that these bytes complete; raises ssl.SSLError, ssl.SSLEOFError at the end of the stream."""
        if received:
            self._in.write(received)
        else:
            self._in.write_eof()
        parts = []
        try:
            while part := self._tls.read(_PIECE):
                parts.append(part)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        return b"".join(parts)
