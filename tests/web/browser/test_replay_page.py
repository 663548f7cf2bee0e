"""The replay as somebody uses it. The clock is set where a test would otherwise wait for it."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from lakehouse.local import LocalLake
from tests.support.browser import watched_page
from tests.support.replay_page import READY, now_us, opened

pytestmark = [pytest.mark.web, pytest.mark.long]


@pytest.fixture(scope="module")
def event(whole_site: httpx.Client) -> dict[str, Any]:
    """The largest event of the lake's last day."""
    (first, *_) = whole_site.get("/api/symbols").json()["symbols"]
    events = whole_site.get("/api/events", params={"symbol": first["symbol"], "at": first["last_us"]}).json()
    return {**events[0], "symbol": first["symbol"], "venues": first["venues"]}


@pytest.fixture
def page(browser: Browser, whole_site: httpx.Client, event: dict[str, Any]) -> Iterator[Page]:
    with watched_page(browser, str(whole_site.base_url)) as found:
        yield opened(found)


def test_the_page_opens_at_the_largest_event_without_being_told(page: Page, event: dict[str, Any]) -> None:
    assert page.evaluate("window.replay.state.eventUs") == event["start_us"]
    assert now_us(page) == event["start_us"] - 900_000
    expect(page.locator("#events option").nth(1)).to_contain_text("1. ")


def test_press_replay_and_ticks_come_in_true_time_order(
    page: Page, whole_site: httpx.Client, event: dict[str, Any]
) -> None:
    start = now_us(page)
    page.get_by_role("button", name="1×", exact=True).click()
    page.evaluate("window.replay.player.slowMotion = false")
    seen = page.evaluate(
        """() => new Promise((done) => {
          const { player, stage, tape } = window.replay, seen = [];
          player.toggle(true);
          const look = () => {
            seen.push([Math.floor(player.us), tape.shown.map((line) => line.us), stage.visible]);
            if (seen.length < 90) requestAnimationFrame(look); else { player.toggle(false); done(seen); }
          };
          requestAnimationFrame(look);
        })"""
    )
    clocks = [us for us, _, _ in seen]
    assert clocks == sorted(clocks)
    assert clocks[-1] - start > 500_000
    for us, lines, _ in seen:
        assert lines == sorted(lines, reverse=True)
        assert all(line <= us for line in lines), "a trade was shown before it happened"
    end = now_us(page)
    of = {"symbol": event["symbol"], "from": end - 4_000_000, "to": end + 1, "form": "json"}
    held = whole_site.get("/api/ticks", params=of).json()
    newest = page.evaluate(
        """(us) => {
          const { tape, player, stage } = window.replay;
          tape.show(us, player.segments, stage.venues);
          return tape.shown[0].us;
        }""",
        end,
    )
    assert newest == of["from"] + max(held["offset_us"])


def test_the_picture_shows_as_many_ticks_as_the_lake_has(
    page: Page, whole_site: httpx.Client, event: dict[str, Any]
) -> None:
    end = event["start_us"] + 2_000_000
    page.evaluate("(us) => window.replay.player.seek(us)", end)
    page.wait_for_function("(us) => window.replay.stage.us === us", arg=end)
    from_us = page.evaluate("Math.ceil(window.replay.stage.fromUs)")
    of = {"symbol": event["symbol"], "from": from_us, "to": end + 1, "form": "json"}
    held = whole_site.get("/api/ticks", params=of).json()
    assert page.evaluate("window.replay.stage.visible") == len(held["price"]) > 10


def test_the_clock_shows_the_instant_to_the_microsecond(page: Page, event: dict[str, Any]) -> None:
    us = event["start_us"] + 1_234_567
    page.evaluate("(us) => window.replay.player.seek(us)", us)
    moment = datetime.fromtimestamp(us / 1_000_000, UTC)
    expect(page.locator("#clock")).to_have_text(f"{moment:%H:%M:%S}.{us // 1000 % 1000:03d}")
    expect(page.locator("#micro")).to_have_text(f"{us % 1000:03d}")
    since = (us - event["start_us"]) / 1_000_000
    expect(page.locator("#since")).to_contain_text(f"T+{since:.3f} s")


