"""Any task that ships with lm_eval as a suite of its own: what its YAML says, read without importing lm_eval.

A task is declared on a line of its own ("task: gsm8k"), so a scan of the bytes finds its file; reading 14,000 files as
YAML would take lm_eval 20 s. Folders that share the task's name are looked at first.
"""

import hashlib
import importlib.util
import re
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import yaml

from harness.bundle import closest
from harness.core.digest import file_digest
from harness.core.errors import NotFound, UserError
from harness.core.suite import Output, Suite, Task

_OUTPUTS: dict[str, Output] = {
    "multiple_choice": "choice",
    "loglikelihood": "choice",
    "generate_until": "generate",
    "loglikelihood_rolling": "rolling",
}
_DECLARED = re.compile(rb"""^["']?(?:task|group|tag)["']?:[ \t]*["']?([\w.+-]+)""", re.MULTILINE)


class _Loader(yaml.SafeLoader):
    """Tags such as !function become their text."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: getattr(node, "value", ""))


def as_suite(name: str) -> Suite:
    """ "lm_eval:gsm8k,hellaswag" as a Suite; items are known only once lm_eval has loaded the data."""
    words = [word for word in name.removeprefix("lm_eval:").split(",") if word]
    if not words:
        raise UserError("lm_eval: names no task", "for example suite=lm_eval:gsm8k")
    found = [shipped(word) for word in words]
    tasks, folders = tuple(task for task, _ in found), tuple(sorted({str(folder) for _, folder in found}))
    about = "Tasks that ship with lm_eval"
    return Suite(name, about, "see each task", tasks, folders=folders, digest=digest_of(folders))


def shipped(name: str) -> tuple[Task, Path]:
    """A task of lm_eval and the folder to index for it; raises NotFound with a suggestion for an unknown name.

    A group ("mmlu") is described by its first member; its members' items are pooled when compared.
    """
    path = _file_of(name, _root())
    return msgspec.structs.replace(_task(path), task=name), path.parent


def digest_of(folders: Sequence[str]) -> str:
    """sha256 over lm_eval's version and every file of these folders of its tasks."""
    root = _root()
    digest = hashlib.sha256(metadata.version("lm_eval").encode())
    for path in sorted({path for folder in folders for path in Path(folder).glob("*") if path.is_file()}):
        digest.update(f"{path.relative_to(root).as_posix()}\0{file_digest(path)}\n".encode())
    return digest.hexdigest()


def _root() -> Path:
    spec = importlib.util.find_spec("lm_eval")
    if spec is None or spec.origin is None:
        raise NotFound("lm_eval is not installed", "pip install lm-eval")
    return Path(spec.origin).parent / "tasks"


def _file_of(task: str, root: Path) -> Path:
    stem = task.split("_")[0].split("-")[0]
    for folder in [*sorted(root.glob(f"{stem}*")), root]:
        for name, path in _declarations(folder):
            if name == task:
                return path
    raise NotFound(f"lm_eval has no task '{task}'", closest(task, {name for name, _ in _declarations(root)}))


def _declarations(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*.y*ml")):
        for match in _DECLARED.finditer(path.read_bytes()):
            yield match.group(1).decode(), path


def _content(path: Path) -> dict[str, Any]:
    """A task's YAML over the file it includes."""
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    parent = content.pop("include", None)
    return {**(_content(path.parent / parent) if parent else {}), **content}


def _task(path: Path) -> Task:
    """What a task's YAML says; of a group, its first member's."""
    content = _content(path)
    if isinstance(members := content.get("task"), list):
        first = members[0]
        while isinstance(first, dict):
            first = first["task"][0] if isinstance(first["task"], list) else first["task"]
        return _task(_file_of(str(first), _root()))
    output = _OUTPUTS.get(str(content.get("output_type", "generate_until")), "generate")
    metrics = content.get("metric_list") or [{"metric": "acc" if output == "choice" else "exact_match"}]
    filters = content.get("filter_list") or []
    # As the items name them: by metric alone, unless several filters give several figures.
    suffix = f",{filters[0]['name']}" if len(filters) > 1 else ""
    choices = content.get("doc_to_choice")
    return Task(
        task=str(content.get("task", path.stem)),
        kind=path.parent.name,
        metric=str(metrics[0]["metric"]) + suffix,
        output=output,
        chance=1 / len(choices) if isinstance(choices, list) and choices else 0.0,
        higher_is_better=bool(metrics[0].get("higher_is_better", True)),
    )
