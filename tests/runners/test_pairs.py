"""Splitting a text into given and scored parts, held against lm-eval's own functions."""

from hypothesis import given
from hypothesis import strategies as st
from lm_eval.api.model import TemplateLM
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

from runners.pairs import encode_pair, rolling_windows

TEXT = st.text(alphabet="ab \n\t", max_size=12)


def encode(text: str) -> list[int]:
    """Pairs of equal letters are one token, so that merges can cross the boundary."""
    ids: list[int] = []
    for letter in text:
        if ids and ids[-1] == ord(letter):
            ids[-1] += 1000
        else:
            ids.append(ord(letter))
    return ids


class LmEval(TemplateLM):  # type: ignore[misc]
    """lm-eval's base class with our tokenizer and nothing else."""

    backend = "causal"
    eot_token_id = 0

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **kwargs: object) -> list[int]:
        return encode(string)

    def _loglikelihood_tokens(self, requests: object, **kwargs: object) -> list[tuple[float, bool]]:
        raise NotImplementedError

    def loglikelihood_rolling(self, requests: object, disable_tqdm: bool = False) -> list[float]:
        raise NotImplementedError

    def generate_until(self, requests: object, disable_tqdm: bool = False) -> list[str]:
        raise NotImplementedError


@given(TEXT.filter(bool), TEXT)
def test_a_pair_is_split_as_lm_eval_splits_it(context: str, continuation: str) -> None:
    assert encode_pair(encode, context, continuation) == tuple(LmEval()._encode_pair(context, continuation))


def test_trailing_spaces_of_the_context_move_to_the_continuation() -> None:
    assert encode_pair(encode, "b  ", "a") == ([98], [1032, 97])


@given(st.lists(st.integers(1, 99), max_size=40), st.integers(1, 12))
def test_rolling_windows_are_those_of_lm_eval(tokens: list[int], window: int) -> None:
    theirs = [make_disjoint_window(pair) for pair in get_rolling_token_windows(tokens, 0, window, 1)]
    assert rolling_windows(tokens, 0, window) == theirs


@given(st.lists(st.integers(1, 99), max_size=40), st.integers(1, 12))
def test_every_token_is_predicted_once_and_no_window_overflows(tokens: list[int], window: int) -> None:
    pairs = rolling_windows(tokens, 0, window)
    assert [token for _, targets in pairs for token in targets] == tokens
    assert all(len(context) + len(targets) - 1 <= window for context, targets in pairs)
