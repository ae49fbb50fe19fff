"""Overrides for a local GGUF file, written by the gguf package."""

from pathlib import Path

import gguf
import pytest

from harness.core.errors import ConfigError
from harness.core.gguf import read_header, shards
from harness.plan.gguf import overrides_for
from tests.tiny_gguf import write_tiny


def test_a_quantized_file_is_no_full_precision_model(tmp_path: Path) -> None:
    path = tmp_path / "q.gguf"
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(ConfigError, match="is quantized already"):
        overrides_for(path)


def test_the_shards_of_a_split_file_belong_together(tmp_path: Path) -> None:
    names = [f"big-{n:05d}-of-00002.gguf" for n in (1, 2)]
    for name in names:
        write_tiny(tmp_path / name)
    write_tiny(tmp_path / "big-00001-of-00003.gguf")
    whole = int(read_header(tmp_path / names[0])["parameters"])
    assert [path.name for path in shards(tmp_path / names[0])] == names
    assert f"model.params.value={2 * whole}" in overrides_for(tmp_path / names[0])
