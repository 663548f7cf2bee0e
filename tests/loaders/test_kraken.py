"""What only Kraken's connector must get right; test_connector_contract tests what all connectors must do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from loaders.connector import Cursor, Page, Response
from loaders.connectors import kraken
from loaders.errors import UnexpectedPayload
from tests.support.connectors import CONNECTORS
from tests.support.trade_bodies import kraken_page

LONG_AGO = datetime(2013, 1, 1, tzinfo=UTC)


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


def test_kraken_rows_without_an_id_get_a_stable_one_that_tells_twins_apart() -> None:
    twin = '["1023.8","0.4",1385579841.7774,"s","l",""]'
    page = kraken_page(twin, twin, '["1023.9","0.4",1385579841.7774,"s","l",""]')
    first, second = (CONNECTORS["kraken"].parse(page, symbol="XBTUSD") for _ in range(2))
    assert first["trade_id"] == second["trade_id"]
    assert len(set(first["trade_id"].to_pylist())) == 3


def test_a_kraken_warning_is_not_an_error() -> None:
    CONNECTORS["kraken"].check(Response(200, {}, b'{"error":["WGeneral:Deprecated"],"result":{}}'))


@dataclass
class KrakenTape:
    """Rows with their exact times in nanoseconds. It responds as Kraken does, with a few rows at a time."""

    rows: Sequence[tuple[int, str]]
    page: int = 2

    def pages(self, after: Cursor | None, since: datetime) -> list[Page]:
        walk = CONNECTORS["kraken"].newer("XBTUSD", after, since=since)
        pages, step = [], next(walk, None)
        while step is not None:
            if isinstance(step, Page):
                pages.append(step)
                step = next(walk, None)
                continue
            try:
                step = walk.send(Response(200, {}, self.answer(int(step.parameters["since"]))))
            except StopIteration:
                step = None
        return pages

    def answer(self, since: int) -> bytes:
        found = [row for row in self.rows if row[0] > since][: self.page]
        return kraken_page(*(text for _, text in found), last=str(found[-1][0] if found else since))


TWIN = '["1023.8","0.4",1385579841.7774,"s","l",""]'


OTHER = '["1023.9","0.4",1385579841.7774,"s","l",""]'


SECOND = 1385579841


TWINS = KrakenTape(
    [
        (SECOND * 10**9 + 777_400_001, TWIN),
        (SECOND * 10**9 + 777_400_002, TWIN),
        (SECOND * 10**9 + 777_400_003, OTHER),
        (SECOND * 10**9 + 777_400_004, TWIN),
        (SECOND * 10**9 + 777_400_005, TWIN),
        (SECOND * 10**9 + 900_000_000, OTHER.replace("7774", "9")),
    ]
)


def ids_of(pages: list[Page]) -> list[str]:
    return [trade_id for page in pages for trade_id in page.rows["trade_id"].to_pylist()]


def test_kraken_twins_on_either_side_of_a_page_stay_two() -> None:
    for size in (1, 2, 3, 1000):
        ids = ids_of(KrakenTape(TWINS.rows, size).pages(None, LONG_AGO))
        assert len(set(ids)) == len(ids) == 6
        assert ids == ids_of(TWINS.pages(None, LONG_AGO))


def test_kraken_twins_get_the_same_ids_wherever_a_walk_resumes() -> None:
    pages = KrakenTape(TWINS.rows, 1).pages(None, LONG_AGO)
    ids = ids_of(pages)
    for place, page in enumerate(pages, start=1):
        for size in (1, 2, 1000):
            assert ids_of(KrakenTape(TWINS.rows, size).pages(page.cursor, LONG_AGO)) == ids[place:]


def test_kraken_twins_get_the_same_ids_wherever_a_first_walk_begins() -> None:
    ids = ids_of(TWINS.pages(None, LONG_AGO))
    since = datetime.fromtimestamp(SECOND, UTC)
    assert ids_of(TWINS.pages(None, since + timedelta(microseconds=777_400))) == ids
    assert ids_of(TWINS.pages(None, since + timedelta(microseconds=800_000))) == ids[-1:]


@pytest.mark.parametrize("last", ['"-1"', '"1; drop"', "null", "1.5", '""', "[]", '"' + "9" * 99 + '"'])
def test_an_invalid_kraken_token_is_refused(last: str) -> None:
    body = kraken_page('["1","2",3.5,"s","l","",9]').replace(b'"last":"1"', f'"last":{last}'.encode())
    with pytest.raises(UnexpectedPayload, match="kraken"):
        CONNECTORS["kraken"].parse(body, symbol="XBTUSD")


def test_a_kraken_token_that_does_not_advance_ends_the_walk_in_one_line() -> None:
    stuck = KrakenTape(TWINS.rows)
    stuck.answer = lambda _: kraken_page(TWIN, last="1")  # type: ignore[method-assign]
    with pytest.raises(UnexpectedPayload, match="kraken XBTUSD: `last` stays at 1"):
        stuck.pages(Cursor("1", "x-0"), LONG_AGO)
