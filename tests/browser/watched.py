"""A page that keeps what a reader would never see: errors, blocked content, requests, dialogs."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

LAPTOP, PHONE = (1366, 768), (390, 844)
_BLOCKED = "document.addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective))"


@dataclass(frozen=True)
class Watched:
    """A page and every complaint about it so far."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, path: Path, anchor: str = "") -> Page:
        """Go to a file, as a reader does who double-clicks it."""
        self.page.goto(path.resolve().as_uri() + anchor, wait_until="load")
        return self.page

    def forgiven(self) -> None:
        """Close the page and forget what was provoked on purpose; what came through to a network is not forgotten."""
        self.page.context.close()
        self.complaints.clear()
        self.asked.clear()

    def settled(self) -> None:
        """Nothing went wrong, nothing was asked of any machine."""
        assert self.complaints == []
        assert [url for url in self.asked if not url.startswith(("file:", "data:", "blob:"))] == []


def watch(context: BrowserContext) -> Watched:
    """A new page of the context."""
    page = context.new_page()
    page.add_init_script(_BLOCKED)
    watched = Watched(page)
    complain = watched.complaints.append
    page.on("console", lambda one: complain(f"console: {one.text}") if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda one: complain(f"error: {one}"))
    page.on("crash", lambda _: complain("the page crashed"))
    page.on("dialog", lambda one: _refuse(one, complain))
    page.on("popup", lambda one: complain(f"window: {one.url}"))
    page.on("download", lambda one: complain(f"download: {one.url}"))
    page.on("requestfailed", lambda one: complain(f"not loaded: {one.url}"))
    page.on("request", lambda one: watched.asked.append(one.url))
    return watched


def _refuse(dialog: Any, complain: Any) -> None:
    complain(f"dialog: {dialog.message}")
    dialog.dismiss()


class Trap:
    """A proxy that no page should ever use: it counts who came, and answers nobody.

    It sees what a page's events do not tell of, such as a connection made ahead of a request. What the browser asks of
    its maker on its own account is not the page's doing.
    """

    _OWN = ("google.com", "googleapis.com", "gstatic.com")

    def __init__(self) -> None:
        self.came: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """What the browser takes as its proxy."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        """Stop listening."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(1)
                line = _first_line(connection)
                if not any(f"{name}:443 " in line or f"{name}/" in line for name in self._OWN):
                    self.came.append(line)


def _first_line(connection: socket.socket) -> str:
    try:
        return connection.recv(4096).decode("latin-1").split("\r\n")[0]
    except TimeoutError:
        return "a connection that said nothing"
