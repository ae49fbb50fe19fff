"""Find the folder of an lm_eval task by its name without reading its 14,000 task files as YAML.

Indexing them all takes lm_eval 20 s. A task, group or tag is declared on a line of its own ("task: gsm8k"), so a scan
of the bytes finds its file in about a second, and lm_eval then indexes that folder alone.
"""

import difflib
import importlib.util
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.core.errors import NotFound
from harness.core.suite import Task

_DECLARED = re.compile(rb"^(?:task|group|tag):[ \t]*[\"']?([\w.+-]+)", re.MULTILINE)


def folders_of(tasks: Sequence[Task], include: str) -> list[str]:
    """Folders to hand to lm_eval's TaskManager: the suite's own, and those of its tasks that ship with lm_eval."""
    own = {name for _, name in _declared(Path(include))} if include else set()
    missing = [task.task for task in tasks if task.task not in own]
    folders = [include] if include else []
    return folders + (_shipped(missing) if missing else [])


def _declared(folder: Path) -> Iterable[tuple[Path, str]]:
    for path in folder.rglob("*.y*ml"):
        for match in _DECLARED.finditer(path.read_bytes()):
            yield path, match.group(1).decode()


def _shipped(names: Sequence[str]) -> list[str]:
    """The folders under lm_eval/tasks that declare `names`; raises NotFound with a suggestion for an unknown name."""
    spec = importlib.util.find_spec("lm_eval")
    if spec is None or spec.origin is None:
        raise NotFound("lm_eval is not installed", "pip install lm-eval")
    where: dict[str, Path] = {}
    for path, name in _declared(Path(spec.origin).parent / "tasks"):
        where.setdefault(name, path.parent)
    for name in names:
        if name not in where:
            near = difflib.get_close_matches(name, where, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else "see the task list of lm_eval"
            raise NotFound(f"no lm_eval task named {name!r}", hint)
    return sorted({str(where[name]) for name in names})
