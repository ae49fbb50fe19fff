"""Where this computer keeps a Chromium: $CHROMIUM, else the first of the usual names on the path."""

import os
import shutil
from collections.abc import Mapping

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW = "install Chromium (Debian: apt-get install chromium) or set CHROMIUM=/path/to/it"


def find(variables: Mapping[str, str] = os.environ) -> str | None:
    """The program's path, None without one; a $CHROMIUM that is no program is None, not another browser."""
    named = variables.get("CHROMIUM")
    found = (shutil.which(name, path=variables.get("PATH")) for name in ((named,) if named else NAMES))
    return next((path for path in found if path), None)
