"""What pages read of `trades_unified`: ticks, bars and minutes of a symbol, as of a snapshot.

Times are microseconds since 1970, UTC; spans include their start and exclude their end. Every statement reads only
those files of the snapshot that may have trades in its span, and DuckDB only their row groups in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from lakehouse.lake import Lake
from registry.products import Product

from .bounded import Bounded
from .frames import pack
from .problems import Wrong
from .reading import FilesGone, Reader
from .snapshots import Snapshot, Snapshots
from .venues import Symbol, Traded, named, symbols_of

TABLE = "trades_unified"
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
BAR_US = 100_000
SHORT_US = 600 * SECOND_US
LARGEST_FLOAT = 3.4028234e38
KEPT_BYTES = 64 * 1024 * 1024
"""How many bytes of packed segments and days are kept."""

# The rows of a symbol, with the number of their venue among the symbol's. Each statement has as many of these
# conditions as there are venues; what they compare with are parameters.
_OF_VENUE = "when symbol = $symbol_{0} and exchange = $exchange_{0} then {0}"
_OF_SYMBOL = """ticks as (
        select *, case {conditions} end::utinyint as venue
        from read_parquet($files)
        where trade_ts >= make_timestamp($from_us::bigint) and trade_ts < make_timestamp($to_us::bigint)
          and venue is not null)"""
ORDER = "trade_ts, venue, coalesce(try_cast(trade_id as bigint), -1), trade_id"
"""The order of trades: those of one instant by venue, and within a venue by their ids, as numbers if they are."""

_TICKS = f"""
    with {_OF_SYMBOL}
    select (epoch_us(trade_ts) - $from_us::bigint)::integer as offset_us, price,
           least(quantity, {LARGEST_FLOAT})::float as quantity,
           venue + case side when 'BUY' then 64 when 'SELL' then 0 else 128 end::utinyint as venue_side
    from ticks order by {ORDER}
