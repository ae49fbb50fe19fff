"""The parts of the llama.cpp runtime that need no engine: options, packing, sampling, replies."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

import yaml

from harness.core.config import Runtime
from harness.core.errors import ConfigError
from harness.core.runtime import Sampling
from runners.reply import Reply
from runners.runtimes.llama_cpp.pack import Limits, Wave, arrange, waves
from runners.runtimes.llama_cpp.settings import parse_settings
from runners.sampling import choose, likeliest
from runners.scoring import Piece

CONF = Path(__file__).parents[2] / "conf" / "runtime" / "llama_cpp.yaml"


def test_the_shipped_options_and_their_variations_parse() -> None:
    runtime = msgspec.convert({"key": "llama_cpp", **yaml.safe_load(CONF.read_text())}, Runtime)
    assert parse_settings(runtime.options).flash == "off"
    changed = [parse_settings({**runtime.options, **one.options}) for one in runtime.variations]
    assert changed[0].n_batch != parse_settings(runtime.options).n_batch
    assert changed[1].n_threads == 1


def test_a_misspelt_option_names_the_valid_ones() -> None:
    with pytest.raises(ConfigError, match=r"n_cxt.*the options are n_ctx, n_batch"):
        parse_settings({"n_cxt": 1})


def test_a_quantized_value_cache_asks_for_flash_attention() -> None:
    with pytest.raises(ConfigError, match="flash_attention=on"):
        parse_settings({"type_v": "q8_0"})
    assert parse_settings({"type_v": "q8_0", "flash_attention": True}).flash_number == 1


def test_a_bare_off_in_yaml_is_off() -> None:
    assert parse_settings({"flash_attention": False}).flash_number == 0


PIECES = st.lists(st.tuples(st.lists(st.integers(0, 2), min_size=1, max_size=30),
                            st.lists(st.integers(0, 2), min_size=1, max_size=4)), min_size=1, max_size=25)


def replay(wave: Wave, memory: dict[int, tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Feed a wave to a cache that holds texts instead of numbers; the text each token ends, by node."""
    seen: list[tuple[int, ...]] = []
    for at in range(len(wave.tokens)):
        first, count, depth = int(wave.first[at]), int(wave.counts[at]), int(wave.positions[at])
        if first < 0:
            seen.append(())
            continue
        texts = {memory.get(sequence, ()) for sequence in range(first, first + count)}
        assert len(texts) == 1
        text = texts.pop()
        assert len(text) == depth
        text = (*text, int(wave.tokens[at]))
        memory.update(dict.fromkeys(range(first, first + count), text))
        seen.append(text)
    return seen


@given(PIECES, st.integers(1, 5), st.integers(40, 90), st.sampled_from([16, 32]))
def test_packing_asks_each_target_after_exactly_its_own_text(
        texts: list[tuple[list[int], list[int]]], sequences: int, cells: int, batch: int) -> None:
    pieces = arrange([Piece(n, np.array(a + b, dtype=np.int32), len(b)) for n, (a, b) in enumerate(texts)])
    kept: tuple[int, ...] = ()
    asked: dict[int, list[tuple[tuple[int, ...], int]]] = {n: [] for n in range(len(pieces))}
    for wave in waves(pieces, Limits(sequences, cells, batch, lanes=4, rows=2)):
        assert len(wave.carried) <= sequences
        assert wave.carried[0] + len(wave.tokens) <= cells
        assert len(wave.tokens) % 2 == 0
        seen = replay(wave, {n: kept[:size] for n, size in enumerate(wave.carried)})
        for node, target, piece in zip(wave.node, wave.target, wave.piece, strict=True):
            asked[wave.start + int(piece)].append((seen[node], int(target)))
        if not wave.carried[0]:
            kept = tuple(pieces[wave.start].fed_tokens.tolist())
    for at, piece in enumerate(pieces):
        tokens = piece.tokens.tolist()
        wanted = [(tuple(tokens[:end]), tokens[end]) for end in range(len(tokens) - piece.targets, len(tokens))]
        assert sorted(asked[at]) == sorted(wanted)


@given(PIECES)
def test_a_token_lies_in_a_block_of_cells_whatever_it_is_packed_with(texts: list[tuple[list[int], list[int]]]) -> None:
    pieces = arrange([Piece(n, np.array(a + b, dtype=np.int32), len(b)) for n, (a, b) in enumerate(texts)])
    for wave in waves(pieces, Limits(8, 200, 64, lanes=4, rows=2)):
        cells = np.arange(len(wave.tokens)) + wave.carried[0]
        real = wave.first >= 0
        assert (cells[real] % 4 == wave.positions[real] % 4).all()


def test_a_shared_few_shot_prefix_is_computed_once() -> None:
    shots = list(range(400))
    pieces = arrange([Piece(n, np.array([*shots, 500 + n, 7, 8], dtype=np.int32), 1) for n in range(100)])
    fed = sum(len(wave.tokens) for wave in waves(pieces, Limits(16, 1024, 128, lanes=16, rows=8)))
    assert fed < 400 + 100 * 24


def test_a_stop_string_that_spans_tokens_ends_the_reply_before_it() -> None:
    reply = Reply(("END", "\n\n"))
    for piece in (b"one", b" E", b"N", b"D two"):
        reply.add(piece)
    assert (reply.text, reply.stopped) == ("one ", True)


@given(st.text(max_size=20), st.data())
def test_a_reply_is_the_same_however_its_bytes_are_cut_into_tokens(text: str, data: st.DataObject) -> None:
    raw = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    reply = Reply(())
    for start, stop in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        reply.add(raw[start:stop])
    reply.add(b"", final=True)
    assert reply.text == text


def test_an_unfinished_character_at_the_end_is_replaced() -> None:
    reply = Reply(())
    reply.add("é".encode()[:1])
    assert reply.text == ""
    reply.add(b"", final=True)
    assert reply.text == "\ufffd"


LOGITS = np.log(np.array([0.4, 0.3, 0.2, 0.1], dtype=np.float32))


@pytest.mark.parametrize(("sampling", "left"), [
    (Sampling(1.0), [0, 1, 2, 3]), (Sampling(1.0, top_k=2), [0, 1]), (Sampling(1.0, top_p=0.6), [0, 1]),
    (Sampling(1.0, min_p=0.6), [0, 1]), (Sampling(1.0, top_p=0.01), [0]),
])
def test_each_filter_leaves_the_likeliest_tokens(sampling: Sampling, left: list[int]) -> None:
    assert likeliest(LOGITS, sampling)[0].tolist() == left


def test_sampled_frequencies_follow_the_tempered_distribution() -> None:
    rng = np.random.default_rng(0)
    drawn = np.bincount([choose(LOGITS, Sampling(0.5), rng) for _ in range(4000)], minlength=4) / 4000
    wanted = np.array([16, 9, 4, 1]) / 30
    assert np.abs(drawn - wanted).max() < 0.03


def test_temperature_zero_is_greedy_and_draws_nothing() -> None:
    rng = np.random.default_rng(0)
    assert choose(LOGITS, Sampling(), rng) == 0
    assert rng.random() == np.random.default_rng(0).random()
