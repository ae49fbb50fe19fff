"""The identity of local weights."""

import os
from pathlib import Path

import pytest

from harness.core.config import Artifact
from harness.core.digest import file_digest
from harness.plan.artifact import Unusable, local_bytes, locate
from tests.plan.points import assets


def test_a_built_in_file_has_its_digest_and_a_path_that_holds_anywhere(tmp_path: Path) -> None:
    found = locate(Artifact("builtin", "m.gguf"), assets(tmp_path))
    assert (found.location, found.sha256) == ("m.gguf", file_digest(tmp_path / "m.gguf"))


def test_a_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assets(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert locate(Artifact("path", "m.gguf"), tmp_path).location == str(tmp_path / "m.gguf")


def test_a_model_card_leaves_a_folders_identity_alone_and_weights_do_not(tmp_path: Path) -> None:
    hf = Artifact("builtin", "hf")
    before = locate(hf, assets(tmp_path))
    (tmp_path / "hf" / "README.md").write_text("a card")
    assert locate(hf, tmp_path) == before
    (tmp_path / "hf" / "model.safetensors").write_bytes(b"other")
    assert locate(hf, tmp_path) != before
    assert local_bytes(hf, tmp_path) == 5


def test_a_large_file_is_known_by_size_and_time(tmp_path: Path) -> None:
    big = tmp_path / "big.gguf"
    with big.open("wb") as stream:
        stream.truncate(1_000_000_001)  # sparse: takes no room
    os.utime(big, (0, 86_400))
    found = locate(Artifact("path", str(big)), tmp_path)
    assert (found.sha256, found.revision) == ("", "1000000001 bytes, changed 1970-01-02T00:00:00Z")


def test_hub_weights_are_left_as_they_are(tmp_path: Path) -> None:
    hub = Artifact("hub", "a/b", "c.gguf")
    assert locate(hub, tmp_path) == hub
    assert local_bytes(hub, tmp_path) is None


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"no weights at .*nothing\.gguf"):
        locate(Artifact("path", str(tmp_path / "nothing.gguf")), tmp_path)
