"""What only Kraken's connector must get right; test_connector_contract tests what all connectors must do."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from lakehouse.coverage import Hole
from loaders.connector import Page, Response
from loaders.connectors.kraken import rest as kraken
from loaders.errors import UnexpectedPayload
from tests.support.connectors import CONNECTORS
from tests.support.holes import after, everything_since
from tests.support.trade_bodies import kraken_page


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("1762820035.9822779", 982277),  # as a double it would be …2778
        ("1762820035.9999999", 999999),  # rounding would make it the next second
        ("1762820035.98", 980000),
        ("1762820035", 0),
        ("1762820035.982277912", 982277),
        ("1762820035.98227799999999", 982277),
        ("17628200359822779e-7", 982277),
    ],
)
def test_kraken_times_keep_their_digits_and_are_cut_to_microseconds(text: str, microsecond: int) -> None:
    page = kraken_page(f'["30243.4","0.3",{text},"b","m","",61044952]')
    assert CONNECTORS["kraken"].parse(page, symbol="XBTUSD")["time"][0].as_py() == datetime(
        2025, 11, 11, 0, 13, 55, microsecond
    )


@pytest.mark.parametrize(
    "price", ['"30243.40000"', '"0.00000001"', '"123456789.12345678"', '"nan"', '"1e400"', "2.5", "null"]
)
@pytest.mark.parametrize("time", ["1688669597.8277369", "9223372036.8", "99999999999", "1688669597827", "-1.5", "null"])
def test_kraken_rows_are_the_same_whether_they_are_read_as_numbers_or_as_texts(
    price: str, time: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = kraken_page(f'[{price},"0.3",{time},"b","m","",9]', f'["1",{price},1688669597.1,"s","l","",8]')
    as_numbers = CONNECTORS["kraken"].parse(page, symbol="XBTUSD")
    monkeypatch.setattr(kraken, "_numbered", msgspec.json.Decoder(None))
    as_texts = CONNECTORS["kraken"].parse(page, symbol="XBTUSD")
    assert repr(as_numbers.to_pylist()) == repr(as_texts.to_pylist())
    assert as_numbers["trade_id"].to_pylist() == ["8", "9"]


ROWS = '[["1","2",1688669597.1,"s","l","",8],["1","2",1688669597.2,"b","m","",9]]'


@pytest.mark.parametrize(
    ("error", "result"),
    [
        ("", f'"XBT":{ROWS},"last":"1"'),
        ("", f'"last":"1","XBT":{ROWS}'),
        ("", f' "XBT" :\n{ROWS} , "last" : 1 '),
        ("", '"XBT":[],"last":"1"'),
        ("", '"XBT":[[]],"last":"1"'),
        ("", f'"XBT":{ROWS},"XBT":[],"last":"1"'),
        ("", f'"XBT":[],"XBT":{ROWS},"last":"1"'),
        ("", f'"XBT":{ROWS},"ETH":{ROWS},"last":"1"'),
        ("", f'"XBT":{ROWS},"last":{ROWS}'),
        ("", f'"XBT":"1","last":{ROWS}'),
        ("", f'"XBT":{ROWS}'),
        ("", f'"XBT":[{ROWS}],"last":"1"'),
        ("", f'"XBT":{{"a":{ROWS}}},"last":"1"'),
        ("", f'"XBT":{ROWS}],"last":"1"'),
        ("", f'"XBT":{ROWS},"last":"1"}}}},{{"result":{{"a":{ROWS}'),
        ("", f'"XBT":{ROWS[:-1]},"last":"1"'),
        ("", f'"[[":{ROWS},"last":"1"'),
        ("", f'"]]":{ROWS},"last":"1"'),
        ("", f'"é":{ROWS},"last":"1"'),
        ("", f'"XBT":{ROWS.replace("s", "[[]]")},"last":"1"'),
        ("", f'"XBT":{ROWS.replace("s", "],[")},"last":"1"'),
        ("", f'"XBT":{ROWS.replace(",8]", "]")},"last":"1"'),
        ("", f'"XBT":{ROWS.replace("8", "x")},"last":"1"'),
        ('"W[["', f'"XBT":{ROWS},"last":"1"'),
        ('"W]]"', f'"XBT":{ROWS},"last":"1"'),
        ('"W[[]]"', f'"XBT":{ROWS},"last":"1"'),
        ('"W[[]]"', '"XBT":[[]],"last":"1"'),
        (f'"W{ROWS[:2]}"', f'"XBT":0,"last":"{ROWS[-2:]}"'),
        ('"W[[1,2,3,null,null,null,4]]"', '"XBT":0,"last":"1"'),
        ('"W[[1,2,3,null,null,null,4]]"', '"XBT":[],"last":"1"'),
        (ROWS, '"XBT":0,"last":"1"'),
        (ROWS, f'"XBT":{ROWS},"last":"1"'),
    ],
)
def test_kraken_pages_are_the_same_whether_their_trades_are_cut_out_or_not(
    error: str, result: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = f'{{"error":[{error}],"result":{{{result}}}}}'.encode()
    cut = parsed_or_error(body)
    monkeypatch.setattr(kraken, "_CUT", b"")
    assert repr(cut) == repr(parsed_or_error(body))


def parsed_or_error(body: bytes) -> object:
    try:
        return CONNECTORS["kraken"].parse(body, symbol="XBTUSD").to_pylist()
    except UnexpectedPayload as refused:
        return str(refused)


def test_kraken_rows_have_the_requested_pair_not_the_key_of_the_response() -> None:
    trades = CONNECTORS["kraken"].parse(kraken_page('["1","2",3.5,"s","l","",9]'), symbol="XBTUSD")
    assert trades["pair"].to_pylist() == ["XBTUSD"]
    assert trades["trade_id"].to_pylist() == ["9"]


def test_a_kraken_row_without_an_id_is_refused() -> None:
    numbered, without = '["1023.8","0.4",1385579841.7774,"s","l","",9]', '["1023.8","0.4",1385579841.7774,"s","l",""]'
    with pytest.raises(UnexpectedPayload, match="kraken: expected `trade_id` in every trade, found"):
        CONNECTORS["kraken"].parse(kraken_page(numbered, without), symbol="XBTUSD")


def test_a_kraken_warning_is_not_an_error() -> None:
    CONNECTORS["kraken"].check(Response(200, {}, b'{"error":["WGeneral:Deprecated"],"result":{}}'))


SECOND = 1385579841
"""The second of the tape's trades."""


