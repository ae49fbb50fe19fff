"""The API key: read once from the environment, sent in one header, and cut out of everything that comes back."""

import base64
import json
import os
from urllib.parse import quote

from harness.core.errors import UserError

_HIDDEN = "[key]"


class Secret:
    """A key that does not show itself; falsy where there is none."""

    def __init__(self, key: str) -> None:
        self._key = key
        spellings = {key, quote(key, safe=""), json.dumps(key)[1:-1], base64.b64encode(key.encode()).decode()}
        # Longest first, so that no spelling is left as the rest of another.
        self._spellings = sorted((one for one in spellings if one), key=len, reverse=True) if key else []

    def __bool__(self) -> bool:
        return bool(self._key)

    def __repr__(self) -> str:
        return f"Secret({_HIDDEN})"

    def headers(self) -> dict[str, str]:
        """What a request carries."""
        return {"Authorization": f"Bearer {self._key}"} if self._key else {}

    def hide(self, text: str) -> str:
        """The text without the key, in its plain, URL, JSON and base64 spelling."""
        for spelling in self._spellings:
            text = text.replace(spelling, _HIDDEN)
        return text

    def hide_bytes(self, body: bytes) -> bytes:
        """`hide` for what came over the wire."""
        for spelling in self._spellings:
            body = body.replace(spelling.encode(), _HIDDEN.encode())
        return body


def read_secret(variable: str) -> Secret:
    """The key in the environment variable; no key for ""; raises UserError where the variable is not set."""
    if not variable:
        return Secret("")
    key = os.environ.get(variable, "").strip()
    if len(key) < 8:
        what = "is too short to be a key" if key else "is not set"
        raise UserError(f"the environment variable {variable} (runtime.options.api_key_env) {what}",
                        f"export {variable}=... and run again")
    return Secret(key)
