"""Where a Chromium is found: the one that was named, else the first of the usual names."""

from pathlib import Path

from tools.chromium import find


def program(folder: Path, name: str) -> str:
    """An executable file."""
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_the_first_of_the_usual_names_is_taken(tmp_path: Path) -> None:
    program(tmp_path, "google-chrome")
    wanted = program(tmp_path, "chromium")
    assert find({"PATH": str(tmp_path)}) == wanted


def test_the_one_that_is_named_goes_first_and_is_not_replaced(tmp_path: Path) -> None:
    program(tmp_path, "chromium")
    own = program(tmp_path, "mine")
    assert find({"PATH": str(tmp_path), "CHROMIUM": own}) == own
    assert find({"PATH": str(tmp_path), "CHROMIUM": str(tmp_path / "nowhere")}) is None


def test_none_is_said_where_there_is_none(tmp_path: Path) -> None:
    assert find({"PATH": str(tmp_path)}) is None
