"""What the engine really runs: the kernels behind each layer, whatever the checkpoint's label says.

An NVFP4 checkpoint may run weight-only through Marlin, an AWQ one through several kernels; vLLM decides by GPU and
shape. Run inside the worker that holds the model, so function and result must survive a trip between processes
(vLLM waits for ever for a result that does not).
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from msgspec import Struct


class Inside(Struct, frozen=True):
    """How many layers use which linear method and kernel, and which attention backend; bytes of cache per token.

    `weights_bytes` and `cache_bytes` are what this worker holds; None where this vLLM keeps them under another name.
    """

    linear: dict[str, int]
    attention: dict[str, int]
    cache_bytes_per_token: float
    weights_bytes: int | None = None
    cache_bytes: int | None = None


def look_inside(worker: Any) -> Inside:
    """Walk the model that a worker of vLLM holds."""
    linear, attention = Counter[str](), Counter[str]()
    for module in worker.get_model().modules():
        method = getattr(module, "quant_method", None)
        if method is not None and not hasattr(module, "attn_backend"):
            linear[kernel_name(module, method)] += 1
        backend = getattr(module, "attn_backend", None)
        if backend is not None:
            attention[str(backend.get_name())] += 1
    cache = sum(spec.page_size_bytes / spec.block_size for spec in worker.get_kv_cache_spec().values())
    runner = worker.model_runner
    weights, caches = getattr(runner, "model_memory_usage", None), getattr(runner, "kv_caches", None)
    held = {one.data_ptr(): one.nbytes for one in _tensors(caches or [])}
    return Inside(dict(linear), dict(attention), float(cache), int(weights) if weights else None,
                  sum(held.values()) or None)


def _tensors(caches: Any) -> Iterator[Any]:
    """Of a list that may hold lists: layers with states keep several tensors each."""
    for one in caches:
        if isinstance(one, list | tuple):
            yield from _tensors(one)
        else:
            yield one


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
