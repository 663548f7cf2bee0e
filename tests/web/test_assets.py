import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.unified_trades import context_of
from tests.support.web_server import running
from web.app import create_app
from web.assets import Assets
from web.served import FOLDER

STATIC = FOLDER / "static"
SYSTEM = "(prefers-color-scheme: light)"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running(create_app(context_of(tmp_path_factory.mktemp("lake")))) as site:
        yield site


def test_a_browser_keeps_what_has_the_version_in_its_address_and_asks_about_the_rest(page: httpx.Client) -> None:
    version = Assets(STATIC).version
    kept, asked = page.get(f"/static/{version}/live.js"), page.get("/static/live.js")
    assert kept.content == asked.content == (STATIC / "live.js").read_bytes()
    assert kept.headers["content-type"].startswith("text/javascript")
    assert kept.headers["cache-control"] == "max-age=31536000, immutable"
    assert asked.headers["cache-control"] == "no-cache"
    assert page.get("/static/000000000000/live.js").status_code == 404
    assert page.post("/static/live.js").status_code == 405


def test_a_changed_file_changes_the_version(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    before = Assets(tmp_path).version
    assert Assets(tmp_path).version == before
    (tmp_path / "a.js").write_text("2")
    assert Assets(tmp_path).version != before


@pytest.mark.parametrize("name", ["live.js", "replay.js", "symbol.js"])
def test_a_page_names_every_module_that_it_needs(name: str) -> None:
    needed, found = [name], {name}
    while needed:
        text = (STATIC / needed.pop()).read_text()
        new = set(re.findall(r'from\s+"\./([^"]+)"', text)) - found
        found |= new
        needed += new
    modules = Assets(STATIC).modules(name)
    assert len(modules) == len(set(modules))
    assert {address.rpartition("/")[2] for address in modules} == found


@pytest.mark.parametrize("path", ["/replay", "/live"])
def test_a_page_names_only_files_that_are_there(page: httpx.Client, path: str) -> None:
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.get(path).text)
    assert len(addresses) > 8
    assert [page.get(address).status_code for address in addresses] == [200] * len(addresses)


@pytest.mark.parametrize("path", ["/", "/replay", "/live", "/nowhere"])
def test_the_policy_allows_the_styles_that_are_in_a_page_and_no_others(page: httpx.Client, path: str) -> None:
    response = page.get(path, headers={"Accept": "text/html"})
    (allowed,) = re.findall(r"style-src ([^;]+);", response.headers["content-security-policy"])
    styles = re.findall(r"<style[^>]*>(.*?)</style>", response.text, re.DOTALL)
    assert len(styles) >= 2
    for style in styles:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in allowed.split()
    assert "unsafe" not in allowed


@pytest.mark.parametrize(
    ("cookie", "media"),
    [("light", "all"), ("dark", "not all"), ("", SYSTEM), ('"><script>', SYSTEM), ("x" * 3_000, SYSTEM)],
)
def test_a_page_has_the_theme_of_the_cookie_or_else_of_the_system(page: httpx.Client, cookie: str, media: str) -> None:
    text = page.get("/replay", headers={"Cookie": f"schemahub_theme={cookie}"}).text
    assert f'<style id="light" media="{media}">' in text
    assert cookie not in text or cookie in ("", "light", "dark")
