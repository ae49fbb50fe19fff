"""The GGUF header reader against files written by the gguf package, whole, split and damaged."""

from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.core.errors import ConfigError
from harness.core.gguf import read_header, read_tensors
from tests.tiny_gguf import write_tiny


def test_metadata_and_the_number_of_weights_are_read(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "t.gguf", layers=3)
    header = read_header(path)
    tensors = gguf.GGUFReader(path).tensors
    assert header["parameters"] == sum(int(tensor.n_elements) for tensor in tensors)
    assert (header["general.architecture"], header["qwen3.block_count"]) == ("qwen3", 3)
    assert header["tokenizer.ggml.add_bos_token"] is False


def test_every_tensor_has_the_size_that_the_gguf_package_gives_it(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "t.gguf")
    theirs = {one.name: (int(one.n_elements), int(one.n_bytes)) for one in gguf.GGUFReader(path).tensors}
    ours = {one.name: one for one in read_tensors(path)}
    assert ours.keys() == theirs.keys()
    assert all(one.elements == theirs[name][0] for name, one in ours.items())
    # What fills up to the alignment of 32 bytes counts with the tensor before it.
    assert all(0 <= one.bytes - theirs[name][1] < 32 for name, one in ours.items())


def test_the_size_of_a_quantized_tensor_and_another_alignment_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "q.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_custom_alignment(64)
    numbers = np.ones((4, 256), dtype=np.float32)
    for name, kind in (("one", gguf.GGMLQuantizationType.Q8_0), ("two", gguf.GGMLQuantizationType.Q4_0)):
        writer.add_tensor(name, gguf.quants.quantize(numbers, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    found = [(one.elements, one.bytes) for one in read_tensors(path)]
    assert found == [(1024, 1024 // 32 * 34), (1024, 1024 // 32 * 18)]


@given(cut=st.integers(0, 3000), flip=st.integers(0, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_a_damaged_header_is_one_clear_error(tmp_path: Path, cut: int, flip: int) -> None:
    whole = tmp_path / "whole.gguf"
    data = (whole if whole.is_file() else write_tiny(whole)).read_bytes()[:3000]
    (tmp_path / "cut.gguf").write_bytes(data[:cut] + bytes([flip]))
    with pytest.raises(ConfigError, match="damaged|not a GGUF"):
        read_tensors(tmp_path / "cut.gguf")
