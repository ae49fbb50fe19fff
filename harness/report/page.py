"""What every page has in common: escaping, the style, the small script, and the policy that allows nothing else.

A page holds its style and script inline, and its policy (https://www.w3.org/TR/CSP3/) names them by their sha256: a
script, style, link or form that foreign text might smuggle in does not run even where escaping failed. It holds for
file:// pages too, since it stands in the page itself.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.report.wording import public

TEMPLATES = Path(__file__).parent / "templates"


def environment() -> Environment:
    """Templates in which every string is escaped, shown without paths and control characters, and must be defined."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def asset(name: str, folder: Path = TEMPLATES) -> Markup:
    """A style or script of ours from templates/, to stand in a page as it is, with no byte before or after it."""
    text = (folder / name).read_text(encoding="utf-8")
    if "</" in text:
        raise ValueError(f"{name}: an end tag would close the element it stands in")
    return Markup(text)


def policy(styles: Sequence[str], scripts: Sequence[str], more: Mapping[str, str] | None = None) -> Markup:
    """The content of the page's Content-Security-Policy: these inline texts (exactly) and nothing from anywhere.

    `more`, which has to be ours, adds sources to a directive or a directive: {"img-src": "data:"}. What comes back goes
    into a template as it is, since parts of a digest can look like a path.
    """
    allowed = {
        "default-src": "'none'",
        "style-src": " ".join(map(_digest, styles)) or "'none'",
        "script-src": " ".join(map(_digest, scripts)) or "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    for name, sources in (more or {}).items():
        allowed[name] = f"{allowed.get(name, '')} {sources}".replace("'none'", "").strip()
    return Markup("; ".join(f"{name} {' '.join(sources.split())}" for name, sources in allowed.items()))


def _digest(text: str) -> str:
    """A source expression for an inline element with this text."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _shown(value: object) -> object:
    """What any expression of a template prints: foreign strings without paths and control characters."""
    return public(value) if isinstance(value, str) and not isinstance(value, Markup) else value
