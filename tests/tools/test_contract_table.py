"""The table of docs/runtimes.md."""

import re
from pathlib import Path

import pytest

from tools.contract_table import BEGIN, END, PAGE, table

ALL = ("transformers", "llama_cpp", "llama_cpp_f16", "mlx", "vllm", "openai")


def test_figures_stand_before_properties_and_what_was_not_asked_is_a_dash() -> None:
    told = {name: {"seeds count": "kept", "scores": f"1e-{at} nats"} for at, name in enumerate(ALL)}
    told["openai"] = {"seeds count": "BROKEN"}
    lines = table(told).splitlines()
    assert lines[0] == "|  | `transformers` | `llama_cpp` | `llama_cpp_f16` | `mlx` | `vllm` | `openai` |"
    assert lines[2:] == ["| scores | 1e-0 nats | 1e-1 nats | 1e-2 nats | 1e-3 nats | 1e-4 nats | - |",
                         "| seeds count | kept | kept | kept | kept | kept | BROKEN |"]


def test_a_runtime_that_was_not_run_makes_no_table() -> None:
    with pytest.raises(KeyError, match="vllm"):
        table({name: {} for name in ALL if name != "vllm"})


def test_the_page_holds_a_table_in_which_nothing_is_broken() -> None:
    page = PAGE.read_text()
    made = page[page.index(BEGIN):page.index(END)]
    assert "BROKEN" not in made
    # What the contract asks of a runtime today; a test that came later is missing from an old page.
    for file in ("test_runtimes.py", "test_reference.py"):
        source = (Path(__file__).parents[1] / "contract" / file).read_text()
        for name in re.findall(r"^def test_(\w+)\(\s*(?:\w+: \w+, )*?(?:session|case|pocket)", source, re.MULTILINE):
            assert f"| {name.replace('_', ' ')} |" in made
