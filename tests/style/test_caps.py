"""The project's own caps: small files, small functions, docstrings, no vague names, no paths of a machine."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for d in ("harness", "runners", "tools", "benchmarks") for p in (ROOT / d).rglob("*.py"))
FILE_LINES, FUNCTION_LINES, PARAMETERS, NESTING = 300, 50, 6, 3
VAGUE = {"utils", "helpers", "manager", "base", "common"}


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])


def _depth(node: ast.AST) -> int:
    """How many blocks stand inside one another; a chain of elif counts once, a nested function starts anew."""
    deepest = 0
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.FunctionDef | ast.ClassDef):
                continue
            block = isinstance(child, ast.If | ast.For | ast.While | ast.With | ast.Try | ast.Match)
            chained = name == "orelse" and isinstance(child, ast.If)
            deepest = max(deepest, _depth(child) + (block and not chained))
    return deepest


def _offences(path: Path) -> Iterator[str]:
    text = path.read_text()
    tree = ast.parse(text)
    if text.count("\n") > FILE_LINES:
        yield f"{text.count(chr(10))} lines"
    if path.stem in VAGUE:
        yield "a name that says nothing"
    if ast.get_docstring(tree) is None:
        yield "no module docstring"
    for function in _functions(tree):
        where = f"{function.name} (line {function.lineno})"
        if (size := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES:
            yield f"{where} has {size} lines"
        if (count := _parameters(function)) > PARAMETERS:
            yield f"{where} has {count} parameters"
        if (depth := _depth(function)) > NESTING:
            yield f"{where} nests {depth} deep"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_source_file_keeps_the_caps(path: Path) -> None:
    assert list(_offences(path)) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_public_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text())
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    public = [n for n in tree.body if isinstance(n, kinds) and not n.name.startswith("_")]
    assert [node.name for node in public if ast.get_docstring(node) is None] == []


def test_a_broad_except_stands_in_the_command_line_only() -> None:
    broad = re.compile(r"except (Base)?Exception\b|except:")
    found = {str(p.relative_to(ROOT)) for p in SOURCES if broad.search(p.read_text())}
    assert found <= {"harness/cli.py", "harness/execute/child.py"}


def test_no_text_names_a_folder_of_somebodys_machine() -> None:
    folders = ("harness", "runners", "tools", "benchmarks", "conf", "suites", "docs", "tests", ".github", ".ci")
    files = [*(p for f in folders for p in (ROOT / f).rglob("*")), *ROOT.glob("*.*"), ROOT / "Makefile"]
    texts = [p for p in files if p.is_file() and p.suffix != ".pyc"]
    personal = re.compile(r"/(?:home|Users|root)/(?!someone/|me/)\w+/|ROOT\.parent\b")
    assert [str(p.relative_to(ROOT)) for p in texts if personal.search(p.read_text(errors="replace"))] == []
