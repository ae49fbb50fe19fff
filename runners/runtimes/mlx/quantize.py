"""Making MLX quantizations on the box from full-precision safetensors; complete or not there at all, and made once."""

import shutil
from importlib.metadata import version
from pathlib import Path

import mlx.core as mx
from mlx.utils import tree_map
from mlx_lm.utils import quantize_model, save_config, save_model

from harness.core.cell import Job, Prepared
from harness.core.errors import UserError
from runners.making import prepare_made
from runners.runtimes.mlx.model import read_model

# scheme: mlx_lm's mode, bits, group size (mlx_lm.convert --q-mode, --q-bits, --q-group-size)
SCHEMES: dict[str, tuple[str, int, int]] = {
    **{f"{bits}bit": ("affine", bits, 64) for bits in (2, 3, 4, 5, 6, 8)},
    "MXFP4": ("mxfp4", 4, 32), "MXFP8": ("mxfp8", 8, 32), "NVFP4": ("nvfp4", 4, 16),
}
_BESIDE = (".json", ".jinja", ".model", ".tiktoken", ".txt")
CASTS = {"F32": mx.float32, "F16": mx.float16, "BF16": mx.bfloat16}


def prepare(job: Job) -> Prepared:
    """The cell's weights: as they are, or converted by mlx-lm into a folder of the job's cache."""
    return prepare_made(job, "", f"mlx-lm {version('mlx-lm')} mlx {mx.__version__}",
                        lambda source, part: convert(source, part, job.cell.scheme))


def convert(source: Path, part: Path, scheme: str) -> None:
    """Write the model folder `source` in `scheme` ("4bit"); what is not quantized keeps the type it is stored in.

    The tokenizer's files are copied as they are. Raises UserError for an unknown scheme and for quantized weights.
    """
    if scheme not in SCHEMES and scheme not in CASTS:
        raise UserError(f"mlx has no quantization {scheme}", f"it has {', '.join([*SCHEMES, *CASTS])}")
    module, config = read_model(source)
    if "quantization" in config or "quantization_config" in config:
        raise UserError(f"{source} is quantized already", "name a full-precision model in the model's artifacts")
    if scheme in CASTS:
        module.update(tree_map(lambda value: value.astype(CASTS[scheme]), module.parameters()))
    else:
        mode, bits, group = SCHEMES[scheme]
        module, config = quantize_model(module, config, group, bits, mode=mode)
    save_model(part, module, donate_model=True)
    save_config(config, part / "config.json")
    for path in source.iterdir():
        wanted = path.suffix in _BESIDE and not path.name.endswith(".index.json")
        if wanted and not (part / path.name).exists():
            shutil.copyfile(path, part / path.name)
