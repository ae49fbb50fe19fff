"""Weights made on the box, with makers that need no engine: files and folders, whole or not at all."""

from pathlib import Path

import msgspec
import pytest

from harness.core.cell import Job
from harness.core.config import Artifact
from harness.core.errors import UserError
from runners.artifacts import Located
from runners.atomic import settle
from runners.making import prepare_made
from tests.cells import job, load_cell


@pytest.fixture
def asked(tmp_path: Path) -> Job:
    """A job that wants `4bit` of a model folder."""
    source = tmp_path / "model"
    source.mkdir()
    (source / "model.safetensors").write_bytes(bytes(100))
    (source / "README.md").write_text("a card")
    made = job(load_cell(), tmp_path)
    cell = msgspec.structs.replace(made.cell, artifact=Artifact("path", str(source)), scheme="4bit")
    return msgspec.structs.replace(made, cell=cell)


def copy_half(source: Path, target: Path) -> None:
    """Half of every tensor file, in a folder."""
    target.mkdir()
    for path in source.glob("*.safetensors"):
        (target / path.name).write_bytes(path.read_bytes()[::2])


def test_a_folder_is_made_once_and_named_by_its_source_and_maker(asked: Job) -> None:
    first, second = (prepare_made(asked, "", "maker 1.0", copy_half) for _ in range(2))
    assert (first.how, second.how, first.sha256) == ("quantized", "cached", second.sha256)
    assert (first.bytes, first.maker) == (50, "maker 1.0")
    assert Path(first.path).parts[-2:] == (first.source_sha256, "4bit-maker-1.0")


def test_another_maker_makes_its_own(asked: Job) -> None:
    first, second = (prepare_made(asked, "", maker, copy_half) for maker in ("maker 1.0", "maker 1.1"))
    assert (first.how, second.how) == ("quantized", "quantized")
    assert first.path != second.path


def test_a_maker_that_gives_up_half_way_leaves_nothing(asked: Job) -> None:
    def give_up(source: Path, target: Path) -> None:
        copy_half(source, target)
        raise UserError("the maker gave up")

    with pytest.raises(UserError, match="gave up"):
        prepare_made(asked, "", "maker 1.0", give_up)
    assert not [path for path in Path(asked.cache).rglob("*") if "4bit" in path.name]


def test_a_changed_card_makes_no_other_weights_of_a_folder(asked: Job) -> None:
    before = prepare_made(asked, "", "maker 1.0", copy_half)
    (Path(asked.cell.artifact.location) / "README.md").write_text("another card")
    assert prepare_made(asked, "", "maker 1.0", copy_half).how == "cached"
    assert Located(Path(asked.cell.artifact.location)).bytes == 100
    (Path(asked.cell.artifact.location) / "model.safetensors").write_bytes(bytes(101))
    assert prepare_made(asked, "", "maker 1.0", copy_half).source_sha256 != before.source_sha256


def test_of_two_that_made_the_same_folder_the_first_ones_stays(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "w").write_text(name)
        settle(tmp_path / name, tmp_path / "made")
    assert (tmp_path / "made" / "w").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