"""
_BARS = f"""
    with {_OF_SYMBOL},
    lasts as (
        select (epoch_us(trade_ts) - $from_us::bigint) // {BAR_US} as slot, venue, count(*) as trades,
               arg_max(price, trade_ts) * $scales[venue + 1] as price
        from ticks group by slot, venue),
    slots as (
        select slot, sum(trades) as trades, 1e4 * ln(max(price) / min(price)) as apart from lasts group by slot)
    select coalesce(trades, 0)::integer as trades, coalesce(apart, 0)::float as apart_bps
    from range(($to_us::bigint - $from_us::bigint) // {BAR_US}) as every(slot) left join slots using (slot)
    order by slot
"""
_MINUTES = f"""
    with {_OF_SYMBOL},
    seconds as (
        select venue, epoch_us(trade_ts) // {SECOND_US} as second, arg_max(price, trade_ts) as price, count(*) as trades
        from ticks group by all),
    moves as (
        select *, ln(price / lag(price) over (partition by venue order by second)) as move from seconds),
    minutes as (
        select (second * {SECOND_US} - $from_us::bigint) // {60 * SECOND_US} as minute, venue,
               sum(trades) as trades, sum(move * move) as variance
        from moves group by all)
    select minute::usmallint as minute, sum(trades)::integer as trades,
           (1e4 * sqrt(coalesce(arg_max(variance, trades), 0)))::float as volatility_bps
    from minutes group by minute order by minute
"""
_BASIS = f"""
    with {_OF_SYMBOL},
    seconds as (
        select epoch_us(trade_ts) // {SECOND_US} as second, venue, arg_max(price, trade_ts) as price
        from ticks group by all),
    own as (
        select second, median(price) as price from seconds
        where list_contains($own, venue::integer) group by second)
    select venue::integer as venue, 1e4 * median(ln(seconds.price / own.price)) as bps, count(*) as seconds
    from seconds join own using (second) where not list_contains($own, venue::integer) group by venue order by venue
"""
_CONTENT = """
    select exchange, symbol, count(*) as trades, epoch_us(min(trade_ts)) as first_us, epoch_us(max(trade_ts)) as last_us
    from read_parquet([$file]) group by all
"""


class Trades:
    """Reads `trades_unified` of a lake."""

    def __init__(self, lake: Lake, products: Iterable[Product], looks: Mapping[str, int]) -> None:
        self.reader = Reader(lake)
        self._quick = Reader(lake, threads=1)
        self.snapshots = Snapshots(lake, TABLE, "trade_ts")
        self._products = tuple(products)
        self._looks = looks
        self._contents = Bounded[Sequence[Traded]](100_000, lambda traded: 1 + len(traded))
        self._symbols = Bounded[dict[str, Symbol]](8)
        self._frames = Bounded[bytes](KEPT_BYTES, len)

    @property
    def kept_bytes(self) -> int:
        """The size of what is kept packed."""
        return self._frames.size

    def snapshot(self, snapshot_id: int | None) -> Snapshot:
        """The snapshot with this id, or the newest one; raises Wrong."""
        return self.snapshots.newest() if snapshot_id is None else self.snapshots.at(snapshot_id)

    def symbols(self, snapshot: Snapshot) -> dict[str, Symbol]:
        """Every canonical symbol that is traded, by name, the busiest first. Reads each file once, when it is new."""
        return self._symbols.get(snapshot.id, lambda: self._read_symbols(snapshot))

    def symbol(self, snapshot: Snapshot, name: str) -> Symbol:
        """The symbol of this name, however its letters are written; raises Wrong, naming others."""
        symbols = self.symbols(snapshot)
        if (found := named(symbols, name)) is None:
            some = ", ".join(list(symbols)[:6])
            raise Wrong(404, f"the lake has no trades of {name[:40]!r}; it has {some}")
        return found

    def ends(self, snapshot: Snapshot, symbol: Symbol, from_us: int, to_us: int) -> set[int]:
        """When the first and the last trade of a symbol within a span were, in each file; the span's own start or end
        for a file that has trades beyond it.
        """  # noqa: D205
        venues = {(venue.exchange, venue.symbol) for venue in symbol.venues}
        spans = [
            (max(each.first_us, from_us), min(each.last_us, to_us - 1))
            for path in snapshot.within(from_us, to_us)
            for each in self._traded(snapshot, path)
            if (each.exchange, each.symbol) in venues
        ]
        return {us for first_us, last_us in spans if first_us <= last_us for us in (first_us, last_us)}

    def packed_ticks(self, snapshot: Snapshot, symbol: Symbol, from_us: int, to_us: int) -> bytes:
        """Every trade of a span in time order, packed with 17 bytes for each. `venue_side` is the venue's number
        among the symbol's, plus 64 if the taker bought, or 128 if the exchange doesn't say.
        """  # noqa: D205
        key = ("ticks", snapshot.id, symbol.name, from_us, to_us)
        return self._frames.get(
            key, lambda: pack({"from_us": from_us, "to_us": to_us}, self.ticks(snapshot, symbol, from_us, to_us))
        )

    def ticks(self, snapshot: Snapshot, symbol: Symbol, from_us: int, to_us: int) -> pa.Table:
        """As `packed_ticks`, as a table."""
        return self._read(_TICKS, snapshot, symbol, from_us, to_us, _TICK_SCHEMA)

    def bars(
        self, snapshot: Snapshot, symbol: Symbol, from_us: int, to_us: int, basis_bps: Mapping[str, float]
    ) -> pa.Table:
        """For each 100 ms, the trades and how far the venues' last prices lay apart, in bps, without their basis."""
        scales = [10 ** (-basis_bps.get(venue.exchange, 0.0) * 4.342944819e-5) for venue in symbol.venues]
        return self._read(_BARS, snapshot, symbol, from_us, to_us, _BAR_SCHEMA, scales=scales)

    def packed_day(self, snapshot: Snapshot, symbol: Symbol, day_us: int) -> bytes:
        """For each minute of a day with trades, their number and the realised volatility of the busiest venue in bps,
        from the last prices of its seconds.
        """  # noqa: D205
        key = ("day", snapshot.id, symbol.name, day_us)
        return self._frames.get(key, lambda: pack({"from_us": day_us}, self.day(snapshot, symbol, day_us)))

    def day(self, snapshot: Snapshot, symbol: Symbol, day_us: int) -> pa.Table:
        """As `packed_day`, as a table."""
        return self._read(_MINUTES, snapshot, symbol, day_us, day_us + DAY_US, _DAY_SCHEMA)

    def basis(self, snapshot: Snapshot, symbol: Symbol, from_us: int, to_us: int) -> list[dict[str, Any]]:
        """For each venue whose prices are in another dollar: by how many bps they lie above the others' in a span.

        It is the median over the seconds in which both have traded; `seconds` is their number.
        """
        own = [number for number, venue in enumerate(symbol.venues) if not venue.is_stand_in]
        if len(own) == len(symbol.venues) or not own:
            return []
        found = self._read(_BASIS, snapshot, symbol, from_us, to_us, _BASIS_SCHEMA, own=own).to_pylist()
        return [{"exchange": symbol.venues[row["venue"]].exchange, **row} for row in found]

    def query(self, snapshot: Snapshot, sql: str, **parameters: object) -> pa.Table:
        """The rows of a statement on files of a snapshot; raises Wrong if they are gone."""
        return self._query(self.reader, snapshot, sql, parameters)

    def _query(self, reader: Reader, snapshot: Snapshot, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        try:
            return reader.table(sql, **parameters)
        except FilesGone as error:
            raise self.snapshots.gone(snapshot.id) from error

    def _read(
        self,
        sql: str,
        snapshot: Snapshot,
        symbol: Symbol,
        from_us: int,
        to_us: int,
        schema: pa.Schema,
        **parameters: object,
    ) -> pa.Table:
        files = snapshot.within(from_us, to_us)
        if not files and schema is not _BAR_SCHEMA:
            return schema.empty_table()
        files = files or [snapshot.files[0].path]
        given = {
            "files": files,
            "from_us": from_us,
            "to_us": to_us,
            **{f"symbol_{number}": venue.symbol for number, venue in enumerate(symbol.venues)},
            **{f"exchange_{number}": venue.exchange for number, venue in enumerate(symbol.venues)},
            **parameters,
        }
        conditions = " ".join(_OF_VENUE.format(number) for number in range(len(symbol.venues)))
        # a short span lies in one or two row groups, where a second thread costs more than it saves
        reader = self._quick if to_us - from_us <= SHORT_US else self.reader
        return self._query(reader, snapshot, sql.replace("{conditions}", conditions), given)

    def _read_symbols(self, snapshot: Snapshot) -> dict[str, Symbol]:
        parts: dict[tuple[str, str], Traded] = {}
        for file in snapshot.files:
            for each in self._traded(snapshot, file.path):
                before = parts.get((each.exchange, each.symbol))
                parts[each.exchange, each.symbol] = each if before is None else _together(before, each)
        return symbols_of(list(parts.values()), self._products, self._looks)

    def _traded(self, snapshot: Snapshot, path: str) -> Sequence[Traded]:
        return self._contents.get(path, lambda: self._content(snapshot, path))

    def _content(self, snapshot: Snapshot, path: str) -> Sequence[Traded]:
        return tuple(Traded(**row) for row in self.query(snapshot, _CONTENT, file=path).to_pylist())


_TICK_SCHEMA = pa.schema(
    {"offset_us": pa.int32(), "price": pa.float64(), "quantity": pa.float32(), "venue_side": pa.uint8()}
)
_BAR_SCHEMA = pa.schema({"trades": pa.int32(), "apart_bps": pa.float32()})
_DAY_SCHEMA = pa.schema({"minute": pa.uint16(), "trades": pa.int32(), "volatility_bps": pa.float32()})
_BASIS_SCHEMA = pa.schema({"venue": pa.int32(), "bps": pa.float64(), "seconds": pa.int64()})


def _together(one: Traded, other: Traded) -> Traded:
    return Traded(
        one.exchange,
        one.symbol,
        one.trades + other.trades,
        min(one.first_us, other.first_us),
        max(one.last_us, other.last_us),
    )
