"""The readings by their stable names: how a column is headed, what it means in one line, and in which table it stands.

Definitions in full, and how those of other tools differ, are in docs/measuring.md.
"""

from typing import Literal, NamedTuple

from harness.core.verdict import SpeedComparison

Family = Literal["speed", "loading", "memory", "energy", "roofline", "canary", "other"]


class Named(NamedTuple):
    """A reading for people: column title, definition, and the table it belongs to."""

    title: str
    means: str
    family: Family = "speed"


READINGS = {
    "ttft": Named("TTFT", "time to first token, from sending the request; at a set rate from when it was due"),
    "tpot": Named("TPOT", "time per output token after the first chunk"),
    "gap": Named("Chunk gap", "time between two chunks of a reply, which may hold several tokens"),
    "e2e": Named("Request time", "from sending the request to its last token; at a set rate from when it was due"),
    "prefill": Named("Prefill", "prompt tokens that no cache answered over the time to the first token"),
    "decode": Named("Decode", "1/TPOT, for each sequence"),
    "throughput": Named("Throughput", "output tokens of all sequences together in the steady window"),
    "request_rate": Named("Requests", "requests completed per second of the steady window"),
    "goodput": Named("Goodput", "requests per second that met the limits on TTFT and TPOT"),
    "cached_share": Named("Cached", "share of the prompt tokens that a prefix cache answered"),
    "cold_ttft": Named("Cold TTFT", "time to first token of the very first request", "loading"),
    "load_time": Named("Load time", "until the model can answer, its file in the page cache", "loading"),
    "load_time_cold": Named("Load time, cold", "the same with the file read from the disk", "loading"),
    "context_time": Named("Context", "time to make the engine's context", "loading"),
    "first_token_after_start": Named("Start to first token", "from starting the process to a first token", "loading"),
    "peak_memory": Named("Peak memory", "largest memory of the process", "memory"),
    "model_memory": Named("Model memory", "peak less what the process held before the model", "memory"),
    "pss": Named("PSS", "largest proportional set size: pages shared with others count by their share", "memory"),
    "peak_footprint": Named(
        "Peak footprint", "largest phys_footprint, which macOS keeps; counts what the GPU holds", "memory"
    ),
    "device_memory": Named("Device memory", "largest memory of the processes on the GPU", "memory"),
    "available_drop": Named("Memory taken", "largest drop of the memory available on the box", "memory"),
    "swap_growth": Named("Swapped", "growth of swap while measuring", "memory"),
    "weights_memory": Named("Weights", "weights in memory", "memory"),
    "kv_memory": Named("KV cache", "KV cache, as reserved by the engine", "memory"),
    "activation_memory": Named("Activations", "compute buffers of the engine", "memory"),
    "energy": Named("Energy", "energy per output token, over the whole steady window", "energy"),
    "energy_idle_subtracted": Named("Energy above idle", "the same less what the box draws when idle", "energy"),
    "energy_prefill": Named("Prefill energy", "energy per prompt token", "energy"),
    "energy_decode": Named("Decode energy", "energy per output token after the first", "energy"),
    "idle_power": Named("Idle power", "power with the model loaded and nothing to do", "energy"),
    "power": Named("Power", "mean power in the steady window", "energy"),
    "tokens_per_kwh": Named("Tokens per kWh", "output tokens per kilowatt hour", "energy"),
    "cost": Named("Cost", "electricity and the box's share of its price per million output tokens", "energy"),
    "cost_electricity": Named("Electricity", "energy times its price", "energy"),
    "cost_hardware": Named("Box", "its price spread over the hours it works", "energy"),
    "bandwidth": Named("Bandwidth", "bytes read per token times decode speed", "roofline"),
    "bandwidth_share": Named("Bandwidth, of measured", "share of the read bandwidth measured on this box", "roofline"),
    "bandwidth_share_nominal": Named("Bandwidth, of nominal", "share of the bandwidth on the data sheet", "roofline"),
    "prefill_share": Named("Prefill of peak", "share of the peak rate of matrix products in prefill", "roofline"),
    "canary_copy": Named("Copy", "bandwidth of a plain copy, before and after each cell", "canary"),
    "canary_read": Named("Read", "bandwidth of plain reading, before and after each cell", "canary"),
    "canary_matrix": Named("Matrix product", "rate of a plain matrix product, before and after each cell", "canary"),
    "other_cpu": Named("Other work", "cores that other processes kept busy in the steady window", "canary"),
}
_TIMED = ("s", "tok/s", "req/s", "1/s")


def heading(name: str) -> str:
    """The column title of a reading: the known short form, else its name in words."""
    return READINGS[name].title if name in READINGS else name.replace("_", " ").capitalize()


def rank(name: str) -> int:
    """Place of a reading among the columns; unknown ones last."""
    return [*READINGS, name].index(name)


def family(name: str) -> Family:
    """The table a reading stands in."""
    return READINGS[name].family if name in READINGS else "other"


def glossary(names: list[str]) -> list[str]:
    """ "Title: definition" of those that are known."""
    return [f"{READINGS[name].title}: {READINGS[name].means}" for name in names if name in READINGS]


def verdict_words(one: SpeedComparison) -> str:
    """The verdict on a reading in words that fit its unit: a time is faster, bytes are less; "" where none was made."""
    if one.verdict in ("faster", "slower") and one.unit not in _TIMED:
        lower = (one.better == "lower") == (one.verdict == "faster")
        return "less" if lower else "more"
    return one.verdict
