"""What the engine really runs: the kernels behind each layer, whatever the checkpoint's label says.

An NVFP4 checkpoint may run weight-only through Marlin, an AWQ one through several kernels; vLLM decides by GPU and
shape. Run inside the worker that holds the model, so everything here must survive a trip between processes.
"""

from collections import Counter
from typing import Any

from msgspec import Struct


class Inside(Struct, frozen=True):
    """How many layers use which linear method and kernel, and which attention backend."""

    linear: dict[str, int]
    attention: dict[str, int]


def look_inside(model: Any) -> Inside:
    """Walk a torch module of vLLM."""
    linear, attention = Counter[str](), Counter[str]()
    for module in model.modules():
        method = getattr(module, "quant_method", None)
        if method is not None and not hasattr(module, "attn_backend"):
            linear[kernel_name(module, method)] += 1
        backend = getattr(module, "attn_backend", None)
        if backend is not None:
            attention[str(backend.get_name())] += 1
    return Inside(dict(linear), dict(attention))


def kernel_name(layer: Any, method: Any) -> str:
    """A layer's method with its scheme and kernels: "CompressedTensorsLinearMethod, ...WNA16, MarlinLinearKernel"."""
    scheme = getattr(layer, "scheme", None)
    names = [type(method).__name__]
    if scheme is not None:
        names.append(type(scheme).__name__)
    for owner in (method, scheme):
        kinds = [type(value).__name__ for value in getattr(owner, "__dict__", {}).values()]
        names += [kind for kind in kinds if "Kernel" in kind and "Config" not in kind]
    return ", ".join(dict.fromkeys(names))


def told(counts: dict[str, int]) -> str:
    """ "16 x UnquantizedLinearMethod; 1 x ..." """
    return "; ".join(f"{number} x {name}" for name, number in sorted(counts.items())) or "none"
