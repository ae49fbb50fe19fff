"""What is marked in two replies is what differs: without the marks both say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import Opener

_UNMARKED = """
async () => {
  const article = document.querySelector('article'), found = [];
  for (let at = 0; at < 200; at++) {
    for (let wait = 0; wait < 400 && !article.dataset.ready; wait++) await new Promise(done => setTimeout(done, 5));
    found.push([...article.querySelectorAll('.pair pre.said')].map(pre => {
      const copy = pre.cloneNode(true);
      const marks = copy.querySelectorAll('mark').length;
      copy.querySelectorAll('mark, .gap').forEach(one => one.remove());
      return [copy.textContent, marks];
    }));
    document.querySelector('.list').dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true}));
  }
  return found;
}
"""


@pytest.mark.parametrize("report", ["hostile_replies"], indirect=True)
def test_two_replies_say_the_same_where_nothing_is_marked(report: Path, opened: Opener) -> None:
    page = opened().open(report / "items.html")
    page.locator(".row").first.wait_for()
    found = page.evaluate(_UNMARKED)
    assert len(found) == 200
    for first, second in found:
        assert first[0] == second[0]
        assert first[1] + second[1] > 0
