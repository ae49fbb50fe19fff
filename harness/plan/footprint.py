"""Will it fit, and how fast can it be at best? Weights and KV cache against memory, bytes per token against bandwidth.

Decoding one token at batch 1 reads all active weights and the keys and values so far once: tokens/s cannot exceed
bandwidth / (active weights + KV read). Unknown facts give None with a note.
"""

from harness.core.config import Hardware, Scalar
from harness.core.plan import Footprint
from harness.core.units import GIGA
from harness.plan.matrix import Arm

_CONTEXT_OPTIONS = ("n_ctx", "context", "max_model_len")
# Bytes per number of a KV-cache type (ggml block sizes) over the 2 bytes that `kv_bytes_per_token` assumes.
_CACHE_SCALE = {"f32": 2.0, "f16": 1.0, "bf16": 1.0, "q8_0": 34 / 64, "q5_1": 24 / 64, "q5_0": 22 / 64}
_CACHE_SCALE |= {"q4_1": 20 / 64, "q4_0": 18 / 64, "iq4_nl": 18 / 64}


def footprint(arm: Arm, hw: Hardware) -> Footprint:
    """Expected bytes, whether they fit, and the ceiling of decode speed (tokens/s) of one arm on a box."""
    notes = [*_unknown(arm, hw), *_unverified(arm, hw)]
    context = _context(arm)
    per_token = arm.model.kv_bytes_per_token.value
    scaled = None if per_token is None else per_token * cache_scale(arm.runtime.options)
    kv = None if scaled is None else scaled * context
    memory = hw.memory_gb.value
    fits = None
    if arm.weights_bytes is not None and kv is not None and memory is not None:
        fits = arm.weights_bytes + kv <= memory * GIGA
    ceiling = _ceiling(arm, hw, scaled)
    return Footprint(arm.name, arm.weights_bytes, kv, context, hw.memory_gb, fits, ceiling, tuple(notes))


def _unknown(arm: Arm, hw: Hardware) -> list[str]:
    missing = {
        "number of parameters": arm.weights_bytes is None,
        "KV-cache bytes per token": arm.model.kv_bytes_per_token.value is None,
        f"memory of {hw.key}": hw.memory_gb.value is None,
        f"memory bandwidth of {hw.key}": hw.bandwidth_gbs.value is None,
    }
    return [f"{what} not known" for what, is_missing in missing.items() if is_missing]


def _unverified(arm: Arm, hw: Hardware) -> list[str]:
    """Figures that rest on a fact from memory."""
    facts = {
        "parameters": arm.model.params,
        f"bits per weight of {arm.quant.key}": arm.quant.bits_per_weight,
        "KV-cache bytes per token": arm.model.kv_bytes_per_token,
        f"memory of {hw.key}": hw.memory_gb,
        f"memory bandwidth of {hw.key}": hw.bandwidth_gbs,
    }
    return [f"{what} from memory, unverified" for what, fact in facts.items() if fact.tag == "memory"]


def _context(arm: Arm) -> int:
    """Tokens of KV cache: what the runtime is told, else the model's whole window."""
    for name in _CONTEXT_OPTIONS:
        value = arm.runtime.options.get(name)
        if isinstance(value, int) and value > 0:
            return value
    return arm.model.context


def context_of(arm: Arm) -> int:
    """Tokens of its longest sequence: what the runtime is told, within the model's window; 0 where neither is known."""
    return min((tokens for tokens in (_context(arm), arm.model.context) if tokens > 0), default=0)


def cache_scale(options: dict[str, Scalar]) -> float:
    """KV-cache size relative to a 16-bit one, by the options `type_k` and `type_v`; types not named are 16 bit."""
    kinds = [str(options.get(name, "f16")).lower() for name in ("type_k", "type_v")]
    return sum(_CACHE_SCALE.get(kind, 1.0) for kind in kinds) / 2


def _ceiling(arm: Arm, hw: Hardware, kv_per_token: float | None) -> float | None:
    """Tokens/s at batch 1, with the cache filled as far as the first load fills it on average."""
    total, active, bandwidth = arm.model.params.value, arm.model.active_params.value, hw.bandwidth_gbs.value
    if not total or not active or bandwidth is None or arm.weights_bytes is None:
        return None
    load = arm.loads[0]
    depth = load.depths[0] + load.prompt_lengths[0] + load.output_lengths[0] / 2  # of a load with many: its first
    return bandwidth * GIGA / (arm.weights_bytes * active / total + (kv_per_token or 0) * depth)
