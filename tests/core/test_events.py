"""The schema of `run --json` is a promise: what stands here may grow, and nothing in it may change."""

import json
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from harness.core import events
from harness.core.record import Flag
from tests.live.feed import LOADS, QUALITY, Scene, completed, failure, items

PROMISED = {
    "plan": "at plan hw cells optional skipped margin version night schema",
    "weights": "at model quant scheme",
    "cell_started": "at number total cell expected left doing",
    "progress": "at cell seconds done planned per_second cell_left left task tasks prompt_tokens_per_second "
    "output_tokens_per_second box number total",
    "cell_ended": "at number total cell state seconds run folder answered resumed figures invalid degraded warnings "
    "reason measured log_tail left",
    "look": "at number ended going_on last",
    "rounds": "at model load reading rounds precision ended words not_needed",
    "verdict": "at candidate baseline tasks final sentence",
    "report": "at plan report results measured planned not_needed exit_code sentences",
}


def test_every_event_has_its_name_and_at_least_the_promised_fields() -> None:
    found = {one.__struct_config__.tag: one.__struct_fields__ for one in get_args(events.Event)}
    assert found.keys() == PROMISED.keys()
    for tag, fields in PROMISED.items():
        assert list(found[tag])[: len(fields.split())] == fields.split(), tag


@pytest.fixture
def told(tmp_path: Path) -> list[events.Event]:
    scene = Scene(tmp_path)
    scene.teller.begin()
    scene.teller.preparing(QUALITY[0])
    scene.teller.started(QUALITY[0], 1, 10)
    scene.teller.ticked(tmp_path)
    scene.end(completed(QUALITY[0]), *items("tiny_triage", 30), *items("tiny_passage", 20))
    scene.end(completed(QUALITY[1]), *items("tiny_triage", 30))
    scene.end(completed(LOADS[0], 1.0, (), Flag("invalid", "lag")))
    scene.end(failure(LOADS[1]))
    scene.teller.looked(1, ["tiny_triage"], [])
    return scene.view.events


def test_an_event_is_one_line_of_plain_json_and_reads_back_as_itself(told: list[events.Event]) -> None:
    for event in told:
        line = msgspec.json.encode(event)
        assert b"\n" not in line
        assert json.loads(line)["type"] == type(event).__struct_config__.tag
        json.loads(line, parse_constant=pytest.fail)  # no NaN
        assert msgspec.json.decode(line, type=events.Event) == event
    assert len({type(event) for event in told}) >= 7
