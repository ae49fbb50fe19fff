"""A sheet as HTML: the reports' look and policy, with what a site needs besides."""

from functools import cache
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from markupsafe import Markup

from harness.publish import places
from harness.publish.sheet import Sheet
from harness.report.page import asset, environment, policy

TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    made = environment()
    made.loader = ChoiceLoader([FileSystemLoader(TEMPLATES)])
    return made


@cache
def _assets() -> tuple[Markup, Markup, Markup]:
    """Style, the script of every page, the script of a page with a search box."""
    return asset("style.css") + asset("site.css", TEMPLATES), asset("page.js"), asset("search.js", TEMPLATES)


def render(sheet: Sheet, root: str = "") -> str:
    """The page; every text in it is escaped, no address in it leaves the site. `root`: the site's own, "" relative."""
    style, script, search = _assets()
    scripts = [script, search] if sheet.search else [script]
    page = _environment().get_template("sheet.html.j2")
    allowed = policy([style], scripts)
    up = root or places.up(sheet.path)
    return page.render(sheet=sheet, style=style, scripts=scripts, policy=allowed, up=up) + "\n"
