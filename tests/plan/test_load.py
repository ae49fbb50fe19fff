"""Loads at planning time: what makes no sense, what does not fit, what a trace brings along."""

from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from harness import bundle
from harness.core.config import Fact, Limits, Load
from harness.core.errors import ConfigError, NotFound
from harness.core.load import describe, is_open, label, requests_at, steps_of
from harness.core.record import Step
from harness.core.trace import read_trace
from harness.plan.build import build
from harness.plan.load import checked, fitted
from harness.plan.matrix import arms_of
from tests.plan.points import BOX, LLAMA, LOAD, SUITE, assets, model, point, settings
from tools import load_inputs

SHIPPED = bundle.catalogue("load", Load)


def load(**changes: object) -> Load:
    return msgspec.convert({**msgspec.to_builtins(LOAD), **changes}, Load)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arrivals": "poisson"}, "poisson arrivals need rates; give load.rates=[1,2]"),
        ({"arrivals": "constant"}, "constant arrivals need rates"),
        ({"arrivals": "slo", "rates": [1]}, "slo needs limits; give load.limits.ttft_seconds=1"),
        ({"arrivals": "ramp", "rates": [1, 2]}, "a ramp needs two rates and its seconds"),
        ({"arrivals": "ramp", "rates": [1], "seconds": 9}, "a ramp needs two rates and its seconds"),
        ({"arrivals": "trace"}, "trace arrivals need a trace"),
        ({"trace": "x.jsonl"}, "closed arrivals replay no trace; add load.arrivals=trace"),
        ({"rates": [2]}, "a closed loop has no rates; add load.arrivals=poisson"),
        ({"arrivals": "sweep", "concurrency": [4, 2]}, "a sweep rises"),
        ({"arrivals": "sweep", "concurrency": [4]}, "a sweep needs two steps"),
        ({"concurrency": []}, "concurrency is empty"),
        ({"concurrency": [0]}, "concurrency must be positive"),
        ({"depth": -1}, "depth must be positive"),
        ({"arrivals": "poisson", "rates": [0]}, "rates must be positive"),
        ({"limits": {"ttft_seconds": 0, "tpot_seconds": 1}}, "limits must be positive"),
    ],
)
def test_a_load_that_makes_no_sense_ends_in_one_line(changes: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        checked(load(**changes), tmp_path)
    assert str(error.value).startswith(f"load=small: {said}")
    assert "\n" not in str(error.value)


def test_every_load_that_ships_makes_sense_and_says_what_it_is_for() -> None:
    assert {"small", "chat", "long_prompt", "single", "concurrent", "rate", "poisson", "ramp", "sweep", "slo", "trace",
            "depth", "grid"} <= set(SHIPPED)
    for key, path in bundle.entries("load").items():
        shipped = checked(SHIPPED[key], bundle.assets())
        assert bundle.name_of(path)[-1] in ".?"
        assert steps_of(shipped)
        assert describe(shipped)


def test_a_load_has_a_step_for_each_choice() -> None:
    grid = load(prompt_tokens=[1, 2], output_tokens=[3, 4], depth=[0, 9], concurrency=[1, 8])
    assert len(steps_of(grid)) == len(set(steps_of(grid))) == 16
    assert steps_of(grid)[:3] == (Step(1, 0, 1, 3), Step(8, 0, 1, 3), Step(1, 0, 1, 4))
    ramp = load(arrivals="ramp", rates=[0.0001, 10], seconds=10)
    assert [round(step.rate) for step in steps_of(ramp)] == [1, 3, 5, 7, 9]
    assert not is_open(load(arrivals="sweep"))
    assert is_open(load(arrivals="sweep", rates=[1, 2]))


def test_a_load_of_one_shape_names_its_steps_by_concurrency_alone() -> None:
    assert label(LOAD, steps_of(LOAD)[1]) == Step(concurrency=8)
    deep = load(depth=[0, 9])
    assert label(deep, steps_of(deep)[0]) == Step(1, 0, 60, 40)


def test_requests_are_enough_for_the_users_and_the_time() -> None:
    assert requests_at(LOAD, Step(1)) == 8
    assert requests_at(LOAD, Step(64)) == 128
    assert requests_at(load(arrivals="poisson", rates=[5], seconds=10), Step(0, 5.0)) == 50


def test_a_trace_brings_its_digest_its_number_and_its_greatest_lengths(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text('{"arrival_seconds": 9, "input_tokens": 7, "output_tokens": 30}\n'
                    '{"arrival_seconds": 1.5, "input_tokens": 70, "output_tokens": 3}\n')
    found = checked(load(arrivals="trace", trace=str(file)), tmp_path)
    assert (found.requests, found.prompt_tokens, found.output_tokens, found.seconds) == (2, 70, 30, 7.5)
    assert [one.arrival_seconds for one in read_trace(found, tmp_path)] == [1.5, 9]
    file.write_text('{"arrival_seconds": 9, "input_tokens": 7, "output_tokens": 31}\n')
    with pytest.raises(ConfigError, match="is not what was planned with"):
        read_trace(found, tmp_path)


def test_a_trace_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(NotFound, match=r"there is no trace nowhere.jsonl; give load.trace=FILE; shipped: bursts.jsonl"):
        checked(load(arrivals="trace", trace="nowhere.jsonl"), bundle.assets())


def test_the_trace_that_ships_is_the_one_its_tool_makes_and_keeps_its_name() -> None:
    assert read_trace(SHIPPED["trace"], bundle.assets()) == list(load_inputs.trace())
    assert checked(SHIPPED["trace"], bundle.assets()).trace == "bursts.jsonl"


def test_what_exceeds_the_smallest_context_is_left_out_for_all_arms_of_a_model(tmp_path: Path) -> None:
    wide = structs.replace(LLAMA, key="wide", options={"n_ctx": 4000})
    deep = load(depth=[0, 500, 1500, 3000])
    asked = settings(point("q8_0", load=deep), point("q8_0", wide, load=deep), baseline="none")
    arms, skips = fitted(arms_of(asked, BOX, assets(tmp_path)).arms, BOX)
    assert [arm.loads[0].depths for arm in arms] == [(0, 500)] * 2
    assert [(skip.what, skip.reason) for skip in skips] == [
        ("load small on m at depth 1,500", "needs 1,600 tokens, the context holds 1,000 (m q8_0 llama)"),
        ("load small on m at depth 3,000", "needs 3,100 tokens, the context holds 1,000 (m q8_0 llama)")]


def test_users_whose_cache_exceeds_the_memory_are_left_out(tmp_path: Path) -> None:
    # 100 tokens of 10 MB each: 1 GB a user, in 10 GB.
    big = structs.replace(model(), kv_bytes_per_token=Fact(1e7, "computed"))
    many = load(concurrency=[1, 8, 16])
    arms, skips = fitted(arms_of(settings(point("q8_0", of=big, load=many), baseline="none"), BOX,
                                 assets(tmp_path)).arms, BOX)
    assert arms[0].loads[0].concurrency == (1, 8)
    assert [(skip.what, skip.reason) for skip in skips] == [
        ("load small on m at 16 concurrent", "m q8_0 llama needs 16.0 GB with its KV cache, box has 10 GB")]
    few = structs.replace(LLAMA, options={**LLAMA.options, "concurrency": 4})  # a server of four slots
    arms, skips = fitted(arms_of(settings(point("q8_0", few, big, many), baseline="none"), BOX,
                                 assets(tmp_path)).arms, BOX)
    assert (arms[0].loads[0].concurrency, skips) == ((1, 8, 16), [])


def test_a_plan_keeps_what_fits_and_says_what_does_not(tmp_path: Path) -> None:
    places = assets(tmp_path)
    asked = settings(point("q8_0", load=load(depth=[0, 5000])))
    plan = build(asked, BOX, SUITE, places).plan
    assert {cell.work.load.depths for cell in plan.cells if cell.kind == "load"} == {(0,)}  # type: ignore[union-attr]
    assert [skip.what for skip in plan.skips] == ["load small on m at depth 5,000"]
    alone = structs.replace(asked, matrix=structs.replace(asked.matrix, quality=False),
                            points=(point("q8_0", load=load(depth=5000)),))
    with pytest.raises(NotFound, match="nothing to run: load small on m.*needs 5,100 tokens"):
        build(alone, BOX, SUITE, places)


def test_a_load_that_makes_no_sense_matters_only_where_it_is_run(tmp_path: Path) -> None:
    asked = settings(point("q8_0", load=load(arrivals="poisson")))
    with pytest.raises(ConfigError, match="poisson arrivals need rates"):
        build(asked, BOX, SUITE, assets(tmp_path))
    quality = structs.replace(asked, matrix=structs.replace(asked.matrix, speed=False))
    assert build(quality, BOX, SUITE, tmp_path).plan.cells


def test_a_load_is_described_in_words() -> None:
    assert describe(LOAD) == "closed loop at 1, 8 concurrent; 60 prompt and 40 output tokens, 8 to 16 requests each"
    limits = Limits(1.0, 0.1)
    said = describe(structs.replace(LOAD, arrivals="slo", rates=(2.0,), limits=limits, prompts="corpus", seconds=5.0))
    assert said.startswith("search for the highest rate within limits, from 2 requests/s; 60 prompt and 40 output")
    assert said.endswith(", text, 10 requests each, at least 5 s each")
