"""The GGUF header reader against files written by the gguf package, whole and damaged."""

from pathlib import Path

import gguf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.core.errors import ConfigError
from harness.plan.gguf import overrides_for, read_header, shards
from tests.tiny_gguf import write_tiny


def test_metadata_and_the_number_of_weights_are_read(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "t.gguf", layers=3)
    header = read_header(path)
    tensors = gguf.GGUFReader(path).tensors
    assert header["parameters"] == sum(int(tensor.n_elements) for tensor in tensors)
    assert (header["general.architecture"], header["qwen3.block_count"]) == ("qwen3", 3)
    assert header["tokenizer.ggml.add_bos_token"] is False


def test_a_quantized_file_is_no_full_precision_model(tmp_path: Path) -> None:
    path = tmp_path / "q.gguf"
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(ConfigError, match="is quantized already"):
        overrides_for(path)


@given(cut=st.integers(0, 3000), flip=st.integers(0, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_a_damaged_header_is_one_clear_error(tmp_path: Path, cut: int, flip: int) -> None:
    whole = tmp_path / "whole.gguf"
    data = (whole if whole.is_file() else write_tiny(whole)).read_bytes()[:3000]
    (tmp_path / "cut.gguf").write_bytes(data[:cut] + bytes([flip]))
    with pytest.raises(ConfigError, match="damaged|not a GGUF"):
        read_header(tmp_path / "cut.gguf")


def test_the_shards_of_a_split_file_belong_together(tmp_path: Path) -> None:
    names = [f"big-{n:05d}-of-00002.gguf" for n in (1, 2)]
    for name in names:
        write_tiny(tmp_path / name)
    write_tiny(tmp_path / "big-00001-of-00003.gguf")
    whole = int(read_header(tmp_path / names[0])["parameters"])
    assert [path.name for path in shards(tmp_path / names[0])] == names
    assert f"model.params.value={2 * whole}" in overrides_for(tmp_path / names[0])
