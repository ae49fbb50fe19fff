"""The command line from outside: help, exit codes, one-line errors, and what start-up may import."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli import VERBS, parse, run
from harness.core.config import Protocol
from harness.core.errors import ConfigError
from harness.core.plan import Plan
from harness.core.suite import Suite
from harness.store import write
from harness.store.layout import Layout
from harness.verbs import Arguments, Flag
from tests.cells import load_cell

ROOT = Path(__file__).parents[1]
WORDS = st.lists(st.sampled_from(["quant=[a,b]", "model=qwen3", "~tasks", "+a.b=1", "limit=5", "abc123"]), max_size=4)
FLAGS = st.lists(st.sampled_from([["-m"], ["--conf", "x"], ["--other-box"]] ), max_size=4)


@given(WORDS, FLAGS, st.randoms())
def test_flags_may_stand_anywhere_among_the_overrides(words: list[str], flags: list[list[str]], random: object) -> None:
    mixed = [[word] for word in words]
    for flag in flags:
        mixed.insert(random.randint(0, len(mixed)), flag)  # type: ignore[attr-defined]
    found = parse([part for parts in mixed for part in parts])
    assert found.overrides == tuple(words)
    assert found.multirun == (["-m"] in flags)
    assert found.conf_dirs == (Path("x"),) * flags.count(["--conf", "x"])


def test_arguments_without_anything_are_the_defaults() -> None:
    assert parse([]) == Arguments()


def test_an_unknown_flag_is_an_error_with_help() -> None:
    with pytest.raises(ConfigError, match="--help"):
        parse(["--multi"])


def test_a_verb_takes_its_own_flags_and_no_others() -> None:
    flags = (Flag("to", "where to", takes="DIR"), Flag("quiet", "less"))
    assert parse(["a", "--to", "x", "--quiet"], flags).flags == {"to": "x", "quiet": "yes"}
    assert parse(["a"], flags).flags == {}
    with pytest.raises(ConfigError, match="--to"):
        parse(["--to", "x"])


def test_a_verbs_help_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--help"]) == 0
    assert "what `run` would do" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["--help"]])
def test_help_names_every_verb(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 0
    text = capsys.readouterr().out
    assert all(f"\n  {verb} " in text for verb in VERBS)
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["plna"], "error: unknown verb 'plna'; did you mean plan?"),
        (["model=x"], "error: the verb comes first, not 'model=x'; see python -m harness --help"),
        (["list", "modl"], "error: nothing to list called 'modl'; did you mean model?"),
        (["plan", "quant=q4km"], "error: unknown quantization 'q4km' in quant=q4km; did you mean q4_k_m?"),
    ],
)
def test_a_users_error_is_one_line_and_exit_code_2(
    words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    assert capsys.readouterr().err == line + "\n"


def test_list_names_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list"]) == 0
    text = capsys.readouterr().out
    for name in ("qwen3_235b_a22b", "q4_k_m", "dgx_spark", "llama_cpp", "nvfp4", "mlx_8bit"):
        assert f"\n  {name} " in text


def test_list_results_says_so_where_there_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "results", f"results={tmp_path}"]) == 0
    assert "no results" in capsys.readouterr().out


def test_show_of_an_unknown_id_names_the_next_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "abc", f"results={tmp_path}"]) == 2
    assert "see python -m harness list results" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["list"], ["list", "quant"], ["list", "results", "results=none"],
              ["list", "nights", "results=none"]]
)
def test_quick_verbs_import_nothing_heavy(words: list[str]) -> None:
    code = (
        f"import sys; from harness.cli import run; run({words!r}); "
        "heavy = {'hydra', 'omegaconf', 'numpy', 'pandas', 'rich', 'scipy', 'lm_eval', 'llama_cpp'} & set(sys.modules);"
        "sys.exit(','.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_results_are_merged_without_a_table_being_read(tmp_path: Path) -> None:
    suite = Suite("tiny", "", "CC0-1.0", (), digest="0" * 16)
    plan = Plan("cpu", (load_cell(),), (), (), suite, Protocol())
    write.plan(Layout(tmp_path / "a"), plan, "2026-01-02T00:00:00Z")
    words = ["merge", str(tmp_path / "a"), "--to", str(tmp_path / "b")]
    code = (
        f"import sys; from harness.cli import run; code = run({words!r}); "
        "heavy = {'numpy', 'pandas', 'pyarrow', 'scipy'} & set(sys.modules); sys.exit(','.join(sorted(heavy)) or code)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert list((tmp_path / "b").glob("*/plans/*.json"))


def test_planning_imports_no_engine_and_no_pandas(tmp_path: Path) -> None:
    """Where nothing is stored yet; flip rates measured before are worth the wait for pandas."""
    words = ["plan", "hw=dgx_spark", "model=qwen3", f"results={tmp_path}"]
    code = (
        f"import sys; from harness.cli import run; code = run({words!r}); "
        "heavy = {'numpy', 'pandas', 'lm_eval', 'llama_cpp', 'torch', 'matplotlib'} & set(sys.modules);"
        "sys.exit(','.join(sorted(heavy)) or code)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert max(len(line) for line in done.stdout.splitlines() if not line.startswith(("skipped", "Next"))) <= 80
