"""What many tests need: a small suite on disk, and nothing of the workflow that runs them."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import settings

from harness.core.suite import Suite, Task

# How long an example takes says more about the machine than about the code.
settings.register_profile("project", deadline=None)
settings.load_profile("project")
os.environ.pop("GITHUB_STEP_SUMMARY", None)  # `gate` writes into it

_CHOICE = """\
task: tiny_choice
dataset_path: json
dataset_kwargs: {data_files: {test: items.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "pick {{word}}"
doc_to_choice: ["red", "green"]
doc_to_target: "{{['red', 'green'].index(word)}}"
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]
"""

GENERATE = """\
task: tiny_generate
dataset_path: json
dataset_kwargs: {data_files: {test: items.jsonl}}
test_split: test
output_type: generate_until
generation_kwargs: {until: ["\\n"], max_gen_toks: 8}
doc_to_text: "say {{word}}"
doc_to_target: "{{word}}"
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
"""

_ROLLING = """\
task: tiny_rolling
dataset_path: json
dataset_kwargs: {data_files: {test: items.jsonl}}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "the word is {{word}}, number {{id}}"
metric_list: [{metric: word_perplexity}, {metric: byte_perplexity}]
"""


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """60 items in three tasks, one of each kind."""
    folder = tmp_path / "suite"
    folder.mkdir()
    rows = [{"id": f"i{n}", "word": ("red", "green")[n % 2], "template": f"t{n % 12}"} for n in range(60)]
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, text in (("choice", _CHOICE), ("generate", GENERATE), ("rolling", _ROLLING)):
        (folder / f"tiny_{name}.yaml").write_text(text)
    tasks = (
        Task("tiny_choice", "classification", "acc", "choice", chance=0.5, items=60),
        Task("tiny_generate", "extraction", "exact_match", "generate", items=60),
        Task("tiny_rolling", "perplexity", "word_perplexity", "rolling", higher_is_better=False, items=60),
    )
    return Suite("tiny", "three tiny tasks", "CC0-1.0", tasks, include=str(folder), digest="0" * 16)
