"""Kraken's time and sales: a ZIP with a CSV for each pair, of all complete quarters or of one.

    /time-and-sales/Kraken_Trading_History.zip
    /time-and-sales/Kraken_Trading_History_Q1_2026.zip

Written from support.kraken.com article 360047543791, whose links lead to a file store without paths of its own. The CSV
is called `XBTUSD.csv` and has no header; its columns are the time in whole seconds, price and volume, without id or
side:

    1381095255,122.00000,0.10000000
"""

import re
from collections.abc import Iterable

import msgspec

from simulator.exchanges.bulk_files import FileRow, Period, read_period, until_last_quarter, zipped
from simulator.exchanges.oddities import Oddity, odd_text
from simulator.exchanges.simulated.kraken.names import pair_names
from simulator.exchanges.simulated_exchange import Endpoint, IncomingRequest, Reply
from simulator.exchanges.tape import Tape, join_page

_NAME = re.compile(r"Kraken_Trading_History(_(?P<quarter>Q\d_\d{4}))?\.zip")
_HEADER = "unixtime,price,volume"


class KrakenFiles:
    """The time and sales of the quarters that have passed."""

    def __init__(self, tapes: Iterable[Tape]) -> None:
        self._tapes = list(tapes)
        self._made: dict[tuple[str, Period, tuple[Oddity, ...]], bytes] = {}

    def endpoints(self) -> dict[str, Endpoint]:
        return {"/time-and-sales/{name}": self._file}

    def _file(self, request: IncomingRequest) -> Reply:
        name = request.path_parameters["name"]
        match = _NAME.fullmatch(name)
        if match is None:
            return _not_found()
        period = read_period(match["quarter"]) if match["quarter"] else until_last_quarter(request.market_ns)
        if period is None or not period.has_passed(request.market_ns):
            return _not_found()
        traded = [tape for tape in self._tapes if period.indexes(tape)]
        if not traded:
            return _not_found()
        content = self._content(name, period, traded, request.oddities.of(name))
        # There is no checksum that could be downloaded too.
        request.oddities.count_download(name, is_checksum=False)
        request.oddities.count_download(name, is_checksum=True)
        return Reply(content, content_type="application/zip")

    def _content(self, name: str, period: Period, tapes: list[Tape], oddities: tuple[Oddity, ...]) -> bytes:
        key = (name, period, oddities)
        if key not in self._made:
            texts = {}
            for tape in tapes:
                file = f"{pair_names(tape)[1]}.csv"
                texts[file] = odd_text(_rows(tape, period), oddities, header=_HEADER, seed=f"{name}/{file}")
            self._made[key] = zipped(dict(sorted(texts.items())))
        return self._made[key]


def _rows(tape: Tape, period: Period) -> list[FileRow]:
    indexes = period.indexes(tape)
    rows = msgspec.json.decode(join_page(tape.rows.between(indexes.start, indexes.stop)), type=list[list[msgspec.Raw]])
    return [_row(tape.times_ns[index], row) for index, row in zip(indexes, rows, strict=True)]


def _row(time_ns: int, row: list[msgspec.Raw]) -> FileRow:
    price, volume = (bytes(text).decode().strip('"') for text in row[:2])
    return FileRow(time_ns, f"{time_ns // 10**9},{price},{volume}")


def _not_found() -> Reply:
    return Reply(b"Not Found", 404, content_type="text/plain; charset=utf-8")
