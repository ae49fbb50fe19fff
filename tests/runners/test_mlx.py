"""The MLX runtime on the pocket model: what the contract does not ask of every runtime."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

pytest.importorskip("mlx_lm", reason="mlx-lm is not installed")

import mlx.core as mx
from safetensors import safe_open

from harness.core.cell import Job, Prepared
from harness.core.config import Artifact
from harness.core.errors import NotFound, UserError
from harness.core.runtime import GenerateRequest, Sampling, ScoreRequest
from runners.runtimes.mlx import open_session, prepare
from runners.runtimes.mlx.model import open_model
from runners.runtimes.mlx.score import Scorer, groups_of
from runners.runtimes.mlx.session import MlxSession
from runners.runtimes.mlx.settings import MlxSettings
from runners.scoring import Piece
from tests.mlx_jobs import ASSETS, mlx_job, prepared_job

POCKET = ASSETS / "pocket"
CPU = MlxSettings(device="cpu")
ASKED = [ScoreRequest("the table costs", f" {word}") for word in ("one", "seven", "much more")]


class Counting:
    """A model that counts the tokens it is fed."""

    def __init__(self, module: Any) -> None:
        self._module, self.fed = module, 0

    def __call__(self, tokens: Any, cache: Any) -> Any:
        self.fed += tokens.size
        return self._module(tokens, cache=cache)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlxSession]:
    """Full precision, in float32."""
    with open_session(prepared_job(tmp_path_factory.mktemp("mlx"))) as opened:
        yield opened


def detail(session: MlxSession, name: str) -> str:
    return next(one.value for one in session.facts().details if one.name == name)


def at(job: Job, folder: Path) -> Job:
    """The same job over another model folder."""
    cell = msgspec.structs.replace(job.cell, artifact=Artifact("path", str(folder)))
    return msgspec.structs.replace(job, cell=cell)


def pieces_of(context: int, ends: list[list[int]]) -> list[Piece]:
    return [Piece(owner, np.array([*range(100, 100 + context), *end], dtype=np.int32), len(end))
            for owner, end in enumerate(ends)]


def test_a_context_is_computed_once_for_all_its_continuations() -> None:
    pieces = pieces_of(21, [[7], [8], [9], [10]])
    with open_model(POCKET, CPU) as model:
        counting = Counting(model.module)
        together = list(Scorer(counting, CPU).measure(pieces))
        alone = [one for piece in pieces for one in Scorer(model.module, CPU).measure([piece])]
    assert counting.fed == 20 + 4
    assert [logprob for _, logprob, _ in together] == pytest.approx([logprob for _, logprob, _ in alone], abs=1e-5)


def test_groups_come_longest_first_and_hold_every_piece() -> None:
    pieces = [*pieces_of(3, [[1], [2, 3]]), *pieces_of(9, [[1]]), *pieces_of(1, [[5]])]
    groups = groups_of(pieces)
    assert [(len(group.shared), len(group.pieces)) for group in groups] == [(8, 1), (2, 2), (0, 1)]


def test_long_sequences_are_computed_in_smaller_batches() -> None:
    assert [MlxSettings().rows(length) for length in (0, 100, 4096, 100_000)] == [16, 16, 8, 1]


def test_steps_and_rows_change_a_score_by_no_more_than_rounding(session: MlxSession, tmp_path: Path) -> None:
    asked = [ScoreRequest("the quick brown fox and the lazy dog " * n, " ran away") for n in (0, 1, 3)]
    wanted = dict(session.score(asked))
    with open_session(prepared_job(tmp_path, options={"prefill_step": 8, "batch_tokens": 16})) as narrow:
        found = dict(narrow.score(asked))
    assert [found[n].logprob for n in range(3)] == pytest.approx([wanted[n].logprob for n in range(3)], abs=1e-4)


def test_weights_are_counted_as_the_files_hold_them(session: MlxSession) -> None:
    with safe_open(POCKET / "model.safetensors", "np") as file:
        sizes = [file.get_tensor(name).nbytes for name in file.keys()]  # noqa: SIM118
    assert session.facts().weights_bytes == sum(sizes)
    assert detail(session, "bits_per_weight") == "16.0000"
    assert (detail(session, "dtype"), detail(session, "quantization")) == ("float32", "none")
    assert session.facts().kv_bytes_per_token == 2 * 4 * 2 * 64 * 4


@pytest.mark.parametrize(
    ("scheme", "bits", "quantization", "nats"),
    [("8bit", 8.5, "affine 8 bit, groups of 64", 0.1), ("4bit", 4.5, "affine 4 bit, groups of 64", 3),
     ("MXFP8", 8.25, "mxfp8 8 bit, groups of 32", 2), ("MXFP4", 4.25, "mxfp4 4 bit, groups of 32", 3),
     ("NVFP4", 4.5, "nvfp4 4 bit, groups of 16", 3), ("BF16", 16, "none", 0.1)],
)
def test_quantizations_are_made_whole_and_stay_near_the_original(
    session: MlxSession, tmp_path: Path, scheme: str, bits: float, quantization: str, nats: float
) -> None:
    job = prepared_job(tmp_path, scheme)
    with open_session(job) as made:
        assert float(detail(made, "bits_per_weight")) == pytest.approx(bits, abs=0.01)
        assert detail(made, "quantization") == quantization
        assert made.template() == session.template()
        found, wanted = dict(made.score(ASKED)), dict(session.score(ASKED))
    for n in range(len(ASKED)):
        assert found[n].first_tokens == wanted[n].first_tokens
        assert found[n].logprob == pytest.approx(wanted[n].logprob, abs=nats * found[n].tokens)
    assert job.prepared is not None
    assert job.prepared.how == "quantized"
    assert prepare(mlx_job(tmp_path, scheme)).how == "cached"


def test_what_cannot_be_quantized_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"mlx has no quantization Q4_K_M; it has .*4bit.*NVFP4"):
        prepare(mlx_job(tmp_path, "Q4_K_M"))
    made = Path(prepare(mlx_job(tmp_path, "4bit")).path)
    with pytest.raises(UserError, match="is quantized already"):
        prepare(at(mlx_job(tmp_path, "8bit"), made))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "config.json").write_text("{}")
    with pytest.raises(NotFound, match="is no model folder"):
        prepare(at(mlx_job(tmp_path, "8bit"), tmp_path / "empty"))


def test_an_architecture_mlx_lm_does_not_know_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no_such_model"}')
    (tmp_path / "model.safetensors").write_bytes((POCKET / "model.safetensors").read_bytes())
    with pytest.raises(UserError, match="no_such_model not supported"), open_model(tmp_path, CPU):
        pass


@pytest.mark.skipif(mx.is_available(mx.gpu), reason="this MLX has a GPU")
def test_a_gpu_that_is_not_there_is_a_user_error() -> None:
    with pytest.raises(UserError, match="no GPU"), open_model(POCKET, MlxSettings(device="gpu")):
        pass


def test_the_stored_type_is_kept_where_it_is_asked_for() -> None:
    with open_model(POCKET, MlxSettings(device="cpu", dtype="stored")) as model:
        assert (model.dtype, model.kv_bytes_per_token) == ("float16", 2 * 4 * 2 * 64 * 2)


def test_a_seed_decides_a_sampled_reply_whatever_stands_beside_it(session: MlxSession) -> None:
    asked = [GenerateRequest("the ", 6, sampling=Sampling(1.5, top_k=50), seed=seed) for seed in range(5)]
    greedy = [GenerateRequest("the table costs", 3)]
    together = dict(session.generate([*greedy, *asked]))
    assert [together[n + 1] for n in range(5)] == [dict(session.generate([one]))[0] for one in asked]
    assert len({together[n + 1].text for n in range(5)}) > 2


def test_closing_gives_the_memory_back() -> None:
    before = mx.get_active_memory()
    with open_model(POCKET, CPU) as model:
        list(Scorer(model.module, CPU).measure(pieces_of(5, [[1], [2]])))
        assert mx.get_active_memory() > before + 7e6
    assert mx.get_active_memory() < before + 1e6
    assert mx.get_cache_memory() == 0


def test_a_killed_preparation_leaves_nothing_half_made(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_bytes(msgspec.json.encode(mlx_job(tmp_path, "4bit")))
    command = [sys.executable, "-m", "runners.prepare", str(tmp_path)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline, cache = time.monotonic() + 60, tmp_path / "cache"
    while time.monotonic() < deadline and child.poll() is None and not list(cache.rglob(".4bit*.part/*")):
        time.sleep(0.0005)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert child.returncode == -signal.SIGKILL
    assert not (tmp_path / "prepared.json").exists()
    assert [path.suffix for path in cache.rglob("*4bit*")] == [".part"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    made = msgspec.json.decode((tmp_path / "prepared.json").read_bytes(), type=Prepared)
    assert [str(path) for path in cache.rglob("*4bit*")] == [made.path]
