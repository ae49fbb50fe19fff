"""Text and JSON from files that others wrote: whatever is wrong with them becomes one line that says where."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.core.errors import NotFound, UserError
from harness.exchange.source import malformed

_AGAIN = "write or copy the file again"


def data_of(path: Path) -> bytes:
    """The file's bytes; raises UserError for one that is missing, unreadable or empty."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path}: {error.strerror}", "check the path") from error
    if not data.strip():
        raise malformed(path, "the file is empty", _AGAIN)
    return data


def text_of(path: Path) -> str:
    """The file as text without a byte order mark; raises UserError, with the line, for what is not UTF-8."""
    return _decoded(data_of(path), path)


def _decoded(data: bytes, path: Path, line: int = 0) -> str:
    _refuse_utf16(data, path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = line or data.count(b"\n", 0, error.start) + 1
        raise malformed(path, f"not UTF-8 (byte 0x{data[error.start]:02x})", "save the file as UTF-8", at) from error


def _refuse_utf16(data: bytes, path: Path) -> None:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise malformed(path, "the text is UTF-16, not UTF-8", "save it as UTF-8 (PowerShell: Out-File -Encoding utf8)")


def json_object(path: Path) -> dict[str, Any]:
    """The file's one JSON object."""
    return parsed(data_of(path), path)


def parsed(data: bytes, path: Path) -> dict[str, Any]:
    """A JSON object from a file's bytes; raises UserError with the line at which it stops being one."""
    return _object(_decoded(data, path), path)


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of every line that is not blank; the whole file is checked while it is read."""
    data = data_of(path)
    _refuse_utf16(data, path)
    lines = data.split(b"\n")
    last = max(number for number, line in enumerate(lines, 1) if line.strip())
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, _object(_decoded(line, path, number), path, number)
        except UserError as error:
            if number == last and line.lstrip().startswith(b"{") and not line.rstrip().endswith(b"}"):
                raise malformed(path, "the last line is cut off, the file is not complete", _AGAIN, number) from error
            raise


def _object(text: str, path: Path, line: int = 0) -> dict[str, Any]:
    try:
        value = json.loads(text)
        if "\\u" in text:  # half of a surrogate pair is legal JSON, yet no text
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        reason = "the JSON is cut off, the file is not complete" if cut else f"not JSON: {error.msg}"
        raise malformed(path, reason, _AGAIN, line or error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise malformed(path, f"not usable JSON: {' '.join(str(error).split())[:120]}", _AGAIN, line) from error
    if not isinstance(value, dict):
        reason = f"an object was expected, not {type(value).__name__}"
        raise malformed(path, reason, "check that it is the right file", line)
    return value
