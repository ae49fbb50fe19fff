"""Replies: vLLM batches and samples, each request with its own seed; where a reply ends is decided as for all engines.

Stop strings are looked for in the bytes of the tokens (`runners.reply`), not by vLLM's detokenizer, so that the same
tokens make the same text on every runtime.
"""

from collections.abc import Iterator, Sequence

from vllm import SamplingParams
from vllm.sampling_params import RequestOutputKind

from harness.core.errors import UserError
from harness.core.runtime import FinishReason, Generation
from runners.hf_tokens import HfTokens
from runners.replies import Writing
from runners.runtimes.vllm.engine import Engine, until_done

HOTTEST = 2.0  # vLLM's own limit


def generate_replies(engine: Engine, asked: Sequence[Writing]) -> Iterator[tuple[int, Generation]]:
    """Yield (index, generation) as replies finish."""
    hottest = max((one.request.sampling.temperature for one in asked), default=0.0)
    if hottest > HOTTEST:
        raise UserError(f"vLLM samples at temperatures up to {HOTTEST:g}, not {hottest:g}", "choose a lower one")
    writing = {}
    for one in asked:
        if one.budget > 0:
            writing[engine.submit(one.prompt, _params(one, engine.tokens))] = one
        else:
            yield one.result("length")
    open_names = set(writing)
    for output in until_done(engine, open_names):
        name = output.request_id
        if name not in writing:
            continue  # a last token of a reply that a stop string has ended
        reason = _take(writing[name], output.outputs[0].token_ids, engine.tokens)
        if reason is None and output.finished:
            reason = "stop"  # vLLM knows an end of sequence that the vocabulary does not name
        if reason:
            engine.abort([name])
            open_names.discard(name)
            yield writing.pop(name).result(reason)


def _params(one: Writing, tokens: HfTokens) -> SamplingParams:
    sampling = one.request.sampling
    return SamplingParams(
        temperature=sampling.temperature, top_p=sampling.top_p, top_k=sampling.top_k, min_p=sampling.min_p,
        seed=one.request.seed, max_tokens=one.budget, stop_token_ids=sorted(tokens.ends), detokenize=False,
        output_kind=RequestOutputKind.DELTA)


def _take(one: Writing, tokens: Sequence[int], vocabulary: HfTokens) -> FinishReason | None:
    """Add tokens up to the last that counts; the reason if there was a last one."""
    for token in tokens:
        if reason := one.take(token, vocabulary):
            return reason
    return None
