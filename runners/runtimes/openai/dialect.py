"""What sets OpenAI-compatible servers apart, as one literal table: where they tokenize, what they are told besides.

Field names are those of vLLM 0.32, llama-server, and llama_cpp.server of llama-cpp-python 0.3.36. `plain` is everything
else: the protocol alone, as hosted endpoints, Ollama, LM Studio and mlx_lm.server speak it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Dialect:
    """`tokenize` is (path, name of the text's field), "" where there is none; paths are relative to the server's root.

    `template` is the path that applies the chat template: to ids at vLLM's /tokenize, to text at /apply-template.
    `stream` is added to streamed requests (token counts, no cache), `forced` holds the fields that keep a reply from
    ending early, `sampling` says whether top_k and min_p are known.
    """

    name: str
    tokenize: tuple[str, str] = ("", "")
    tokenize_fields: Mapping[str, object] = field(default_factory=dict)
    template: str = ""
    stream: Mapping[str, object] = field(default_factory=dict)
    forced: tuple[str, ...] = ()
    sampling: bool = False
    prompt_logprobs: bool = False


_USAGE = {"stream_options": {"include_usage": True}}
DIALECTS = {
    "vllm": Dialect(
        "vllm", ("/tokenize", "prompt"), {"add_special_tokens": True}, "/tokenize",
        {"stream_options": {"include_usage": True, "continuous_usage_stats": True}, "return_token_ids": True},
        ("ignore_eos", "min_tokens"), True, True),
    "llama_server": Dialect(
        "llama_server", ("/tokenize", "content"), {"add_special": True, "parse_special": True}, "/apply-template",
        {**_USAGE, "timings_per_token": True, "cache_prompt": False}, ("ignore_eos",), True),
    # Its min_tokens does not keep a reply from ending (0.3.36): ban the end tokens, extra={"logit_bias": {"ID": -100}}.
    "llama_cpp_python": Dialect("llama_cpp_python", ("/extras/tokenize", "input"), sampling=True),
    "plain": Dialect("plain", stream=_USAGE),
}
# `owned_by` in the list of models
_OWNERS = {"vllm": "vllm", "llamacpp": "llama_server", "me": "llama_cpp_python"}


def dialect_of(name: str, owner: str) -> Dialect:
    """The dialect named, or for "auto" the one of a server that says it is `owner`."""
    return DIALECTS[_OWNERS.get(owner, "plain") if name == "auto" else name]


def forced_fields(names: tuple[str, ...], tokens: int) -> dict[str, object]:
    """The named fields with their values for a reply of exactly `tokens` tokens."""
    return {name: tokens if name == "min_tokens" else True for name in names}
