"""Runs made up in memory, folders of reports, and what a page links to."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from harness.core.record import Source, Step
from harness.core.summary import ArmSummary, Metric, Score, Summary, TaskVerdict
from harness.core.verdict import Verdict

STEP = Step(concurrency=1, prompt_tokens=128, output_tokens=64)
_VOID = {"meta", "link", "input", "br", "path", "circle"}


def metric(name: str, value: float, validity: str = "valid", load: str = "single", step: Step = STEP) -> Metric:
    """A reading of three rounds."""
    better = "higher" if name in ("decode", "throughput") else "lower"
    unit = {"ttft": "s", "energy": "J/tok", "peak_memory": "B"}.get(name, "tok/s")
    values = (0.99 * value, value, 1.01 * value)
    found = Metric(name, unit, better, value, 0.98 * value, 1.02 * value, values, load, step)  # type: ignore[arg-type]
    return msgspec.structs.replace(found, validity=validity)


def verdict(answer: Verdict, task: str = "triage", note: str = "") -> TaskVerdict:
    """One of a hundred items."""
    known = answer is not Verdict.BROKEN
    delta, low, high, lost, gained = (-0.01, -0.03, 0.01, 3, 2) if known else (None, None, None, None, None)
    return TaskVerdict(task, "choice", answer, 0.02, delta, low, high, 100, lost, gained, note)


def arm(
    quant: str, verdicts: Sequence[TaskVerdict] = (), metrics: Sequence[Metric] = (), model: str = "m"
) -> ArmSummary:
    """A baseline where the quantization is f16."""
    base = quant == "f16"
    return ArmSummary(
        arm=f"{model} {quant} llama_cpp", model=model, quant=quant, runtime="llama_cpp", is_baseline=base,
        baseline_arm="" if base else f"{model} f16 llama_cpp", cell=f"cell-{quant}", engine="llama.cpp b1",
        weights_bytes=1 << 30, bits_per_weight=4.5, sentence="" if base else f"{quant.upper()} is what it is.",
        scores=(Score("triage", 0.8, 0.7, 0.9),), verdicts=tuple(verdicts), metrics=tuple(metrics),
    )


def run(number: int, *arms: ArmSummary, hw: str = "box", suite: str = "ab" * 8) -> Summary:
    """The night of that number."""
    when = f"2026-03-{number % 28 + 1:02}T02:00:00Z"
    source = Source("0.1.0", "c" * 40, False)
    return Summary(
        f"{number:012x}", f"night {number}", when, when, hw, "a cpu", f"fp-{hw}", "tiny", suite, source, arms, 4, 4, 0,
        0, (), ("matrix=nightly",),
    )


def report(folder: Path, name: str, plan: str) -> Path:
    """A report's folder as far as a site looks into it."""
    made = folder / name
    (made / "plots").mkdir(parents=True)
    (made / "index.html").write_text("<!doctype html><title>a report</title>")
    (made / "plots" / "forest.svg").write_text("<svg/>")
    (made / "inputs.json").write_bytes(msgspec.json.encode({"plan": plan, "records": []}))
    return made


class Page(HTMLParser):
    """A page read strictly: every element closed in order; its addresses, ids, and texts."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.links, self.ids, self.open = path, list[str](), list[str](), list[str]()
        self.policy, self.events, self.texts = "", list[str](), list[str]()
        self.feed(path.read_text(encoding="utf-8"))
        assert self.open == [], f"{path}: not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag not in _VOID:
            self.open.append(tag)
        self.links += [value for name in ("href", "src") if (value := found.get(name))]
        self.ids += [value] if (value := found.get("id")) else []
        self.events += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found.get("content") or ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag, f"{self.path}: {tag} closes something else"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        """All that can be read, spaces as one."""
        return re.sub(r"\s+", " ", " ".join(self.texts))

    def dead(self) -> list[str]:
        """Links that lead nowhere, or out of the site."""
        return [link for link in self.links if not self._lives(link)]

    def _lives(self, link: str) -> bool:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or parts.path.startswith("/"):
            return False
        target = (self.path.parent / unquote(parts.path)).resolve() if parts.path else self.path
        if not target.is_file():
            return False
        return not parts.fragment or parts.fragment in Page(target).ids


def pages(site: Path) -> list[Page]:
    """Every page of ours, the copied reports left out."""
    return [Page(path) for path in sorted(site.rglob("*.html")) if "reports" not in path.relative_to(site).parts]
