"""A terminal's screen, as far as the panel uses one: what stands on it after so many bytes, and whether it is whole."""

import re

_TOKEN = re.compile(r"\x1b\[(\??)([\d;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]")


class Screen:
    """`rows` holds every line, those that scrolled away too; lines longer than `columns` are folded as terminals do."""

    def __init__(self, columns: int) -> None:
        self.columns, self.rows, self.at, self.column = columns, [""], 0, 0
        self.cursor_shown = True

    def feed(self, text: str) -> "Screen":
        """Take what was written; raises ValueError for a sequence that this screen does not know."""
        for found in _TOKEN.finditer(text):
            if found[3]:
                self._control(found[1] + found[2], found[3])
            elif found[0] == "\r":
                self.column = 0
            elif found[0] == "\n":
                self._down()
                self.column = 0
            else:
                self._put(found[0])
        return self

    def _put(self, letter: str) -> None:
        if self.column >= self.columns:
            self._down()
            self.column = 0
        row = self.rows[self.at].ljust(self.column)
        self.rows[self.at] = row[: self.column] + letter + row[self.column + 1 :]
        self.column += 1

    def _down(self) -> None:
        self.at += 1
        if self.at == len(self.rows):
            self.rows.append("")

    def _control(self, value: str, kind: str) -> None:
        if kind == "A":
            self.at = max(0, self.at - int(value or 1))
        elif (kind, value) == ("K", "2"):
            self.rows[self.at] = ""
        elif kind in "hl" and value == "?25":
            self.cursor_shown = kind == "h"
        elif kind in "JH":  # the screen is cleared, from its top
            self.rows, self.at, self.column = [""], 0, 0
        elif kind != "m":
            raise ValueError(f"a control sequence of kind {kind} with {value!r}")

    @property
    def text(self) -> str:
        """All lines that have something on them."""
        return "\n".join(row.rstrip() for row in self.rows if row.strip())
