"""A key is in the environment and in the request's header, and nowhere else, whatever a server does with it."""

import base64
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from harness.core.errors import HarnessError, UserError
from harness.core.runtime import GenerateRequest, StreamRequest
from runners.runtimes.openai import open_session
from runners.runtimes.openai.secret import Secret
from runners.runtimes.openai.session import OpenAISession
from tests.byte_server import running
from tests.hostile_server import HostileServer
from tests.openai_jobs import openai_job

KEY = 'sk-very/secret+"key"=1234567890'
SPELLINGS = (KEY, quote(KEY, safe=""), KEY.replace('"', '\\"'), base64.b64encode(KEY.encode()).decode())
ROOT = Path(__file__).parents[3]


def test_every_spelling_of_a_key_is_hidden() -> None:
    secret = Secret(KEY)
    hidden = secret.hide(" and ".join(SPELLINGS))
    assert hidden == " and ".join(["[key]"] * 4)
    assert secret.hide_bytes(KEY.encode()) == b"[key]"
    assert KEY not in repr(secret)
    assert Secret("").hide("as it is") == "as it is"


def _ask(session: OpenAISession, streamed: bool) -> None:
    if not streamed:
        list(session.generate([GenerateRequest("a", 2)]))
        return
    with session.stream(1) as stream:
        stream.submit(StreamRequest(1, (1, 2), 3))
        stream.poll(20.0)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_key_echoed_in_an_error_is_cut_out(streamed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", KEY)
    with running(HostileServer("echo_headers")) as url:
        job = openai_job(tmp_path, {"base_url": url, "api_key_env": "A_KEY", "vocabulary": 256})
        with open_session(job) as session, pytest.raises(HarnessError, match=r"Bearer \[key\]") as raised:
            _ask(session, streamed)
    assert not any(spelling in str(raised.getrepr(showlocals=False)) for spelling in SPELLINGS)


@pytest.mark.parametrize(("value", "message"), [(None, "A_KEY .* is not set"), ("short", "too short to be a key")])
def test_a_key_that_is_not_there_is_said_by_its_name(
        value: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_KEY", raising=False)
    if value:
        monkeypatch.setenv("A_KEY", value)
    job = openai_job(tmp_path, {"base_url": "http://127.0.0.1:1/v1", "api_key_env": "A_KEY"})
    with pytest.raises(UserError, match=message), open_session(job):
        pass


def _harness(folder: Path, *overrides: str) -> str:
    """The output of a run of this harness in a folder of its own."""
    words = ["run", "model=hosted", "model.artifacts.as_served.location=bytes", "quant=as_served", "runtime=openai",
             "baseline=none", "tasks=[pocket_extract]", "limit=2", *overrides]
    done = subprocess.run(
        [sys.executable, "-m", "harness", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=100,
        env={**os.environ, "A_KEY": KEY, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache")})
    return done.stdout + done.stderr


@pytest.mark.parametrize(("fault", "matrix", "cells"), [("echo_headers", "default", 4), ("", "quality", 1)],
                         ids=["failing", "answering"])
def test_whole_cells_keep_the_key_out_of_every_file_and_of_the_output(
        fault: str, matrix: str, cells: int, tmp_path: Path) -> None:
    with running(HostileServer(fault)) as url:
        said = _harness(tmp_path, f"runtime.options.base_url={url}", "runtime.options.api_key_env=A_KEY",
                        "runtime.options.endpoint=chat", "runtime.options.retry_seconds=1", f"matrix={matrix}")
    records = list((tmp_path / "results").rglob("record.json"))
    assert len(records) == cells, said
    assert any('"failed"' in record.read_text() for record in records) == bool(fault), said
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) > 5
    for spelling in SPELLINGS:
        assert spelling not in said
        assert [path for path in kept if spelling.encode() in path.read_bytes()] == []


def test_a_key_given_where_its_name_belongs_reaches_no_plan(tmp_path: Path) -> None:
    said = _harness(tmp_path, "runtime.options.base_url=http://h/v1", "runtime.options.api_key_env=sk-1234567890")
    assert "takes the name of an environment variable" in said
    assert "sk-1234567890" not in said
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"sk-1234567890" in path.read_bytes()]
