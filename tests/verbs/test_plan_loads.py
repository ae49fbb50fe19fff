"""What `plan` says of its loads: exact where there is a schedule, a bound where there is none."""

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from harness.core.config import Load
from harness.plan.build import build
from harness.verbs.plan_loads import show_loads
from tests.plan.points import BOX, LOAD, SUITE, assets, point, settings


def told(folder: Path, **changes: object) -> str:
    load = msgspec.convert({**msgspec.to_builtins(LOAD), **changes}, Load)
    out = io.StringIO()
    show_loads(build(settings(point("q8_0", load=load)), BOX, SUITE, assets(folder)), Console(file=out, width=200))
    return out.getvalue()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arrivals": "poisson", "rates": [2, 4], "requests": 40},
         "2 steps, 80 requests after the warm-up; 30 s a round of an arm, as scheduled"),
        ({"arrivals": "ramp", "rates": [1, 3], "seconds": 600},
         "5 steps, 1200 requests after the warm-up; 10 min a round of an arm"),
        ({"arrivals": "sweep"}, "up to 2 steps, up to 24 requests after the warm-up; at least"),
        ({"arrivals": "slo", "rates": [4], "limits": {"ttft_seconds": 1, "tpot_seconds": 1}},
         "about 10 steps of 8 requests, doubled or halved and then closed in on to 5 %; 2 s a step, as scheduled"),
        ({"seconds": 30}, "at least 60 s a round of an arm (memory bandwidth)"),
    ],
)
def test_a_load_says_its_size_and_its_time(changes: dict[str, object], said: str, tmp_path: Path) -> None:
    assert said in told(tmp_path, **changes)