@dataclass
class KrakenTape:
    """Trades 11, 12, … within a millisecond, at exact times in nanoseconds, all shown with one rounded time.

    It responds as Kraken does, with a few rows at a time.
    """

    page: int = 2
    count: int = 9
    answers: list[bytes] = field(default_factory=list)
    """Responses to give first."""

    def pages(self, hole: Hole) -> list[Page]:
        walk = CONNECTORS["kraken"].walk("XBTUSD", hole)
        pages, step = [], next(walk, None)
        while step is not None:
            if isinstance(step, Page):
                pages.append(step)
                step = next(walk, None)
                continue
            try:
                body = self.answers.pop(0) if self.answers else self.answer(int(step.parameters["since"]))
                step = walk.send(Response(200, {}, body))
            except StopIteration:
                step = None
        return pages

    def answer(self, since: int) -> bytes:
        rows = [(at, trade(at - SECOND * 10**9 - 777_400_000)) for at in self.times()]
        found = [row for row in rows if row[0] > since][: self.page]
        return kraken_page(*(text for _, text in found), last=str(found[-1][0] if found else since))

    def times(self) -> list[int]:
        return [SECOND * 10**9 + 777_400_011 + place for place in range(self.count)]


def trade(trade_id: int) -> str:
    return f'["1023.8","0.4",{SECOND}.7774,"s","l","",{trade_id}]'


def ids_of(pages: list[Page]) -> list[int]:
    return [int(trade_id) for page in pages for trade_id in page.rows["trade_id"].to_pylist()]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_kraken_trades_that_are_shown_with_one_time_are_walked_through_by_the_token(size: int) -> None:
    pages = KrakenTape(size).pages(everything_since(datetime.fromtimestamp(SECOND, UTC)))
    assert ids_of(pages) == list(range(11, 20))
    assert [(page.low, page.high) for page in pages] == [(low, min(low + size, 20)) for low in range(11, 20, size)]
    for page in pages[:-1]:
        rest = KrakenTape(size).pages(after(page.high - 1, token=page.token))
        assert ids_of(rest) == list(range(page.high, 20))


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("last", range(10, 20))
def test_a_kraken_walk_resumes_without_a_token_too(size: int, last: int) -> None:
    shown = datetime.fromtimestamp(SECOND, UTC) + timedelta(microseconds=777_400)
    assert ids_of(KrakenTape(size).pages(after(last, until=shown))) == list(range(last + 1, 20))


def test_a_kraken_walk_that_begins_too_late_claims_only_what_it_saw() -> None:
    later = datetime.fromtimestamp(SECOND, UTC) + timedelta(microseconds=1_777_400)
    tape = KrakenTape(1000)
    assert [(page.low, page.high) for page in tape.pages(after(5, until=later))] == [(11, 20)]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_a_kraken_walk_through_a_hole_ends_where_it_ends(size: int) -> None:
    shown = datetime.fromtimestamp(SECOND, UTC) + timedelta(microseconds=777_400)
    pages = KrakenTape(size).pages(replace(after(12, until=shown), high=17))
    assert ids_of(pages) == [13, 14, 15, 16]
    assert (pages[0].low, pages[-1].high) == (13, 17)
    assert (pages[-1].token is None) == (size == 1000)  # its page went on, so its token resumes later


@pytest.mark.parametrize("last", ['"-1"', '"1; drop"', "null", "1.5", '""', "[]", '"' + "9" * 99 + '"'])
def test_an_invalid_kraken_token_is_refused(last: str) -> None:
    body = kraken_page('["1","2",3.5,"s","l","",9]').replace(b'"last":"1"', f'"last":{last}'.encode())
    with pytest.raises(UnexpectedPayload, match="kraken"):
        CONNECTORS["kraken"].parse(body, symbol="XBTUSD")


def test_a_kraken_token_that_does_not_advance_ends_the_walk_in_one_line() -> None:
    stuck = KrakenTape(answers=[kraken_page(trade(12), last="1")] * 5)
    with pytest.raises(UnexpectedPayload, match="kraken XBTUSD: `last` stays at 1"):
        stuck.pages(after(11, token="1"))