def test_space_plays_and_pauses_and_the_button_says_which(page: Page) -> None:
    page.keyboard.press("Space")
    expect(page.locator("#play")).to_have_text("Pause")
    page.keyboard.press("Space")
    expect(page.locator("#play")).to_have_text("Replay")
    still = now_us(page)
    page.wait_for_timeout(150)
    assert now_us(page) == still


def test_arrows_step_to_exactly_the_next_trade_and_back(
    page: Page, whole_site: httpx.Client, event: dict[str, Any]
) -> None:
    start = now_us(page)
    of = {"symbol": event["symbol"], "from": start + 1, "to": start + 20_000_000, "form": "json"}
    trades = sorted({of["from"] + offset for offset in whole_site.get("/api/ticks", params=of).json()["offset_us"]})
    for wanted in trades[:4]:
        page.keyboard.press("ArrowRight")
        page.wait_for_function("(us) => window.replay.player.us === us", arg=wanted)
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("(us) => window.replay.player.us === us", arg=trades[2])
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_function("(us) => window.replay.player.us === us", arg=trades[2] + 100_000)


def test_j_and_k_go_from_move_to_move_as_the_server_found_them(page: Page) -> None:
    start = now_us(page)
    moves = [us for us in page.evaluate("window.replay.stage.moves.map((move) => move.us)") if us > start + 1000]
    assert len(moves) > 3
    for wanted in moves[:3]:
        page.keyboard.press("j")
        page.wait_for_function("(us) => window.replay.player.us === us", arg=wanted)
    page.keyboard.press("k")
    page.wait_for_function("(us) => window.replay.player.us < us", arg=moves[2])


def test_speed_and_width_have_keys_and_buttons(page: Page) -> None:
    page.keyboard.press("]")
    assert page.evaluate("window.replay.player.speed") == 1
    expect(page.get_by_role("button", name="1×", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("[")
    page.keyboard.press("[")
    assert page.evaluate("window.replay.player.speed") == 0.05
    page.get_by_role("button", name="100×").click()
    assert page.evaluate("window.replay.player.speed") == 100
    page.keyboard.press("-")
    assert page.evaluate("window.replay.stage.spanUs") == 2_400_000
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert page.evaluate("window.replay.stage.spanUs") == 600_000
    page.locator("#stage").hover()
    page.mouse.wheel(0, 120)
    page.wait_for_function("() => window.replay.stage.spanUs === 1_200_000")


def test_dragging_the_stage_moves_time_under_the_hand(page: Page) -> None:
    start = now_us(page)
    box = page.locator("#stage").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 500, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 100, steps=4)
    page.mouse.up()
    assert now_us(page) - start == pytest.approx(200 / box["width"] * 1_200_000, rel=0.02)
    assert not page.locator("#evidence").is_visible()


def test_the_timeline_is_a_slider_for_the_keyboard(page: Page) -> None:
    slider = page.get_by_role("slider", name="Position in the event")
    slider.focus()
    before = now_us(page)
    page.keyboard.press("PageUp")
    page.wait_for_function("(us) => window.replay.player.us !== us", arg=before)
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"\d\d:\d\d:\d\d\.\d{3}"))


def test_the_verdict_waits_for_enough_moves_and_then_says_who_followed(page: Page, event: dict[str, Any]) -> None:
    page.evaluate("() => window.replay.player.seek(window.replay.scrubber.fromUs)")
    expect(page.locator("#verdict")).to_have_text("Quiet. Nobody leads.")
    page.evaluate("(us) => window.replay.player.seek(us)", event["start_us"] + 1_500_000)
    expect(page.locator("#verdict")).to_contain_text("of the 12 moves that a verdict needs")
    page.evaluate("(us) => window.replay.player.seek(us)", event["start_us"] + 25_000_000)
    expect(page.locator("#verdict")).to_have_text(
        re.compile(r"Binance moved first\. \w+ followed after \d+–\d+ ms \(n = \d+\)")
    )


