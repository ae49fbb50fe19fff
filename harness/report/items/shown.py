"""Texts as the browser shows them: long ones cut in the middle, chats as their turns, all of it plain ASCII JSON."""

import json
import re
from typing import Any

from harness.core.record import ItemText

_CHAT = "\x02chat\x03"
_UNSAFE = re.compile(r"[<>&\x7f]")
EXCERPT = 96

Cut = str | list[Any]
"""A text, or of one that is too long [beginning, end, number of characters in all]."""


def literal(value: object) -> str:
    """JSON that is a JavaScript expression of the same value, in ASCII, without a character that HTML knows."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def cut(text: str, longest: int, head: float) -> Cut:
    """The text, or its beginning (the share `head` of `longest` characters) and its end."""
    if len(text) <= longest:
        return text
    first = int(longest * head)
    return [text[:first], text[first - longest :], len(text)]


def prompt(text: str) -> str:
    """A prompt for reading: what was packed for a chat endpoint as the turns it holds."""
    if not text.startswith(_CHAT):
        return text
    try:
        messages = json.loads(text[len(_CHAT) :])["messages"]
        return "\n\n".join(f"[{role}]\n{said}" for role, said in messages)
    except (ValueError, KeyError, TypeError):
        return text


def excerpt(text: ItemText) -> str:
    """The end of an item's prompt in one line: few-shot examples stand before the question."""
    words = " ".join(prompt(text.prompt)[-4 * EXCERPT :].split())
    if len(words) <= EXCERPT:
        return words
    end = words[-EXCERPT:]
    return "… " + (end.partition(" ")[2] or end)
