"""A lake with one day of trades of BTC-USD on three venues, in time order: the subject of `replay_page`.

`python -m benchmarks.replay_day FOLDER TRADES` writes it, and prints as JSON how many trades it wrote.
"""

import json
import sys
from pathlib import Path

import duckdb

from lakehouse.local import LocalLake

DAY_US = 1_707_350_400_000_000
"""2024-02-08, in microseconds since 1970, UTC."""
BURST_US = DAY_US + 54_724_000_000
"""When the burst begins, 15:12:04."""
BURST_SECONDS = 12
_PART_OF_BURST = 0.014
"""The part of the day's trades that is in the burst: 70,000 of 5 million, of which 50,000 are visible at once."""

_TRADES = """
    with times as (
        select i, if(i < $burst, $burst_us + i * $burst_length_us // $burst,
                     $day_us + (i - $burst) * 86400000000 // ($trades - $burst)) as us,
               case when hash(i) % 5 < 3 then 0 else (hash(i) % 5 - 2)::integer end as venue
        from range($trades) as every(i))
    select ['BINANCE', 'COINBASE', 'KRAKEN'][venue + 1] as exchange,
           ['BTCUSDT', 'BTC-USD', 'XBTUSD'][venue + 1] as symbol, i::varchar as trade_id,
           if(hash(i + 1) % 2 = 0, 'BUY', 'SELL') as side,
           43000 + 40 * sin(us / 4e6) + 5 * sin(us / 1e5) + hash(i + 2) % 100 / 50.0 as price,
           0.001 * (1 + hash(i + 3) % 100) as quantity, make_timestamp(us) as trade_ts,
           make_timestamp($day_us) as ingest_ts
    from times order by trade_ts
"""


def write(folder: Path, trades: int) -> int:
    """Write the lake, and return the number of its trades."""
    from pyiceberg.transforms import DayTransform

    burst = {"burst": int(trades * _PART_OF_BURST), "burst_us": BURST_US, "burst_length_us": BURST_SECONDS * 1_000_000}
    with duckdb.connect() as connection:
        rows = connection.execute(_TRADES, {"trades": trades, "day_us": DAY_US, **burst}).to_arrow_table()
    lake = LocalLake(folder)
    lake.catalog.create_namespace_if_not_exists("schemahub")
    table = lake.catalog.create_table(
        "schemahub.trades_unified",
        rows.schema,
        location=lake.table_location("trades_unified"),
        properties={"write.parquet.row-group-limit": "122880", "write.parquet.compression-codec": "zstd"},
    )
    with table.update_spec() as partitioning:
        partitioning.add_field("trade_ts", DayTransform())
    table.append(rows)
    return int(rows.num_rows)


if __name__ == "__main__":
    print(json.dumps({"trades": write(Path(sys.argv[1]), int(sys.argv[2]))}))
