from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.unified_trades import context_of
from tests.support.web_server import running
from web.app import create_app

TOKEN = "a-token-of-some-length"
PAGES = ["/", "/replay", "/api/snapshots", "/openapi.json", "/static/theme.css"]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running(create_app(context_of(tmp_path_factory.mktemp("guarded") / "lake"), token=TOKEN)) as client:
        yield client


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running(create_app(context_of(tmp_path_factory.mktemp("unguarded") / "lake"))) as client:
        yield client


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_shown_without_the_token(guarded: httpx.Client, page: str) -> None:
    guarded.cookies.clear()
    answer = guarded.get(page)
    assert answer.status_code == 401
    assert "?token=" in answer.text


@pytest.mark.parametrize("wrong", ["a", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "ä", '"', "="])
def test_a_wrong_token_is_refused_wherever_it_is_given(guarded: httpx.Client, wrong: str) -> None:
    guarded.cookies.clear()
    assert guarded.get("/", params={"token": wrong}).status_code == 401
    assert guarded.get("/", headers={"Cookie": f"schemahub_token={wrong}".encode()}).status_code in (400, 401)
    assert guarded.get("/", headers={"Authorization": f"Bearer {wrong}".encode()}).status_code in (400, 401)


def test_the_token_in_the_address_is_changed_for_a_cookie_and_leaves_the_address(guarded: httpx.Client) -> None:
    guarded.cookies.clear()
    answer = guarded.get("/replay", params={"symbol": "BTC-USD", "token": TOKEN, "at": "12:00"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/replay?symbol=BTC-USD&at=12%3A00"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert TOKEN not in cookie
    assert guarded.get("/replay").status_code == 200
    guarded.cookies.clear()


def test_the_cookie_is_no_token(guarded: httpx.Client) -> None:
    guarded.cookies.clear()
    guarded.get("/", params={"token": TOKEN})
    value = guarded.cookies["schemahub_token"]
    guarded.cookies.clear()
    assert guarded.get("/", params={"token": value}).status_code == 401


def test_a_program_gives_the_token_in_a_header(guarded: httpx.Client) -> None:
    guarded.cookies.clear()
    assert guarded.get("/api/snapshots", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_token_leads_to_no_other_website(guarded: httpx.Client) -> None:
    guarded.cookies.clear()
    request = guarded.build_request("GET", "/", params={"token": TOKEN})
    request.url = request.url.copy_with(raw_path=b"//evil.example/a?token=" + TOKEN.encode())
    assert guarded.send(request).headers["location"] == "/evil.example/a"
    guarded.cookies.clear()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::2]", "[", ""])
def test_a_request_that_names_another_host_is_refused(unguarded: httpx.Client, host: str) -> None:
    answer = unguarded.get("/api/snapshots", headers={"Host": host})
    assert answer.status_code in (400, 403)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:1234", "[::1]:8700"])
def test_this_machine_may_be_called_by_its_names(unguarded: httpx.Client, host: str) -> None:
    assert unguarded.get("/api/snapshots", headers={"Host": host}).status_code == 200


def test_a_page_of_another_website_may_not_ask(unguarded: httpx.Client) -> None:
    assert unguarded.get("/api/snapshots", headers={"Origin": "http://evil.example"}).status_code == 403
    own = str(unguarded.base_url).rstrip("/")
    assert unguarded.get("/api/snapshots", headers={"Origin": own}).status_code == 200


@pytest.mark.parametrize("page", [*PAGES, "/missing", "/api/missing", "/static/../app.py", "/static/%2e%2e/app.py"])
def test_every_response_forbids_what_does_not_come_from_here(unguarded: httpx.Client, page: str) -> None:
    headers = unguarded.get(page).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self'")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("page", ["/", "/replay"])
def test_no_page_has_a_script_within_it_or_styles_of_elements(unguarded: httpx.Client, page: str) -> None:
    text = unguarded.get(page).text
    assert text.count("<script") == text.count("<script src=") + text.count('<script type="module" src=')
    assert " style=" not in text
    assert " onclick=" not in text
    assert "http" not in text.replace("http-equiv", "").replace("http://127.0.0.1", "")


def test_what_does_not_exist_is_a_page_for_people_and_json_for_programs(unguarded: httpx.Client) -> None:
    seen = unguarded.get("/<b>nothing", headers={"Accept": "text/html"})
    assert seen.status_code == 404
    assert "<b>nothing" not in seen.text
    assert "Not Found" in seen.text
    assert unguarded.get("/api/nothing", headers={"Accept": "text/html"}).json()["error"].startswith("Not Found")


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/guard.py", "/static/..%2fguard.py", "/fonts/x"])
def test_no_other_file_is_served(unguarded: httpx.Client, path: str) -> None:
    assert unguarded.get(path).status_code == 404


def test_a_folder_named_by_the_lake_is_escaped(tmp_path: Path) -> None:
    with running(create_app(context_of(tmp_path / "<i>lake"))) as site:
        assert "<i>lake" not in site.get("/").text
