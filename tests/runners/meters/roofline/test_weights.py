"""Bytes read per token, from headers that the gguf and safetensors packages wrote: dense, tied, experts."""

import json
from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np
import pytest

from runners.meters.roofline.tensors import files_of, read_tensors
from runners.meters.roofline.weights import weights_of

safetensors = pytest.importorskip("safetensors.numpy")

_WIDE, _VOCABULARY = 64, 96


def _gguf(path: Path, tensors: Mapping[str, tuple[int, ...]], **header: int) -> Path:
    writer = gguf.GGUFWriter(path, "made")
    for name, value in header.items():
        writer.add_uint32(f"made.{name}", value)
    for name, shape in tensors.items():
        writer.add_tensor(name, np.zeros(shape, dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _folder(path: Path, tensors: dict[str, np.ndarray], **config: object) -> Path:
    path.mkdir()
    safetensors.save_file(tensors, path / "model.safetensors", {"format": "pt"})
    (path / "config.json").write_text(json.dumps(config))
    return path


_MATRIX = (_WIDE, _WIDE)
_EMBEDDING = (_VOCABULARY, _WIDE)
_DENSE = {"token_embd.weight": _EMBEDDING, "blk.0.attn_output.weight": _MATRIX, "blk.1.attn_output.weight": _MATRIX}
_TWO = 2 * _WIDE * _WIDE
_HEAD = _VOCABULARY * _WIDE


def test_the_embedding_of_a_model_with_its_own_output_matrix_is_only_looked_up(tmp_path: Path) -> None:
    found = weights_of(_gguf(tmp_path / "m.gguf", {**_DENSE, "output.weight": _EMBEDDING}))
    assert found is not None
    assert found.token_bytes == 2 * (_TWO + _HEAD)
    assert found.prefill_operations == 2 * _TWO
    assert (found.parameters, found.dense) == (_TWO + 2 * _HEAD, True)


def test_the_embedding_of_a_tied_model_is_its_output_matrix_and_read_whole(tmp_path: Path) -> None:
    found = weights_of(_gguf(tmp_path / "m.gguf", _DENSE))
    assert found is not None
    assert found.token_bytes == 2 * (_TWO + _HEAD)
    assert found.prefill_operations == 2 * _TWO


def test_only_the_experts_that_a_token_uses_are_read_and_shared_ones_always(tmp_path: Path) -> None:
    experts = {"blk.0.ffn_up_exps.weight": (8, _WIDE, _WIDE), "blk.0.ffn_up_shexp.weight": _MATRIX}
    path = _gguf(tmp_path / "m.gguf", {**_DENSE, **experts}, expert_count=8, expert_used_count=2, block_count=2)
    found = weights_of(path)
    assert found is not None
    assert found.token_bytes == 2 * (_TWO + _HEAD + (2 + 1) * _WIDE * _WIDE)
    assert found.prefill_operations == 2 * (_TWO + 3 * _WIDE * _WIDE)
    assert not found.dense


def test_layers_that_predict_further_tokens_have_no_part_in_decoding(tmp_path: Path) -> None:
    more = {"blk.2.attn_output.weight": _MATRIX, "blk.2.nextn.eh_proj.weight": _MATRIX}
    found = weights_of(_gguf(tmp_path / "m.gguf", {**_DENSE, **more}, block_count=3, nextn_predict_layers=1))
    assert found is not None
    assert found.token_bytes == 2 * (_TWO + _HEAD)


def _half(*shape: int) -> np.ndarray:
    return np.zeros(shape, dtype=np.float16)


_CHECKPOINT = {"model.embed_tokens.weight": _half(*_EMBEDDING),
               "model.layers.0.self_attn.o_proj.weight": _half(*_MATRIX),
               "model.layers.1.self_attn.o_proj.weight": _half(*_MATRIX)}


@pytest.mark.parametrize("head", [{}, {"lm_head.weight": _half(*_EMBEDDING)}])
def test_a_checkpoint_reads_one_matrix_of_the_vocabularys_size_tied_or_not(
        tmp_path: Path, head: dict[str, np.ndarray]) -> None:
    found = weights_of(_folder(tmp_path / "m", {**_CHECKPOINT, **head}, num_hidden_layers=2))
    assert found is not None
    assert found.token_bytes == 2 * (_TWO + _HEAD)
    assert found.dense


@pytest.mark.parametrize("names", ["model.layers.0.mlp.experts.{}.up_proj.weight", "one for all"])
def test_experts_of_a_checkpoint_one_by_one_or_fused(tmp_path: Path, names: str) -> None:
    separate = {names.format(n): _half(*_MATRIX) for n in range(4)}
    fused = {"model.layers.0.mlp.switch_mlp.up_proj.weight": _half(4, *_MATRIX)}
    shared = {"model.layers.0.mlp.shared_experts.up_proj.weight": _half(*_MATRIX)}
    tensors = {**_CHECKPOINT, **shared, **(separate if "{}" in names else fused)}
    config = {"num_hidden_layers": 2, "num_experts": 4, "num_experts_per_tok": 1}
    found = weights_of(_folder(tmp_path / "m", tensors, text_config=config))
    assert found is not None
    assert found.token_bytes == 2 * (_TWO + _HEAD + 2 * _WIDE * _WIDE)
    assert not found.dense


def test_what_sees_and_layers_beyond_the_last_are_left_out(tmp_path: Path) -> None:
    more = {"visual.blocks.0.attn.weight": _half(*_MATRIX), "model.layers.2.mlp.weight": _half(*_MATRIX)}
    found = weights_of(_folder(tmp_path / "m", {**_CHECKPOINT, **more}, num_hidden_layers=2))
    assert found is not None
    assert found.token_bytes == 2 * (_TWO + _HEAD)


def test_weights_packed_into_integers_count_as_many_as_they_are(tmp_path: Path) -> None:
    tensors = {"model.layers.0.q_proj.qweight": np.zeros((8, 16), dtype=np.int32)}
    quantized = {"quantization_config": {"bits": 4, "quant_method": "gptq"}}
    found = weights_of(_folder(tmp_path / "m", tensors, num_hidden_layers=1, **quantized))
    assert found is not None
    assert (found.parameters, found.token_bytes) == (8 * 16 * 8, 8 * 16 * 4)


def test_an_index_says_which_files_belong_to_the_model(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "m", _CHECKPOINT)
    safetensors.save_file({"again": _half(*_MATRIX)}, folder / "consolidated.safetensors")
    assert [path.name for path in files_of(folder)] == ["model.safetensors"]
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "consolidated.safetensors"}}))
    assert [path.name for path in files_of(folder)] == ["consolidated.safetensors"]


def test_the_models_that_the_project_brings_are_read_the_same_in_both_formats() -> None:
    assets = Path(__file__).parents[4] / "assets" / "pocket"
    file, folder = weights_of(assets / "pocket-f16.gguf"), weights_of(assets)
    assert file is not None
    assert folder is not None
    assert file.parameters == folder.parameters
    # Norms are F32 in the GGUF; and each of its tensors counts what fills up to 32 bytes.
    assert file.token_bytes == pytest.approx(folder.token_bytes, rel=0.01)
    assert file.prefill_operations == folder.prefill_operations


def test_there_is_nothing_to_say_of_no_weights_and_damage_is_an_error(tmp_path: Path) -> None:
    assert weights_of(tmp_path / "nothing.gguf") is None
    assert weights_of(tmp_path) is None
    (tmp_path / "bad.safetensors").write_bytes(b"no")
    with pytest.raises(ValueError, match="no safetensors file"):
        read_tensors(tmp_path / "bad.safetensors")
