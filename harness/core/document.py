"""How a document of lm-eval is named and its prompts are hashed: alike for what we measure and what is imported.

Equal names and hashes are what lets an arm measured here stand beside one that lm-eval measured elsewhere.
"""

import re
from collections.abc import Iterable

from harness.core.digest import text_digest

_OURS = re.compile(r"([0-9a-f]{16})?|(given|lm_eval):.*", re.DOTALL)


def name_of(doc: object, number: int, seen: set[str]) -> str:
    """An id that no other document of the task has, added to `seen`: not every data set's "id" names one document."""
    name = str(doc.get("id", number)) if isinstance(doc, dict) else str(number)
    if name in seen:
        name = f"{name}#{number}"
    seen.add(name)
    return name


def field(doc: object, key: str) -> str:
    """A field of a document as text, "" where it has none: "template" is its cluster, "level" its level."""
    return str(doc.get(key, "")) if isinstance(doc, dict) else ""


def prompts_digest(prompts: Iterable[str]) -> str:
    """16 hex digits naming all prompts of one document, in order."""
    return text_digest("\x1e".join(prompts))


def foreign_hash(found: str, kind: str) -> str:
    """A prompt's hash that another tool made, marked with its kind; "" stays, and so does what we made or marked."""
    return found if _OURS.fullmatch(found) else f"{kind}:{found}"


def hash_kind(marked: str) -> str:
    """The kind of a prompt's hash, "" for ours: only hashes of one kind can be compared."""
    return marked.partition(":")[0] if ":" in marked else ""
