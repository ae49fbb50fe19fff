"""Which weights an arm uses: ready-made ones, or a quantization made on the box from the full-precision file."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from harness.core.config import Artifact, Model, Quantization, Runtime
from harness.core.digest import file_digest, short_id
from harness.core.gguf import shards
from harness.core.units import GIGA

_READ = (".safetensors", ".json", ".jinja", ".model", ".txt")


class Unusable(Exception):
    """Why a combination has no weights; becomes a Skip."""


def choose(model: Model, quant: Quantization, runtime: Runtime) -> tuple[Artifact, str]:
    """(artifact, scheme to make from it or "" to use it as it is); raises Unusable with what to do instead."""
    if quant.format not in runtime.formats:
        reads = " and ".join(runtime.formats)
        raise Unusable(f"{runtime.key} reads {reads}, {quant.key} is {quant.format}; choose another quant or runtime")
    if quant.key in model.artifacts:
        return model.artifacts[quant.key], ""
    if quant.format == "hf":
        raise Unusable(f"no ready-made {quant.key} weights known; add model.artifacts.{quant.key} to conf/model")
    # mlx-lm reads Hugging Face's full-precision folders as they are.
    full = "gguf" if quant.format == "gguf" else f"hf_{model.native}"
    if full not in model.artifacts:
        raise Unusable(f"no full-precision {full} weights known to make {quant.key} from; "
                       f"set +model.artifacts.{full} in conf/model")
    return model.artifacts[full], "" if quant.key in (model.native, f"mlx_{model.native}") else quant.scheme


def has_weights(model: Model, quant: Quantization, runtime: Runtime) -> bool:
    """Whether `choose` finds any."""
    try:
        choose(model, quant, runtime)
    except Unusable:
        return False
    return True


def locate(artifact: Artifact, assets: Path) -> Artifact:
    """A local artifact with its content's identity and an absolute path (built-in ones stay relative); hub: unchanged.

    One file of up to 1 GB gets its sha256. Larger ones would make planning wait: their size and time of change stand
    in `revision`, and the preparing child hashes them. Raises Unusable where there is nothing.
    """
    if artifact.source == "hub":
        return artifact
    place = (assets if artifact.source == "builtin" else Path.cwd()) / Path(artifact.location).expanduser()
    files = weight_files(place / artifact.file)
    if not files:
        raise Unusable(f"no weights at {place / artifact.file}; give others with model.artifacts.gguf.location=PATH")
    location = artifact.location if artifact.source == "builtin" else str(place.resolve())
    size = sum(file.stat().st_size for file in files)
    if size > GIGA:
        newest = datetime.fromtimestamp(max(file.stat().st_mtime for file in files), UTC)
        stamp = f"{size} bytes, changed {newest:%Y-%m-%dT%H:%M:%SZ}"
        return msgspec.structs.replace(artifact, location=location, revision=stamp)
    if len(files) == 1:
        return msgspec.structs.replace(artifact, location=location, sha256=file_digest(files[0]))
    content = short_id([(file.name, file_digest(file)) for file in files])
    return msgspec.structs.replace(artifact, location=location, revision=f"{len(files)} files, content {content}")


def local_bytes(artifact: Artifact, assets: Path) -> int | None:
    """Size of a local artifact's weights in bytes, None for one on the hub."""
    if artifact.source == "hub":
        return None
    root = assets if artifact.source == "builtin" else Path()
    files = weight_files(root / artifact.location / artifact.file)
    return sum(file.stat().st_size for file in files if file.suffix in (".gguf", ".safetensors"))


def weight_files(place: Path) -> list[Path]:
    """The files that weights are made of: one, all shards of a GGUF, or what a runtime reads of a model folder.

    Of a folder nothing else counts, so that a changed model card leaves the identity alone.
    """
    if place.is_file():
        return shards(place)
    return [file for file in sorted(place.glob("*")) if file.suffix in _READ and file.is_file()]
