"""Choosing the next token from logits; pure, with the request's own generator, so batching changes nothing.

Order of the filters as in transformers: temperature, top_k, top_p (Holtzman et al. 2020), min_p (Nguyen et al. 2024).
"""

import numpy as np
from numpy.typing import NDArray

from harness.core.runtime import Sampling


def choose(logits: NDArray[np.float32], sampling: Sampling, rng: np.random.Generator) -> int:
    """One token id from logits [vocabulary]; draws one number unless the temperature is 0 (greedy)."""
    if sampling.temperature <= 0:
        return int(logits.argmax())
    ids, chances = likeliest(logits, sampling)
    cumulated = np.cumsum(chances)
    drawn = np.searchsorted(cumulated, rng.random() * cumulated[-1], side="right")
    return int(ids[min(int(drawn), len(ids) - 1)])


def likeliest(logits: NDArray[np.float32], sampling: Sampling) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Ids that the filters leave, likeliest first, and their probabilities before renormalising."""
    scaled = logits.astype(np.float64) / sampling.temperature
    ids = np.arange(len(scaled))
    if 0 < sampling.top_k < len(scaled):
        ids = np.argpartition(scaled, -sampling.top_k)[-sampling.top_k:]
    ids = ids[np.argsort(-scaled[ids], kind="stable")]
    chances = np.exp(scaled[ids] - scaled[ids[0]])
    chances /= chances.sum()
    keep = len(ids)
    if sampling.top_p < 1:
        keep = min(keep, int(np.searchsorted(np.cumsum(chances), sampling.top_p)) + 1)
    if sampling.min_p > 0:
        keep = min(keep, int(np.count_nonzero(chances >= sampling.min_p * chances[0])))
    return ids[:keep], chances[:keep]
