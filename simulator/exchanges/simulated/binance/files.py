"""Binance's bulk files of trades, as data.binance.vision has them, each with its checksum.

    /data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2026-01-05.zip           and .zip.CHECKSUM
    /data/spot/monthly/trades/BTCUSDT/BTCUSDT-trades-2026-01.zip            and .zip.CHECKSUM

Written from binance-public-data README.md (2025-01). The CSV has no header, and its columns are id, price, qty,
quoteQty, time, isBuyerMaker and isBestMatch; times are in milliseconds before 2025 and in microseconds since then:

    5,0.07019000,0.10000000,0.00701900,1500004813000,True,True
"""

import re
from collections.abc import Iterable

import msgspec

from simulator.exchanges.bulk_files import FileRow, Period, read_period, sha256sum, zipped
from simulator.exchanges.oddities import Oddity, odd_text
from simulator.exchanges.simulated.binance.rows import MICROSECOND, MILLISECOND, NS_PER_UNIT, resolution_ns
from simulator.exchanges.simulated_exchange import Endpoint, IncomingRequest, Reply
from simulator.exchanges.tape import Tape, join_page

PATH = "/data/spot/{interval}/trades/{symbol}/{name}"

_NAME = re.compile(r"(?P<symbol>.+)-trades-(?P<period>\d{4}-\d\d(?P<day>-\d\d)?)\.zip(?P<checksum>\.CHECKSUM)?")
_HEADER = "id,price,qty,quote_qty,time,is_buyer_maker,is_best_match"
_MICROSECONDS_SINCE_NS = 1_735_689_600 * 10**9
_NO_SUCH_KEY = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"
)


class _FileRow(msgspec.Struct):
    id: int
    price: str
    qty: str
    quoteQty: str  # noqa: N815 # the wire's name
    time: int
    isBuyerMaker: bool  # noqa: N815 # the wire's name
    isBestMatch: bool = True  # noqa: N815 # the wire's name


class BinanceFiles:
    """The bulk files of the days and months that have passed."""

    def __init__(self, tapes: Iterable[Tape]) -> None:
        self._tapes = {tape.product: tape for tape in tapes}
        self._made: dict[tuple[str, tuple[Oddity, ...]], bytes] = {}

    def endpoints(self) -> dict[str, Endpoint]:
        return {PATH: self._file}

    def _file(self, request: IncomingRequest) -> Reply:
        interval, symbol, name = (request.path_parameters[key] for key in ("interval", "symbol", "name"))
        match = _NAME.fullmatch(name)
        period = read_period(match["period"]) if match else None
        if match is None or period is None or match["symbol"] != symbol or symbol not in self._tapes:
            return _not_found()
        is_wrong_interval = interval != ("daily" if match["day"] else "monthly")
        if is_wrong_interval or not period.has_passed(request.market_ns) or not period.indexes(self._tapes[symbol]):
            return _not_found()
        file = name.removesuffix(".CHECKSUM")
        oddities = request.oddities.of(file)
        content = self._content(file, symbol, period, oddities)
        request.oddities.count_download(file, is_checksum=bool(match["checksum"]))
        if not match["checksum"]:
            return Reply(content, content_type="application/zip")
        is_wrong = any(oddity.name == "wrong_checksum" for oddity in oddities)
        return Reply(sha256sum(content + b"?" if is_wrong else content, file), content_type="binary/octet-stream")

    def _content(self, file: str, symbol: str, period: Period, oddities: tuple[Oddity, ...]) -> bytes:
        if (file, oddities) not in self._made:
            rows = _rows(self._tapes[symbol], period)
            text = odd_text(rows, oddities, header=_HEADER, seed=file)
            self._made[file, oddities] = zipped({f"{file.removesuffix('.zip')}.csv": text})
        return self._made[file, oddities]


def _rows(tape: Tape, period: Period) -> list[FileRow]:
    indexes = period.indexes(tape)
    page = join_page(tape.rows.between(indexes.start, indexes.stop))
    return [_row(row) for row in msgspec.json.decode(page, type=list[_FileRow])]


def _row(row: _FileRow) -> FileRow:
    time_ns = row.time * resolution_ns(row.time)
    unit = MICROSECOND if time_ns >= _MICROSECONDS_SINCE_NS else MILLISECOND
    numbers = f"{row.id},{row.price},{row.qty},{row.quoteQty},{time_ns // NS_PER_UNIT[unit]}"
    return FileRow(time_ns, f"{numbers},{row.isBuyerMaker},{row.isBestMatch}")


def _not_found() -> Reply:
    return Reply(_NO_SUCH_KEY, 404, content_type="application/xml")