def test_evidence_of_a_tick_is_what_the_lake_holds(page: Page, unified_lake: Path, event: dict[str, Any]) -> None:
    page.evaluate("(us) => window.replay.player.seek(us)", event["start_us"] + 3_000_000)
    page.keyboard.press("e")
    card = page.get_by_role("dialog", name="Where this trade comes from")
    expect(card).to_be_visible()
    facts = dict(
        zip(
            card.locator("dt").all_inner_texts(),
            (text.strip() for text in card.locator("dd").all_inner_texts()),
            strict=True,
        )
    )
    tick = page.evaluate("window.replay.stage.selected")
    venue = page.evaluate("(venue) => window.replay.stage.venues[venue]", tick["venue"])
    lake = LocalLake(unified_lake)
    rows = (
        lake.catalog.load_table("schemahub.trades_unified")
        .scan(f"exchange = '{venue['exchange']}' and symbol = '{venue['symbol']}' and trade_id = '{facts['trade_id']}'")
        .to_arrow()
        .to_pylist()
    )
    assert len(rows) == 1
    assert rows[0]["price"] == tick["price"]
    assert facts["trade_ts"] == rows[0]["trade_ts"].isoformat(timespec="microseconds") + "Z"
    assert float(facts["quantity"]) == rows[0]["quantity"]
    raw_name = f"raw_{venue['exchange'].lower()}_trades"
    raw = lake.catalog.load_table(f"schemahub.{raw_name}").scan().to_arrow().to_pylist()
    payloads = [
        json.loads(row["_raw_payload"]) for row in raw if facts["trade_id"] in (str(value) for value in row.values())
    ]
    assert json.loads(card.locator("pre").inner_text()) in payloads
    assert f"{raw_name}, snapshot " in facts["landed in"]
    assert f"config/mappings/{venue['exchange'].lower()}_trades.yaml" in facts["mapping"]
    assert any(row["_dlt_load_id"] in facts["load"] for row in raw)
    page.keyboard.press("Escape")
    expect(card).not_to_be_visible()


def test_a_click_on_a_tick_opens_it(page: Page, event: dict[str, Any]) -> None:
    move = page.evaluate("(us) => window.replay.stage.moves.find((move) => move.us > us).us", event["start_us"])
    page.evaluate("(us) => window.replay.player.seek(us)", move + 100_000)
    page.wait_for_function(
        "(us) => window.replay.stage.us === us && window.replay.stage.visible > 0", arg=move + 100_000
    )
    spot = page.evaluate(
        """() => {
          const { stage, player } = window.replay, lane = 0, venue = stage.order[lane];
          const last = player.segments.last(venue, player.us), box = stage.host.getBoundingClientRect();
          const y = stage.y(last.ticks.price[last.k] * stage.scales[venue], lane);
          return [box.x + stage.x(last.us), box.y + y, last.us];
        }"""
    )
    page.mouse.click(spot[0], spot[1])
    expect(page.locator("#evidence")).to_be_visible()
    assert page.evaluate("window.replay.stage.selected.us") <= spot[2]


def test_a_shared_address_shows_the_same(
    page: Page, browser: Browser, whole_site: httpx.Client, event: dict[str, Any]
) -> None:
    page.evaluate("(us) => window.replay.player.seek(us)", event["start_us"] + 4_321_987)
    page.keyboard.press("]")
    page.keyboard.press("-")
    page.wait_for_function("() => location.search.includes('span=2400') && location.search.includes('speed=1')")
    address = page.url
    state = """() => {
      const { player, stage, state } = window.replay;
      const { snapshot, symbol, eventUs } = state;
      return [player.us, player.speed, stage.spanUs, snapshot, symbol.symbol, eventUs, stage.moves.length];
    }"""
    here = page.evaluate(state)
    with watched_page(browser, str(whole_site.base_url)) as other:
        assert opened(other, address).evaluate(state) == here
        assert here[0] == event["start_us"] + 4_321_987


