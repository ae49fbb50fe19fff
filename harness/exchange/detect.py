"""Which reader a path is for: told by what is in it, not by its name alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.core.errors import NotFound, UserError
from harness.exchange import inspect_log, kl_divergence, lines, lm_eval, plain
from harness.exchange.source import Source, Wanted, malformed

Reader = Callable[[Path, Wanted], Source]
_FORMATS = "lm-eval folders, Inspect logs (.json, .eval), CSV, JSON lines and llama-perplexity output can be imported"


def read(path: Path, wanted: Wanted) -> Source:
    """The source at a path; raises UserError where it cannot be taken, or has nowhere the metric that is wanted.

    Tasks without that metric keep their own, and a remark says so.
    """
    source = reader_of(path)(path, wanted)
    if not (wanted.metric and source.items):
        return source
    others = [task for task in source.tasks if not f"{task.metric},".startswith(f"{wanted.metric},")]
    if len(others) == len(source.tasks):
        metrics = sorted({metric for item in source.items for metric in item.scores})
        raise malformed(path, f"no task has the metric {wanted.metric}", f"metric= can be {', '.join(metrics)}")
    kept = tuple(f"{task.task} has no {wanted.metric} and is judged by {task.metric}" for task in others)
    return replace(source, remarks=(*source.remarks, *kept))


def reader_of(path: Path) -> Reader:
    """The reader for a file or folder; raises UserError where there is none."""
    if not path.exists():
        raise NotFound(f"{path}: no such file or folder", "check the path")
    if path.is_dir():
        return lm_eval.read
    suffix = path.suffix.lower()
    known: dict[str, Reader] = {".csv": plain.read, ".jsonl": _rows, ".eval": inspect_log.read}
    if suffix in known:
        return known[suffix]
    if suffix == ".json":
        return _json(path)
    if kl_divergence.is_output(lines.text_of(path)):
        return kl_divergence.read
    raise malformed(path, "not a known kind of results", _FORMATS)


def _json(path: Path) -> Reader:
    found = lines.json_object(path)
    if inspect_log.is_log(found):
        return inspect_log.read
    if lm_eval.is_results(found):
        return lm_eval.read
    raise malformed(path, "neither an Inspect log nor lm-eval results", _FORMATS)


def _rows(path: Path, wanted: Wanted) -> Source:
    """JSON lines; a samples file of lm-eval is sent back to its folder, since what it means stands beside it."""
    first = next(iter(lines.json_lines(path)))[1]
    if "doc_id" in first and "item_id" not in first:
        raise UserError(f"{path}: a samples file of lm-eval", f"import its folder: {path.parent}")
    return plain.read(path, wanted)
