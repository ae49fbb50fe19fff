"""Generation by mlx-lm's BatchGenerator: requests join as others finish, each with its own sampling and stop strings.

Greedy tokens are chosen on the device. Sampled ones by the request's own generator, so that its neighbours in the batch
draw nothing from it; only rounding, which depends on the shape of the batch, can still move a token.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import mlx.core as mx
import numpy as np
from mlx_lm.generate import BatchGenerator

from harness.core.runtime import Generation
from runners.hf_tokens import HfTokens
from runners.replies import Writing
from runners.runtimes.mlx.settings import MlxSettings
from runners.sampling import choose


def open_generator(module: Any, settings: MlxSettings, rows: int) -> BatchGenerator:
    """A generator of at most `rows` sequences at once, without stop tokens, on the default stream."""
    return BatchGenerator(module, completion_batch_size=rows, prefill_batch_size=rows,
                          prefill_step_size=settings.prefill_step, stream=mx.default_stream(mx.default_device()))


def generate_replies(module: Any, settings: MlxSettings, vocabulary: HfTokens, requests: Sequence[Writing],
                     ) -> Iterator[tuple[int, Generation]]:
    """Yield (index, generation) as replies finish, the longest prompts first."""
    yield from (one.result("length") for one in requests if one.budget <= 0)
    asked = sorted((one for one in requests if one.budget > 0), key=lambda one: -len(one.prompt))
    if not asked:
        return
    rows = settings.rows(max(len(one.prompt) + one.budget for one in asked))
    with closing(open_generator(module, settings, rows)) as generator:
        numbers = generator.insert([one.prompt for one in asked], [one.budget for one in asked],
                                   samplers=[_sampler(one) for one in asked])
        writing = dict(zip(numbers, asked, strict=True))
        while writing:
            yield from _step(generator, writing, vocabulary)
    mx.clear_cache()


def _step(generator: BatchGenerator, writing: dict[int, Writing], vocabulary: HfTokens,
          ) -> Iterator[tuple[int, Generation]]:
    """One token for every running request; yields the replies it finished and takes them out of the batch."""
    stopped, done = [], []
    for event in generator.next_generated():
        reason = writing[event.uid].take(event.token, vocabulary)
        if reason:
            done.append(writing.pop(event.uid).result(reason))
            if event.finish_reason is None:
                stopped.append(event.uid)
    if stopped:
        generator.remove(stopped)
    yield from done


def _sampler(one: Writing) -> Callable[[mx.array], mx.array] | None:
    """Log-probabilities [1, vocabulary] to a token [1]; None (greedy, for the whole batch at once) at temperature 0."""
    if one.request.sampling.temperature <= 0:
        return None

    def draw(logprobs: mx.array) -> mx.array:
        scores = np.array(logprobs[0].astype(mx.float32))
        return mx.array([choose(scores, one.request.sampling, one.rng)], dtype=mx.uint32)

    return draw
