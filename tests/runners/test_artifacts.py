"""Finding, fetching, quantizing weights; nothing half-made is ever taken for whole."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

import huggingface_hub.constants

from harness.core.cell import Job, Prepared
from harness.core.config import Artifact
from harness.core.digest import file_digest
from harness.core.errors import NotFound, UserError
from runners.artifacts import Located, content_digest, locate
from runners.atomic import sweep
from runners.runtimes.llama_cpp import prepare
from tests.llama_jobs import llama_job

HUB = Artifact("hub", "nobody/nothing", "none.gguf", "abc")


def job_for(path: Path, cache: Path, scheme: str = "Q4_K_M") -> Job:
    """An unprepared job over `path`."""
    return msgspec.structs.replace(llama_job(path, scheme=scheme), cache=str(cache), prepared=None)


def test_weights_asked_for_as_they_are_stay_where_they_are(tiny_gguf: Path, tmp_path: Path) -> None:
    digest = file_digest(tiny_gguf)
    assert prepare(job_for(tiny_gguf, tmp_path, "")) == Prepared(
        str(tiny_gguf), tiny_gguf.stat().st_size, digest, digest, "as is")


def test_a_quantization_is_made_once_and_named_by_its_source(tiny_gguf: Path, tmp_path: Path) -> None:
    first, second = prepare(job_for(tiny_gguf, tmp_path)), prepare(job_for(tiny_gguf, tmp_path))
    assert (first.how, second.how) == ("quantized", "cached")
    assert first.sha256 == second.sha256 == file_digest(Path(first.path))
    assert Path(first.path).parent.name == first.source_sha256 == file_digest(tiny_gguf)
    assert first.bytes < 0.5 * tiny_gguf.stat().st_size
    assert [path.name for path in Path(first.path).parent.iterdir()] == [Path(first.path).name]


def test_every_tensor_can_be_widened_to_f32(tiny_gguf: Path, tmp_path: Path) -> None:
    made = prepare(job_for(tiny_gguf, tmp_path, "F32"))
    assert made.how == "quantized"
    assert made.bytes > 1.5 * tiny_gguf.stat().st_size


def test_an_unknown_quantization_is_refused_with_the_known_ones(tiny_gguf: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Q9_X.*Q4_K_M"):
        prepare(job_for(tiny_gguf, tmp_path, "Q9_X"))


def test_what_llama_cpp_cannot_quantize_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(200))
    with pytest.raises(UserError, match=r"cannot quantize .*broken\.gguf"):
        prepare(job_for(broken, tmp_path / "cache"))
    assert not list((tmp_path / "cache").rglob("*.gguf*"))


def test_weights_changed_since_the_plan_are_refused(tiny_gguf: Path, tmp_path: Path) -> None:
    job = job_for(tiny_gguf, tmp_path)
    artifact = msgspec.structs.replace(job.cell.artifact, sha256="0" * 64)
    with pytest.raises(UserError, match="changed since the plan"):
        prepare(msgspec.structs.replace(job, cell=msgspec.structs.replace(job.cell, artifact=artifact)))


def test_a_digest_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    path, cache = tmp_path / "w.bin", tmp_path / "cache"
    path.write_bytes(b"one")
    assert content_digest(Located(path), cache) == file_digest(path)
    note = next((cache / "digests").iterdir())
    note.write_text("from the note")
    assert content_digest(Located(path), cache) == "from the note"
    path.write_bytes(b"other")
    assert content_digest(Located(path), cache) == file_digest(path)


def test_shards_count_as_one(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"m-0000{number}-of-00002.gguf").write_bytes(bytes(number))
    weights = Located(tmp_path / "m-00001-of-00002.gguf")
    before = content_digest(weights, tmp_path / "cache")
    assert (len(weights.files), weights.bytes) == (2, 3)
    (tmp_path / "m-00002-of-00002.gguf").write_bytes(b"abc")
    assert content_digest(weights, tmp_path / "cache") != before


def test_what_is_missing_is_named_with_a_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound, match=r"no file at .*/x\.gguf; "):
        locate(Artifact("path", str(tmp_path), "x.gguf"), tmp_path)
    with pytest.raises(NotFound, match=r"no built-in asset at .*/pocket/x\.gguf; "):
        locate(Artifact("builtin", "pocket", "x.gguf"), tmp_path)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    for artifact in (HUB, msgspec.structs.replace(HUB, file="a-00001-of-00002.gguf")):
        with pytest.raises(UserError, match=r"nobody/nothing.*HF_HUB_OFFLINE"):
            locate(artifact, tmp_path)


def test_unfinished_files_of_dead_processes_are_swept_and_others_kept(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    mine = tmp_path / f".Q4.gguf.{os.getpid()}.part"
    for path in (mine, tmp_path / f".Q4.gguf.{dead.pid}.part", tmp_path / "Q8.gguf"):
        path.touch()
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([mine.name, "Q8.gguf"])


@pytest.mark.engine
def test_a_killed_quantize_leaves_no_half_file_and_the_next_one_succeeds(tmp_path: Path) -> None:
    from tests.tiny_gguf import write_tiny

    source, scratch, cache = write_tiny(tmp_path / "m.gguf", layers=12), tmp_path / "scratch", tmp_path / "cache"
    scratch.mkdir()
    (scratch / "job.json").write_bytes(msgspec.json.encode(job_for(source, cache, "Q3_K_M")))
    child = subprocess.Popen([sys.executable, "-m", "runners.prepare", str(scratch)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and child.poll() is None and not list(cache.rglob("*.gguf.*.part")):
        time.sleep(0.001)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert child.returncode == -signal.SIGKILL
    assert [path.suffix for path in cache.rglob("*.gguf*")] == [".part"]
    assert not (scratch / "prepared.json").exists()
    subprocess.run([sys.executable, "-m", "runners.prepare", str(scratch)], stderr=subprocess.DEVNULL, check=True)
    made = msgspec.json.decode((scratch / "prepared.json").read_bytes(), type=Prepared)
    assert made.sha256 == file_digest(Path(made.path))
    assert not list(cache.rglob("*.part"))
