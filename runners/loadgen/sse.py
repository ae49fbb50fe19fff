"""Server-sent events: the data of every event in a body, and where in it the event was complete. Pure.

Source: WHATWG HTML, 9.2.6 "Interpreting an event stream". Lines are split as bytes, so that a network read may end
anywhere, inside a character too. Lines end in LF or CR LF; a bare CR, which no server of ours sends, is not an end.
"""

from collections.abc import Iterator


def data_of(body: bytes) -> Iterator[tuple[bytes, int]]:
    """(data, end) of each event that has data: `end` is the offset behind the blank line that completes it.

    What a body leaves that ends without its last blank line is an event too.
    """
    if b"\r\n" in body:
        yield from _by_line(body)
        return
    end = 0
    for block in body.split(b"\n\n"):
        end += len(block) + 2
        if block[:6] == b"data: " and b"\n" not in block:  # as nearly all are
            yield block[6:], min(end, len(body))
        elif data := _lines(block.split(b"\n")):
            yield b"\n".join(data), min(end, len(body))


def _by_line(body: bytes) -> Iterator[tuple[bytes, int]]:
    held: list[bytes] = []
    end = 0
    for line in (*body.split(b"\n"), b""):
        end += len(line) + 1
        line = line.removesuffix(b"\r")
        held += [] if line == b"" else [line]
        if not line:
            if data := _lines(held):
                yield b"\n".join(data), min(end, len(body))
            held = []


def _lines(lines: list[bytes]) -> list[bytes]:
    """The data of an event's lines."""
    return [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:")]
