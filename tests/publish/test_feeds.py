"""Feeds that readers take: what RFC 4287 and JSON Feed 1.1 require, ids that stay, addresses where they are known."""

import json
import uuid
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.core.verdict import Verdict
from harness.publish.feeds import ATOM_NAMESPACE, entries
from harness.publish.site import publish
from harness.publish.stock import Stock
from tests.publish.made import arm, metric, run, verdict

NAME = {"a": ATOM_NAMESPACE}
SPEEDS = [50.0 + 0.1 * (n % 3) for n in range(10)] + [40.0 + 0.1 * (n % 3) for n in range(6)]
RUNS = [
    run(n, arm("f16"), arm("q4", [verdict(Verdict.INCONCLUSIVE)], [metric("decode", one)]))
    for n, one in enumerate(SPEEDS)
]


@pytest.fixture(params=["", "https://example.org/bench"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """Published without and with an address."""
    publish(RUNS, tmp_path / "none", tmp_path / "site", request.param)
    return tmp_path / "site", request.param


def _rfc3339(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None
    return found


def test_atom_has_all_that_the_rfc_requires(site: tuple[Path, str]) -> None:
    folder, url = site
    feed = ElementTree.parse(folder / "feed.xml").getroot()
    assert feed.tag == f"{{{ATOM_NAMESPACE}}}feed"
    entries = feed.findall("a:entry", NAME)
    assert len(entries) == len(RUNS) + 1
    for one in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert len(one.findall(f"a:{name}", NAME)) == 1
        uuid.UUID(one.findtext("a:id", "", NAME).removeprefix("urn:uuid:"))
        _rfc3339(one.findtext("a:updated", "", NAME))
        assert one.findtext("a:title", "", NAME)
    assert feed.findtext("a:author/a:name", "", NAME), "entries have none of their own"
    for one in entries:
        (link,) = one.findall("a:link[@rel='alternate']", NAME)
        assert link.attrib["href"].startswith(f"{url}/" if url else ("run/", "history/"))
        assert (folder / link.attrib["href"].removeprefix(f"{url}/").split("#")[0]).is_file()
    assert feed.findtext("a:updated", "", NAME) == max(one.findtext("a:updated", "", NAME) for one in entries)
    assert len({one.findtext("a:id", "", NAME) for one in entries}) == len(entries)


def test_json_feed_has_all_that_its_specification_requires(site: tuple[Path, str]) -> None:
    folder, url = site
    feed = json.loads((folder / "feed.json").read_text())
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    assert ("feed_url" in feed, "home_page_url" in feed) == (bool(url), bool(url))
    for one in feed["items"]:
        assert isinstance(one["id"], str)
        assert one["content_text"]
        _rfc3339(one["date_published"])
        assert one.get("url", "").startswith(f"{url}/" if url else "")
    assert [one["date_published"] for one in feed["items"]] == sorted(
        (one["date_published"] for one in feed["items"]), reverse=True)


def test_names_of_entries_do_not_change_with_the_address_or_with_more_runs(tmp_path: Path) -> None:
    def ids(runs: int, url: str) -> dict[str, str]:
        publish(RUNS[:runs], tmp_path / "none", tmp_path / f"{runs}{bool(url)}", url)
        feed = json.loads((tmp_path / f"{runs}{bool(url)}" / "feed.json").read_text())
        return {one["title"]: one["id"] for one in feed["items"]}

    assert ids(16, "") == ids(16, "https://example.org")
    assert ids(15, "").items() <= ids(16, "").items()


def test_many_boxes_do_not_push_a_step_out_before_it_is_told() -> None:
    others = [run(20 + n % 8, arm("q4"), hw=f"box {n}") for n in range(60)]
    found = entries(Stock([*RUNS, *others], []))
    assert len([one for one in found if one.to.endswith("#steps")]) == 1
    assert len(found) == 51


def test_a_step_is_told_with_its_size(tmp_path: Path) -> None:
    publish(RUNS, tmp_path / "none", tmp_path / "site")
    feed = json.loads((tmp_path / "site" / "feed.json").read_text())
    (step,) = [one for one in feed["items"] if "Decode" in one["title"]]
    assert step["title"].endswith("worse")
    assert "−19.9 % [−20.1, −19.8] worse" in step["content_text"]
