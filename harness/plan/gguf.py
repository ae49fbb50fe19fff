"""Hydra overrides that describe the model in a local GGUF file, by what its header says."""

from pathlib import Path

from harness.core.errors import ConfigError
from harness.core.gguf import Header, read_header, shards

# general.file_type (llama_ftype) of unquantized files -> our quantization key.
_FULL_PRECISION = {0: "f32", 1: "f16", 32: "bf16"}


def overrides_for(path: Path) -> list[str]:
    """Hydra overrides that describe the model of a local GGUF file; raises ConfigError for a quantized one."""
    header = read_header(path)
    header["parameters"] = sum(int(read_header(shard)["parameters"]) for shard in shards(path))
    kind = int(header.get("general.file_type", -1))
    if kind not in _FULL_PRECISION:
        raise ConfigError(
            f"{path.name} is quantized already", "give its F16 or BF16 file; quantizations are made on the box"
        )
    texts = {"name": str(header.get("general.name", path.stem)), "artifacts.gguf.location": str(path)}
    figures = {"native": _FULL_PRECISION[kind], **_figures(header)}
    quoted = [f"model.{key}={_quoted(value)}" for key, value in texts.items()]
    return quoted + [f"model.{key}={value}" for key, value in figures.items() if value]


def _figures(header: Header) -> dict[str, int]:
    """Configuration keys with what the header says; 0 where it does not."""

    def named(name: str) -> int:
        return int(header.get(f"{header.get('general.architecture')}.{name}", 0))

    layers, heads, parameters = named("block_count"), named("attention.head_count"), int(header["parameters"])
    width = named("attention.key_length") or (named("embedding_length") // heads if heads else 0)
    return {
        "layers": layers,
        "context": named("context_length"),
        "params.value": parameters,
        "active_params.value": 0 if named("expert_count") else parameters,
        "kv_bytes_per_token.value": 2 * layers * named("attention.head_count_kv") * width * 2,
    }


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
