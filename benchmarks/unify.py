"""Unifying new trades into a large table against the same number into a small one; building the large one.

The yardstick of building is a SELECT written by hand, which DuckDB runs on the same raw Parquet files with the same
limit of memory, and which ends in one Parquet file, or in one for each day, as the table does. It gives the same rows
and columns, but checks no row, and neither looks for pending loads nor commits.
"""

import shutil
import tempfile
from pathlib import Path
from statistics import median

import duckdb

from .lake_of_trades import BYTES_PER_ROW, LakeOfTrades
from .measure import Measurement, expect, expect_free_disk, seconds
from .processes import seconds_of_dbt_version
from .size import Size

_BY_HAND = """
copy (
    select exchange, symbol, trade_id, side, price, quantity, trade_ts, ingest_ts{day}
    from (
        select
            *,
            row_number() over (
                partition by exchange, symbol, trade_id order by ingest_ts, trade_ts, side, price, quantity
            ) as landing_rank
        from (
            select
                'BINANCE' as exchange,
                symbol,
                id as trade_id,
                case when is_buyer_maker then 'SELL' else 'BUY' end as side,
                price,
                qty as quantity,
                "time" as trade_ts,
                _source_ingest_ts as ingest_ts
            from read_parquet($raw_files)
        )
    )
    where landing_rank = 1
) to '{to}' (format parquet, compression zstd{options})
"""


def findings(size: Size) -> list[Measurement]:
    """Measure both tables in turn, so that anything that slows the machine affects both."""
    expect_free_disk((size.unified_large + size.unified_small) * BYTES_PER_ROW / 1e9)
    with tempfile.TemporaryDirectory() as folder:
        small = LakeOfTrades(Path(folder, "small"))
        small.land(size.unified_small)
        small.unify()  # warms the process up
        built, large = _built(Path(folder), size)
        pairs = [(_increment(small, size), _increment(large, size)) for _ in range(size.unified_rounds)]
        living = _living(large, size)
    model = median(of_large[0] / of_small[0] for of_small, of_large in pairs)
    seconds_of = [[median(pair[which][what] for pair in pairs) for what in (0, 1)] for which in (0, 1)]
    return [
        *built,
        Measurement(
            f"unify {size.new_rows / 1e3:g} k new trades over {_millions(size.unified_large)}, "
            f"against over {_millions(size.unified_small)}",
            model,
            1.3,
            at_least=False,
            unit="x",
            detail=f"trades_unified {seconds_of[1][0]:.2f} s against {seconds_of[0][0]:.2f}; "
            f"the whole run {seconds_of[1][1]:.1f} s against {seconds_of[0][1]:.1f}, each after the other lake's",
        ),
        living,
    ]


def _living(lake: LakeOfTrades, size: Size) -> Measurement:
    """Unify in a process that has just unified the same lake, and so has dbt and the lake's catalog at hand."""
    _increment(lake, size)
    runs = [(_increment(lake, size)[1], seconds_of_dbt_version()) for _ in range(size.unified_rounds)]
    ours, dbt = (median(each) for each in zip(*runs, strict=True))
    return Measurement(
        f"unify {size.new_rows / 1e3:g} k new trades over {_millions(size.unified_large)}, in a process that goes on",
        median(run / version for run, version in runs),
        0.52,
        at_least=False,
        unit="x",
        detail=f"the whole run {ours:.2f} s; `dbt --version` {dbt:.2f} s",
    )


def _millions(rows: int) -> str:
    return f"{rows / 1e6:g} M rows"


def _increment(lake: LakeOfTrades, size: Size) -> tuple[float, float]:
    lake.land(size.new_rows)
    return lake.unify()


def _built(folder: Path, size: Size) -> tuple[list[Measurement], LakeOfTrades]:
    """Build trades_unified from nothing, in turn with the SELECT written by hand; returns the last lake too."""
    in_one, by_day, ours = [], [], []
    for number in range(size.built_rounds):
        # a full refresh would not do: it also compares the old table with the new one
        lake = LakeOfTrades(folder / f"built_{number}")
        lake.land(size.unified_large)
        in_one.append(_by_hand(lake, size))
        by_day.append(_by_hand(lake, size, day=", cast(trade_ts as date) as trade_day"))
        ours.append(lake.unify())
        if number + 1 < size.built_rounds:
            shutil.rmtree(lake.folder)
    yardsticks = {"the hand-written SELECT": (in_one, 0.85), "the same, written by day": (by_day, 0.85)}
    measurements = [
        Measurement(
            f"unify {_millions(size.unified_large)} from scratch, speed of {what}",
            median(hand / model for hand, (model, _) in zip(took, ours, strict=True)),
            bound,
            at_least=True,
            unit="x",
            detail=f"trades_unified {median(model for model, _ in ours):.1f} s against {median(took):.1f}; "
            f"the whole run {median(whole for _, whole in ours):.1f} s",
        )
        for what, (took, bound) in yardsticks.items()
    ]
    return measurements, lake


def _by_hand(lake: LakeOfTrades, size: Size, *, day: str = "") -> float:
    """The seconds that the SELECT takes; with `day`, a column of it, one file is written for each day."""
    to = lake.folder / "by_hand"
    sql = _BY_HAND.format(day=day, to=to, options=", partition_by (trade_day)" if day else "")
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")  # as in profiles.yml
        connection.execute("set memory_limit = $limit", {"limit": lake.context.settings.memory_limit})
        connection.execute("set temp_directory = $folder", {"folder": str(lake.folder / "spilled")})
        took = seconds(lambda: connection.execute(sql, {"raw_files": lake.raw_files}))
        files = [str(file) for file in to.glob("*/*.parquet")] or [str(to)]
        ((rows,),) = connection.execute("select count(*) from read_parquet($files)", {"files": files}).fetchall()
    expect("rows of the SELECT written by hand", rows, size.unified_large)
    shutil.rmtree(to) if to.is_dir() else to.unlink()
    return took
