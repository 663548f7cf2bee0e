"""Raw tables: an exchange's own columns, plus where each row came from.

Grain: one row per trade as the venue sent it; only appends. Timestamps are UTC without a zone.
"""

from dataclasses import dataclass

import pyarrow as pa

from .table import TYPES, Column, LakeTable

PROVENANCE = (
    Column("_source", "string", "Base URL, or file, that the row came from."),
    Column("_source_ingest_ts", "timestamp", "When the load that landed the row began; one value per load."),
    Column("_raw_payload", "string", "The trade's JSON as the venue sent it; null for bulk files."),
    Column("_channel", "string", "How the row came: rest, stream or bulk."),
    Column("_dlt_load_id", "string", "The load that landed the row; joins with schemahub_loads."),
)

PAYLOAD = "_raw_payload"


@dataclass(frozen=True)
class RawTable:
    """What one exchange lands: its columns in its own words, and the part each of them plays.

    `symbol`, `trade_id` and `trade_time` name columns. The ids of one symbol rise with time.
    """

    exchange: str
    columns: tuple[Column, ...]
    symbol: str
    trade_id: str
    trade_time: str

    @property
    def table(self) -> LakeTable:
        return LakeTable(f"raw_{self.exchange}_trades", (*self.columns, *PROVENANCE), "_source_ingest_ts")

    @property
    def page_schema(self) -> pa.Schema:
        """What a connector's page holds: its own columns and the payload; landing adds the rest."""
        payload = next(column for column in PROVENANCE if column.name == PAYLOAD)
        return pa.schema([(column.name, TYPES[column.type][1]) for column in (*self.columns, payload)])
