"""Scores are vLLM's log-probabilities of a prompt: context and continuation, of which only the end counts.

The last token is not fed, as nothing follows it: its log-probability is asked for where vLLM chooses the next token.
"""

from collections.abc import Iterator, Sequence

from vllm import SamplingParams
from vllm.logprobs import FlatLogprobs
from vllm.outputs import RequestOutput
from vllm.sampling_params import RequestOutputKind

from harness.core.errors import HarnessError
from runners.runtimes.vllm.engine import Engine, until_done
from runners.scoring import Piece


def measure(engine: Engine, pieces: Sequence[Piece]) -> Iterator[tuple[int, float, bool]]:
    """(owner, log-probability, greedy) of every piece."""
    asked = {engine.submit(piece.fed_tokens.tolist(), _params(piece)): piece for piece in pieces}
    for output in until_done(engine, set(asked)):
        piece = asked[output.request_id]
        yield piece.owner, *_sum(output, piece)


def _params(piece: Piece) -> SamplingParams:
    return SamplingParams(
        temperature=0, max_tokens=1, ignore_eos=True, prompt_logprobs=0 if piece.targets > 1 else None,
        logprob_token_ids=[int(piece.tokens[-1])], flat_logprobs=True, detokenize=False,
        output_kind=RequestOutputKind.FINAL_ONLY)


def _sum(output: RequestOutput, piece: Piece) -> tuple[float, bool]:
    """Over the piece's targets; raises HarnessError where vLLM scored other tokens than those asked for."""
    *inner, last = piece.tokens[-piece.targets:].tolist()
    chosen, next_one = output.outputs[0].token_ids[0], output.outputs[0].logprobs
    if not isinstance(next_one, FlatLogprobs) or last not in next_one.token_ids:
        raise HarnessError("vLLM gave no log-probability of the token it was asked to score")
    logprob, greedy = next_one.logprobs[next_one.token_ids.index(last)], chosen == last
    if not inner:
        return logprob, greedy
    scored, end = output.prompt_logprobs, slice(-len(inner), None)
    if not isinstance(scored, FlatLogprobs) or scored.token_ids[end] != inner:
        raise HarnessError("vLLM gave no log-probabilities of the prompt it was asked to score")
    # Ranks count the tokens at least as likely: 1 is what greedy decoding would choose.
    return logprob + sum(scored.logprobs[end]), greedy and all(rank == 1 for rank in scored.ranks[end])
