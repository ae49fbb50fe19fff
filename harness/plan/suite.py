"""Suites from their YAML files, with item counts and a digest of all that shapes a prompt or a score.

The digest covers what the suite asks for, and relative names and bytes of tasks and data: a checkout and a wheel give
the same one. How many items are asked is not in it: that belongs to the work.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from harness.bundle import closest, convert, read_yaml
from harness.core.digest import canonical, file_digest, text_digest
from harness.core.errors import ConfigError, NotFound
from harness.core.suite import Suite, Task
from harness.plan import lm_eval_task


class _TaskLoader(yaml.SafeLoader):
    """Reads lm-eval task YAML: tags such as !function become their text."""


_TaskLoader.add_multi_constructor("!", lambda loader, suffix, node: getattr(node, "value", ""))


def load(name: str, suites: Path, tasks: Sequence[str] = ()) -> Suite:
    """A suite by name, by the path of its YAML, or as "lm_eval:<task>[,<task>]", with only `tasks` if any are given.

    Raises NotFound for a suite or task that is not there, ConfigError for a file that does not parse.
    """
    suite = lm_eval_task.as_suite(name) if name.startswith("lm_eval:") else _from_file(_file(name, suites))
    known = [task.task for task in suite.tasks]
    for task in tasks:
        if task not in known:
            raise NotFound(f"suite {suite.name} has no task '{task}'", closest(task, known))
    chosen = tuple(task for task in suite.tasks if not tasks or task.task in tasks)
    return msgspec.structs.replace(suite, tasks=chosen)


def _file(name: str, suites: Path) -> Path:
    if name.endswith((".yaml", ".yml")):
        path = Path(name).expanduser().resolve()
        if not path.is_file():
            raise NotFound(f"no suite file {path}", "see python -m harness list")
        return path
    path = suites / f"{name}.yaml"
    if not path.is_file():
        raise NotFound(f"unknown suite '{name}'", closest(name, [file.stem for file in suites.glob("*.yaml")]))
    return path


def _from_file(path: Path) -> Suite:
    data = _read(path)
    include = (path.parent / str(data.get("include", "."))).resolve()
    if not include.is_dir():
        raise NotFound(f"{path}: include names no folder ({include})", "give a folder of task YAMLs")
    suite = convert({"name": path.stem, **data, "path": str(path), "include": str(include)}, Suite, str(path))
    if not suite.tasks:
        raise ConfigError(f"{path}: no tasks", "list at least one task")
    declared = dict(_declared(include))
    tasks = tuple(_counted(task, declared) if task.task in declared else task for task in suite.tasks)
    folders = _folders([task.task for task in tasks if task.task not in declared])
    files = sorted({file for _, (folder, content) in declared.items() for file in _data_files(folder, content)})
    digest = _digest(suite, path.parent, files) if declared else text_digest(_asked(suite))
    if folders:
        digest = text_digest(f"{digest} {lm_eval_task.digest_of(folders)}")
    return msgspec.structs.replace(suite, tasks=tasks, folders=folders, digest=digest)


def _folders(shipped: Sequence[str]) -> tuple[str, ...]:
    """Folders of the tasks that ship with lm_eval; raises NotFound for a name that is nobody's."""
    return tuple(sorted({str(lm_eval_task.shipped(name)[1]) for name in shipped}))


def _read(path: Path) -> dict[str, object]:
    """A suite's YAML over the one it extends, if any."""
    data = read_yaml(path)
    base = data.pop("extends", None)
    return data if base is None else {**_read(path.parent / str(base)), **data}


def _declared(include: Path) -> Iterator[tuple[str, tuple[Path, dict[str, Any]]]]:
    """(task name, (its YAML's folder, content)) of every task below a folder."""
    for path in sorted(include.rglob("*.yaml")):
        try:
            content = yaml.load(path.read_text(encoding="utf-8"), _TaskLoader)  # noqa: S506 - a safe loader
        except yaml.YAMLError as error:
            raise ConfigError(f"{path}: {' '.join(str(error).split())}", "mend this YAML file") from error
        if isinstance(content, dict) and isinstance(content.get("task"), str):
            yield content["task"], (path.parent, content)


def _counted(task: Task, declared: dict[str, tuple[Path, dict[str, Any]]]) -> Task:
    folder, content = declared[task.task]
    split = content.get("test_split") or content.get("validation_split") or "test"
    files = _data_files(folder, content, split)
    return msgspec.structs.replace(task, items=sum(map(_lines, files))) if files else task


def _data_files(folder: Path, content: dict[str, Any], split: str | None = None) -> list[Path]:
    """Local files of a task's dataset_kwargs.data_files, of one split or of all."""
    named = (content.get("dataset_kwargs") or {}).get("data_files") or {}
    groups = named if isinstance(named, dict) else {"train": named}
    chosen = groups.values() if split is None else [groups.get(split, [])]
    names = [name for group in chosen for name in (group if isinstance(group, list) else [group])]
    return [(folder / str(name)).resolve() for name in names if "://" not in str(name)]


def _lines(path: Path) -> int:
    if not path.is_file():
        raise NotFound(f"no data file {path}", "check data_files in the task's YAML")
    with path.open("rb") as stream:
        return sum(1 for line in stream if line.strip())


def _asked(suite: Suite) -> str:
    """What a suite asks for, whatever it is called, and whether it is written in one file or extends another."""
    return canonical([suite.tasks, suite.apply_chat_template]).decode()


def _digest(suite: Suite, root: Path, data: Sequence[Path]) -> str:
    """sha256 over what the suite asks for, its folder of tasks and their data: relative names and contents."""
    own = [file for file in Path(suite.include).rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    total = hashlib.sha256(_asked(suite).encode())
    for file in sorted({*own, *data}, key=lambda file: _relative(file, root)):
        total.update(f"{_relative(file, root)}\0{file_digest(file)}\n".encode())
    return total.hexdigest()


def _relative(file: Path, root: Path) -> str:
    return Path(os.path.relpath(file.resolve(), root.resolve())).as_posix()
