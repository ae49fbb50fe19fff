"""Scores are vLLM's prompt log-probabilities: a prompt of context and continuation, of which only the end counts."""

from collections.abc import Iterator, Sequence

from vllm import SamplingParams
from vllm.logprobs import FlatLogprobs
from vllm.outputs import RequestOutput
from vllm.sampling_params import RequestOutputKind

from harness.core.errors import HarnessError
from runners.runtimes.vllm.engine import Engine, until_done
from runners.scoring import Piece


def measure(engine: Engine, pieces: Sequence[Piece]) -> Iterator[tuple[int, float, bool]]:
    """(owner, log-probability, greedy) of every piece; a token must be generated too, and is thrown away."""
    params = SamplingParams(temperature=0, max_tokens=1, prompt_logprobs=0, flat_logprobs=True, detokenize=False,
                            output_kind=RequestOutputKind.FINAL_ONLY)
    asked = {engine.submit(piece.tokens.tolist(), params): piece for piece in pieces}
    for output in until_done(engine, set(asked)):
        piece = asked[output.request_id]
        yield piece.owner, *_sum(output, piece)


def _sum(output: RequestOutput, piece: Piece) -> tuple[float, bool]:
    """Over the last tokens of the prompt; raises HarnessError where vLLM scored other tokens than those asked for."""
    scored, end = output.prompt_logprobs, slice(-piece.targets, None)
    if not isinstance(scored, FlatLogprobs) or scored.token_ids[end] != piece.tokens[end].tolist():
        raise HarnessError("vLLM gave no log-probabilities of the prompt it was asked to score")
    # Ranks count the tokens at least as likely: 1 is what greedy decoding would choose.
    return sum(scored.logprobs[end]), all(rank == 1 for rank in scored.ranks[end])
