"""The live page as somebody watches it, with quotes of simulated exchanges."""

import csv
import random
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import WIDTHS, watched_page
from tests.support.live_site import LiveSite, live_site
from web.causes import CAUSES, CLOSES_AT, STAYS, Limits, Reading, explain, words

pytestmark = [pytest.mark.web, pytest.mark.long]
READY = "() => window.live?.model.rows.length && window.live.model.rows.every((row) => row.at)"
PATIENCE_MS = 30_000
HOLLOW = """() => {
    const glyph = document.querySelector(".row.stale .glyph");
    return glyph !== null && getComputedStyle(glyph, "::after").content === '""';
}"""
"""Whether a stale venue's shape is hollow."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(tmp_path_factory.mktemp("live") / "lake", clock_offsets=("coinbase=2",)) as found:
        yield found


@pytest.fixture
def page(browser: Browser, live: LiveSite) -> Iterator[Page]:
    with watched_page(browser, str(live.site.base_url)) as found:
        yield opened(found)


def opened(page: Page) -> Page:
    page.goto("/live")
    page.wait_for_function(READY, timeout=PATIENCE_MS)
    return page


def bids(page: Page) -> list[str]:
    """What the canvases show."""
    return page.evaluate("window.live.model.rows.map((row) => row.prices.bid.text)")


def said(page: Page) -> list[str]:
    """What a screen reader finds in the table."""
    return page.evaluate("[...document.querySelectorAll('.row .bid')].map((cell) => cell.textContent)")


def test_quotes_change_and_the_digits_that_changed_are_lit(page: Page) -> None:
    before = bids(page)
    assert len(before) == 39
    page.wait_for_function(
        "(before) => window.live.model.rows.filter((row, k) => row.prices.bid.text !== before[k]).length > 20",
        arg=before,
        timeout=PATIENCE_MS,
    )
    parts = page.evaluate("window.live.model.rows.map(({ prices: { bid } }) => [bid.still, bid.lit, bid.text])")
    assert all(still + lit == text for still, lit, text in parts)
    assert any(still and lit for still, lit, _ in parts)


def test_the_table_says_what_is_drawn_to_those_who_do_not_see_it(page: Page) -> None:
    page.wait_for_timeout(1_500)
    page.keyboard.press("Space")
    assert said(page) == page.evaluate(
        "[...document.querySelectorAll('.block')].flatMap((element) => window.live.model.blocks"
        ".find((block) => block.element === element).rows.map((row) => row.prices.bid.text))"
    )
    assert sum(text != "" for text in said(page)) > 20
    cells = page.evaluate(
        "[...document.querySelectorAll('.block')].map((block) => block.querySelectorAll('[role=cell]').length)"
    )
    assert set(cells) == {3 * 7 + 3}


UNSEEN = "(block) => !block.isSeen"


def test_the_table_is_up_to_date_for_symbols_out_of_sight_too(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 400})
    page.wait_for_function(f"() => window.live.model.blocks.filter({UNSEEN}).length > 5")
    page.wait_for_function(
        f"""() => {{
        window.told ??= new Map(); // by symbol, because symbols change places
        for (const {{ symbol, element }} of window.live.model.blocks.filter({UNSEEN})) {{
            const bids = [...element.querySelectorAll(".row .bid")].map((cell) => cell.textContent);
            window.told.set(symbol, (window.told.get(symbol) ?? new Set()).add(bids.join()));
        }}
        return [...window.told.values()].filter((bids) => bids.size > 3).length > 5;
    }}""",
        timeout=PATIENCE_MS,
    )
    pairs = page.evaluate(f"""() => {{
        document.getElementById("pause").click(); // writes the table, before anything else can arrive
        return window.live.model.blocks.filter({UNSEEN}).flatMap(({{ element, rows }}) => {{
            const bids = [...element.querySelectorAll(".row .bid")];
            return rows.map((row, k) => [row.bid, Number(bids[k].textContent)]);
        }});
    }}""")
    assert len(pairs) > 15
    assert all(held == told for held, told in pairs)


def test_numbers_are_drawn_in_the_colours_of_the_theme(page: Page) -> None:
    colours = """() => {
        const { element } = window.live.model.blocks.find((block) => block.isSeen).canvas;
        const copy = new OffscreenCanvas(element.width, element.height).getContext("2d");
        copy.drawImage(element, 0, 0);
        const { data } = copy.getImageData(0, 0, element.width, element.height);
        const found = new Set();
        for (let k = 0; k < data.length; k += 4) found.add([data[k], data[k + 1], data[k + 2]].join());
        return [...found];
    }"""
    dark = set(page.evaluate(colours))
    assert {"7,9,13", "230,237,243", "28,36,48"} <= dark  # the page, a lit digit, the strip's middle
    page.keyboard.press("Space")
    page.locator("#theme").click()
    light = set(page.evaluate(colours))
    assert "245,247,249" in light
    assert not {"7,9,13", "230,237,243"} & light


def test_what_is_shown_is_what_the_server_says(page: Page, live: LiveSite) -> None:
    page.keyboard.press("s")
    shown = page.evaluate("window.live.model.blocks.map(({ symbol, rows }) => [symbol, ...rows.map((row) => row.bid)])")
    served = {each["symbol"]: each["venues"] for each in live.site.get("/api/live").json()["symbols"]}
    assert [symbol for symbol, *_ in shown] == list(served)
    for symbol, *found in shown:
        assert found == pytest.approx([venue["bid"] for venue in served[symbol]], rel=0.03)


def test_a_frozen_venue_greys_out_with_its_cause_and_one_alert(page: Page, live: LiveSite) -> None:
    page.locator("#threshold").fill("8")  # above the basis, so that the venues that aren't frozen agree
    live.market.set_faults("freeze:1/1@kraken")
    stale = page.locator(".row.stale[data-venue='3']")
    expect(stale).to_have_count(13, timeout=PATIENCE_MS)
    expect(page.locator(".feed[data-venue='3']")).to_have_class("feed stale", timeout=PATIENCE_MS)
    expect(page.locator(".whole.cause", has_text="Stale feed").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#alerts li.open", has_text="Kraken, all symbols")).to_have_count(1, timeout=PATIENCE_MS)
    assert page.locator(".row.stale[data-venue='1']").count() < 13
    page.wait_for_function(HOLLOW)  # each time that its feed connects again, the venue has news for a moment
    live.market.clear_faults()
    expect(stale).to_have_count(0, timeout=2 * PATIENCE_MS)
    expect(page.locator("#alerts li.open", has_text="Kraken, all symbols")).to_have_count(0, timeout=PATIENCE_MS)


def test_alerts_are_downloaded_as_csv(page: Page, tmp_path: Path) -> None:
    expect(page.locator("#alerts li:not(.none)").first).to_be_visible(timeout=2 * PATIENCE_MS)
    with page.expect_download() as waiting:
        page.locator(".csv").click()
    waiting.value.save_as(tmp_path / "alerts.csv")
    rows = list(csv.DictReader((tmp_path / "alerts.csv").read_text().splitlines()))
    assert rows
    assert {row["cause"] for row in rows} <= {cause.title for cause in CAUSES}


def test_symbols_are_filtered_with_the_keyboard(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("eth")
    expect(page.locator(".block:visible")).to_have_count(1)
    expect(page.locator(".block:visible .name")).to_contain_text("ETH-USD")
    page.keyboard.type("<b>")
    expect(page.locator("#notice")).to_have_text("No symbol contains “ETH<B>”.")
    page.keyboard.press("Escape")
    expect(page.locator(".block:visible")).to_have_count(13)
    expect(page.locator("#notice")).to_have_text("")


def test_space_pauses_what_is_shown_and_not_what_is_known(page: Page) -> None:
    page.keyboard.press("Space")
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(100)
    before, known = bids(page), page.evaluate("window.live.model.rows.map((row) => row.bid)")
    page.wait_for_timeout(1_500)
    assert bids(page) == before
    assert page.evaluate("window.live.model.rows.map((row) => row.bid)") != known
    page.keyboard.press("Space")
    page.wait_for_timeout(1_000)
    assert bids(page) != before


def test_each_viewer_has_a_threshold(page: Page) -> None:
    page.locator("#threshold").fill("2")
    expect(page.locator("#threshold-value")).to_have_text("2 bps")
    expect(page.locator(".block.over, .block.real").first).to_be_visible(timeout=PATIENCE_MS)
    cause = page.locator(".cause strong:not(:empty)").first.bounding_box()
    head = page.locator(".head .cause").bounding_box()
    assert cause is not None
    assert head is not None
    assert cause["x"] >= head["x"]  # in its column, and not below the canvas
    page.locator("#threshold").fill("60")
    page.keyboard.press("]")
    expect(page.locator("#threshold-value")).to_have_text("60 bps")
    page.keyboard.press("[")
    expect(page.locator("#threshold-value")).to_have_text("59 bps")


def test_symbols_are_sorted_by_name_on_request(page: Page) -> None:
    page.locator("[data-sort=symbol]").click()
    expect(page.locator("[data-column=symbol]")).to_have_attribute("aria-sort", "ascending")
    page.locator("#pause").hover()
    page.wait_for_function(
        "() => { const found = [...document.querySelectorAll('.block')].map((block) => block.dataset.symbol);"
        " return found.join() === [...found].sort().join(); }",
        timeout=PATIENCE_MS,
    )


def test_a_lost_connection_is_made_again_and_the_gap_is_shown(page: Page) -> None:
    page.evaluate("window.live.connection.socket.close()")
    expect(page.locator("#notice")).to_contain_text("Connected again after", timeout=PATIENCE_MS)
    expect(page.locator("#alerts li.missed")).to_contain_text("no connection for")
    before = page.evaluate("window.live.model.rows[0].at")
    page.wait_for_function("(before) => window.live.model.rows[0].at > before", arg=before, timeout=PATIENCE_MS)
    assert page.locator(".block").count() == 13


def test_the_keys_are_listed(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    expect(page.locator("#help")).to_contain_text("pause, and go on")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_a_clock_that_is_off_is_named(page: Page) -> None:
    expect(page.locator(".feed[data-venue='2'] small")).to_contain_text("s ahead", timeout=PATIENCE_MS)


def test_message_to_pixel_is_shown(page: Page) -> None:
    page.wait_for_function("() => Number(document.getElementById('p95').textContent) > 0", timeout=PATIENCE_MS)


def test_the_theme_changes_what_is_drawn(page: Page) -> None:
    before = page.evaluate("window.live.model.theme.page")
    page.locator("#theme").click()
    assert page.evaluate("window.live.model.theme.page") != before


def test_nothing_slides_for_who_wants_less_motion(browser: Browser, live: LiveSite) -> None:
    with watched_page(browser, str(live.site.base_url), calm=True) as page:
        opened(page)
        page.locator("[data-sort=symbol]").click()
        page.locator("#pause").hover()
        page.wait_for_timeout(1_500)
        assert page.evaluate("document.getAnimations().length") == 0


def test_page_and_server_give_the_same_cause_and_words(page: Page) -> None:
    draw = random.Random(5)
    limits = Limits(threshold=8, fees=20)
    cases, expected = [], []
    for _ in range(400):
        apart, fresh, adjusted, aligned = (draw.choice([draw.uniform(0, 40), 8.0, 20.0, 9.1]) for _ in range(4))
        lag = float(draw.randrange(400))
        reading = Reading(apart, fresh, adjusted, aligned, "Kraken", "USDT", draw.uniform(-9, 9), "Kraken", lag, "OKX")
        before = draw.choice([None, *CAUSES])
        cause = explain(reading, limits, before)
        expected.append(None if cause is None else [cause.name, words(cause, reading, limits)])
        cases.append([asdict(reading), None if before is None else CAUSES.index(before)])
    board = {"causes": [asdict(cause) for cause in CAUSES], "closes_at": CLOSES_AT, "stays": STAYS}
    found = page.evaluate(
        """async ([cases, board, limits]) => {
            const { explain, words } = await import("/static/live_causes.js");
            return cases.map(([reading, before]) => {
                const cause = explain(board, reading, limits, before === null ? null : board.causes[before]);
                return cause && [cause.name, words(cause, reading, limits)];
            });
        }""",
        [cases, board, asdict(limits)],
    )
    assert found == expected
    assert {each[0] for each in expected if each} == {cause.name for cause in CAUSES}


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(browser: Browser, live: LiveSite, width: int, theme: str) -> None:
    with watched_page(browser, str(live.site.base_url), width=width, theme=theme) as page:
        opened(page)
        page.wait_for_timeout(600)
        page.evaluate("document.getElementById('pause').click()")
        found = Axe().run(page)
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found.response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
