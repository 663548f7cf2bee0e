"""Where a trade of `trades_unified` comes from: its row, the raw row, the load, the files and the mapping's rules."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyiceberg.expressions import EqualTo, Reference
from pyiceberg.types import IcebergType, TimestampType

from lakehouse.lake import Lake
from lakehouse.ledger import loads
from lakehouse.pending import unified_loads
from lakehouse.raw_table import LANDED_AT, PAYLOAD
from registry.registry import Mapping, Registry

from .events import iso
from .problems import Wrong
from .reading import FilesGone, folder_of
from .snapshots import Snapshot
from .trades import ORDER, TABLE, Trades
from .venues import Symbol, Venue

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from registry.formats import Giver

LOAD_ID = "_dlt_load_id"
CHANNEL = "_channel"

_TRADE = f"""
    select exchange, symbol, trade_id, side, price, quantity, epoch_us(trade_ts) as trade_us,
           epoch_us(ingest_ts) as ingest_us, filename as file, 0 as venue, trade_ts
    from read_parquet($files, filename = true)
    where trade_ts = make_timestamp($us::bigint) and symbol = $symbol and exchange = $exchange
    order by {ORDER} limit 1 offset $nth
"""


class Evidence:
    """Follows a trade back to what the exchange sent."""

    def __init__(self, lake: Lake, registry: Registry, trades: Trades) -> None:
        self._lake = lake
        self._registry = registry
        self._trades = trades

    def of(self, snapshot: Snapshot, symbol: Symbol, exchange: str, us: int, nth: int) -> dict[str, Any]:
        """What is known of the `nth` trade (from 0) of an exchange at an instant; raises Wrong if there is none."""
        venue = next((each for each in symbol.venues if each.exchange == exchange.upper()), None)
        if venue is None:
            some = ", ".join(each.exchange for each in symbol.venues)
            raise Wrong(404, f"{symbol.name} isn't traded on {exchange[:40]!r} in this lake; it is on {some}")
        trade = self._trade(snapshot, venue, us, nth)
        file = trade.pop("file")
        unified = {
            **{name: trade[name] for name in ("exchange", "symbol", "trade_id", "side", "price", "quantity")},
            "trade_ts": iso(trade["trade_us"]),
            "ingest_ts": iso(trade["ingest_us"]),
        }
        return {
            "unified": unified,
            "unified_from": {"table": TABLE, "snapshot": str(snapshot.id), "file": folder_of(file)},
            **self._origin(venue, trade),
        }

    def _trade(self, snapshot: Snapshot, venue: Venue, us: int, nth: int) -> dict[str, Any]:
        files = snapshot.within(us, us + 1)
        asked = {"us": us, "symbol": venue.symbol, "exchange": venue.exchange, "nth": nth}
        rows = self._trades.query(snapshot, _TRADE, files=files, **asked).to_pylist() if files else []
        if not rows:
            raise Wrong(404, f"{venue.name} has no trade number {nth} of {venue.symbol} at {iso(us)}")
        found: dict[str, Any] = rows[0]
        return found

    def _origin(self, venue: Venue, trade: dict[str, Any]) -> dict[str, Any]:
        """The raw row, its load and the rules; a part that isn't there is None, and `remark` says why."""
        mapping = self._mapping_of(venue.exchange)
        if mapping is None:
            return _nothing(f"no mapping in config/mappings/ gives the exchange {venue.exchange!r}")
        table = self._lake.open_to_plan(mapping.source)
        if table is None:
            return _nothing(f"the lake has no table {mapping.source}")
        row = self._raw_row(table, mapping, venue, trade)
        if row is None:
            return _nothing(f"{mapping.source} holds no row with this id; `schemahub repair` looks for damage")
        file = row.pop("filename")
        landed_us = row[LANDED_AT]
        givers = _givers(mapping, landed_us)
        return {
            "raw": {
                "table": mapping.source,
                "payload": row[PAYLOAD],
                "row": {name: value for name, value in row.items() if not name.startswith("_")},
                "file": folder_of(file),
                "snapshot": _added_in(table, file),
            },
            "load": self._load(mapping, row, venue),
            "mapping": {
                "file": mapping.file,
                "rules": [_rule(giver) for giver in givers],
            },
            "remark": None,
        }

    def _mapping_of(self, exchange: str) -> Mapping | None:
        for mapping in self._registry.mappings:
            constants = (giver.value for format_ in mapping.formats for giver in format_.givers if giver.source is None)
            if exchange in constants and mapping.target.target_table == TABLE:
                return mapping
        return None

    def _raw_row(self, table: "Table", mapping: Mapping, venue: Venue, trade: dict[str, Any]) -> dict[str, Any] | None:
        """The raw row that became the trade: the first landed of those with its id."""
        sources = {giver.column: giver for giver in mapping.formats[-1].givers if giver.source}
        of_id, of_symbol = sources["trade_id"].source, sources["symbol"].source
        time = sources.get("trade_ts")
        paths = self._raw_files(table, time, trade["trade_us"])
        if not paths or of_id is None or of_symbol is None:
            return None
        names = [*mapping.raw_columns, PAYLOAD, CHANNEL, LOAD_ID]
        sql = f"""
            select {", ".join(f'"{name}"' for name in names)}, epoch_us({LANDED_AT}) as {LANDED_AT}, filename
            from read_parquet($files, union_by_name = true, filename = true)
            where "{of_id}"::varchar = $id and "{of_symbol}"::varchar = $symbol
            order by abs(epoch_us({LANDED_AT}) - $ingest_us::bigint), {LOAD_ID} limit 1
        """
        given = {"id": trade["trade_id"], "symbol": venue.symbol, "ingest_us": trade["ingest_us"]}
        try:
            rows = self._trades.reader.rows(sql, files=paths, **given)
        except FilesGone as error:
            raise Wrong(
                503, f"a file of {mapping.source} can't be read; `schemahub repair` looks for damage"
            ) from error
        return rows[0] if rows else None

    def _raw_files(self, table: "Table", time: "Giver | None", us: int) -> list[str]:
        scan = table.scan()
        if time is not None and time.source and _is_timestamp(table.schema().find_type(time.source)):
            at = Reference(time.source)
            scan = table.scan(EqualTo(at, iso(us)[:-1]))  # type: ignore[misc, call-arg]
        return [task.file.file_path.removeprefix("file://") for task in scan.plan_files()]

    def _load(self, mapping: Mapping, row: dict[str, Any], venue: Venue) -> dict[str, Any]:
        of_load = [each for each in loads(self._lake) if each.load_id == row[LOAD_ID]]
        mine = next((each for each in of_load if each.stream.startswith(venue.symbol)), None)
        unified = unified_loads(self._lake).get((TABLE, mapping.source, row[LOAD_ID]))
        return {
            "load_id": row[LOAD_ID],
            "channel": row[CHANNEL],
            "landed_at": None if mine is None else f"{mine.landed_at.isoformat()}Z",
            "rows": None if mine is None else mine.row_count,
            "first_id": None if mine is None else mine.first_id,
            "last_id": None if mine is None else mine.last_id,
            "file": None if mine is None else mine.file,
            "unified_at": None if unified is None else f"{unified.unified_at.isoformat()}Z",
            "mapping_version": None if unified is None else unified.mapping_version,
        }


def _nothing(remark: str) -> dict[str, Any]:
    return {"raw": None, "load": None, "mapping": None, "remark": remark}


def _is_timestamp(found: IcebergType) -> bool:
    return isinstance(found, TimestampType)


def _givers(mapping: Mapping, landed_us: int) -> "Sequence[Giver]":
    """The rules for rows landed at this time."""
    landed = iso(landed_us)[:-1]
    for format_ in mapping.formats:
        if format_.until is None or landed < format_.until.isoformat():
            return format_.givers
    return mapping.formats[-1].givers


def _rule(giver: "Giver") -> dict[str, Any]:
    constant = giver.value if giver.source is None else None
    return {"column": giver.column, "source": giver.source, "transform": giver.transform, "constant": constant}


def _added_in(table: "Table", path: str) -> str | None:
    """The id of the snapshot that added a data file."""
    snapshot = table.current_snapshot()
    for manifest in snapshot.manifests(table.io) if snapshot else ():
        for entry in manifest.fetch_manifest_entry(table.io):
            if entry.data_file.file_path.removeprefix("file://") == path:
                return None if entry.snapshot_id is None else str(entry.snapshot_id)
    return None