@pytest.mark.parametrize(
    "written",
    ["{date} {time}", "{date}T{time}Z", "{time}", "{seconds}", "{seconds}000", "{day} {month} {year}, {time} UTC"],
)
def test_an_instant_is_typed_in_any_usual_form(page: Page, event: dict[str, Any], written: str) -> None:
    moment = datetime.fromtimestamp(event["start_us"] // 1_000_000 - 300, UTC)
    text = written.format(
        date=f"{moment:%Y-%m-%d}",
        time=f"{moment:%H:%M:%S}",
        seconds=int(moment.timestamp()),
        day=moment.day,
        month=f"{moment:%b}",
        year=moment.year,
    )
    page.locator("#instant").fill(text)
    page.locator("#goto").get_by_role("button", name="Replay").click()
    page.wait_for_function("(us) => window.replay.state.eventUs === us", arg=int(moment.timestamp()) * 1_000_000)
    page.wait_for_function("() => window.replay.player.playing")


def test_playing_begins_at_the_instant_that_was_typed(page: Page, event: dict[str, Any]) -> None:
    page.evaluate("window.replay.player.toggle = function (on) { if (on) window.began ??= this.us; }")
    page.locator("#instant").fill(str(event["start_us"]))
    page.locator("#goto").get_by_role("button", name="Replay").click()
    page.wait_for_function("(us) => window.began === us", arg=event["start_us"])


def test_an_instant_that_is_none_is_refused_where_it_was_typed(page: Page) -> None:
    page.locator("#instant").fill("tea time")
    page.locator("#goto").get_by_role("button", name="Replay").click()
    message = page.locator("#instant").evaluate("(field) => field.validationMessage")
    assert message.startswith("Expected a UTC instant, such as")


def test_the_keys_are_listed(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).not_to_be_visible()


def test_the_basis_can_be_left_in(page: Page) -> None:
    chip = page.locator("#basis")
    expect(chip).to_contain_text(re.compile(r"USDT [+−]\d+\.\d bps taken off"))
    assert page.evaluate("window.replay.stage.scales.some((scale) => scale !== 1)")
    chip.click()
    expect(chip).to_contain_text("left in")
    assert page.evaluate("window.replay.stage.scales.every((scale) => scale === 1)")
    page.wait_for_function("() => location.search.includes('basis=on')")


def test_the_theme_is_remembered(page: Page) -> None:
    page.get_by_role("button", name="Light or dark").click()
    page.reload()
    page.wait_for_function(READY)
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    page.goto("/")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_alarms_are_drawn_only_where_venues_disagree(page: Page, event: dict[str, Any]) -> None:
    counted = """() => {
      const { stage } = window.replay, { width, height, scale, words } = stage.raster;
      const top = Math.floor((stage.height - stage.ribbonHeight) * scale);
      const ribbon = words.subarray(width * top, width * height);
      const alarms = ribbon.filter((word) => word === stage.paint.pixels.alarm).length;
      return [alarms, Math.max(...stage.apart.slice(0, Math.ceil(width * 0.76)))];
    }"""
    page.evaluate("(us) => window.replay.player.seek(us)", event["start_us"] + 3_000_000)
    page.wait_for_function("(us) => window.replay.stage.us === us", arg=event["start_us"] + 3_000_000)
    found, most = page.evaluate(counted)
    assert (found > 0) == (most > 8)


def test_less_motion_turns_slow_motion_off(browser: Browser, whole_site: httpx.Client) -> None:
    with watched_page(browser, str(whole_site.base_url), calm=True) as page:
        opened(page)
        expect(page.get_by_label("slow motion at large moves")).not_to_be_checked()


def test_slow_motion_slows_down_around_a_large_move(page: Page) -> None:
    strong = page.evaluate("window.replay.player.slow")
    assert strong, "the event has no large move"
    paces = page.evaluate(
        """async (us) => {
          const { player } = window.replay, paces = [];
          for (const place of [us + 150_000, us - 500_000]) await player.seek(place); // the clock waits for no ticks
          player.pace = player.speed = 1;
          player.playing = true;
          for (let k = 0; k < 400 && player.us < us + 150_000; k++) {
            player.waiting = false;
            player.advance(16);
            paces.push(player.pace);
          }
          player.playing = false;
          return paces;
        }""",
        strong[0],
    )
    assert max(paces) > 0.9
    assert min(paces) < 0.3
