"""Where each page of a site lies, below its root: the same name has the same address in every publishing.

A slug that would lose something of a name carries a digest of it, whether or not another name is near.
"""

import re
from urllib.parse import quote

from harness.core.digest import text_digest

FRONT, MISSING, ATOM, JSON_FEED = "index.html", "404.html", "feed.xml", "feed.json"
RUNS = "run/"
_LETTERS = 60


def slug(name: str) -> str:
    """A name as a part of an address: lower-case letters, digits, dots, lines and hyphens."""
    plain = re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-.")[:_LETTERS]
    return plain if plain and plain == name else f"{plain}-{text_digest(name)[:8]}".lstrip("-")


def box(hw: str) -> str:
    """A box."""
    return f"box/{slug(hw)}.html"


def model(name: str) -> str:
    """A model."""
    return f"model/{slug(name)}.html"


def quant(name: str) -> str:
    """A quantization."""
    return f"quant/{slug(name)}.html"


def arm(hw: str, model_: str, quant_: str, runtime: str) -> str:
    """The history of an arm on a box."""
    return f"history/{slug(hw)}/{slug(model_)}/{slug(quant_)}/{slug(runtime)}.html"


def run(plan: str) -> str:
    """A run."""
    return f"{RUNS}{slug(plan)}.html"


def report(folder: str) -> str:
    """A report."""
    return f"reports/{quote(folder)}/index.html"


def up(path: str) -> str:
    """What stands before an address in a page at `path`: "../../" two folders below the root."""
    return "../" * path.count("/")
