"""How much each benchmark measures: the only place that has sizes."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Size:
    """The numbers of rows, rounds and loops of every benchmark. A benchmark knows no other."""

    name: str
    is_judged: bool
    """Whether a figure outside its bound makes the run fail. If not, only a wrong result does."""
    parsed_loops: int
    parsed_rounds: int
    streamed_messages: int
    """The messages of each exchange's stream."""
    streamed_rounds: int
    landed_rows: int
    """A multiple of 200,000, which is the size of the yardstick's row groups."""
    landed_rounds: int
    warm_loads: int
    stock_rounds: int
    """The rounds of landing through dlt's own destination."""
    backfilled_rows: int
    """The trades that are backfilled; thousands."""
    backfilled_by_ccxt: int
    """Those of them that ccxt parses."""
    backfilled_rounds: int
    imported_rows: int
    """The rows of a bulk file."""
    imported_rounds: int
    live_seconds: int
    """How long messages are sent to `live`."""
    watched_seconds: int
    """How long clients watch the live page."""
    replayed_trades: int
    """The trades of the day that is replayed."""
    seeks: int
    """How often another moment of that day is opened."""
    unified_small: int
    """The rows of the smaller of two unified tables; `unified_large` are those of the other."""
    unified_large: int
    new_rows: int
    """The rows that are landed and unified at once."""
    unified_rounds: int
    built_rounds: int
    """How often the larger unified table is built from nothing, each time in another lake."""
    loads: int
    """The loads that are landed one after the other."""
    few_loads: int
    """The number of loads with which `loads` are compared."""
    compared_loads: int
    """The loads of which a mean is taken: as many as there are between two cleanups, each slightly more expensive than
    the one before."""
    symbols: int
    few_symbols: int
    many_symbols: int
    """The symbols that a table holds, against one that holds `symbols`."""
    held_loads: int
    """The loads that are landed one after the other where `symbols` are held."""
    early_load: int
    """The first of those loads that the last of them are compared with."""
    queried_rows: int
    """The rows of the lake on which commands are run."""
    command_rounds: int
    pipeline_trades: int
    """The trades of all simulated exchanges together, of which each round of the pipeline gets a fiftieth."""


NORMAL = Size(
    name="normal",
    is_judged=True,
    parsed_loops=200,
    parsed_rounds=15,
    streamed_messages=70_000,
    streamed_rounds=9,
    landed_rows=5_000_000,
    landed_rounds=3,
    warm_loads=10,
    stock_rounds=3,
    backfilled_rows=5_000_000,
    backfilled_by_ccxt=500_000,
    backfilled_rounds=3,
    imported_rows=5_000_000,
    imported_rounds=3,
    live_seconds=60,
    watched_seconds=20,
    replayed_trades=5_000_000,
    seeks=40,
    unified_small=1_000_000,
    unified_large=10_000_000,
    new_rows=200_000,
    unified_rounds=5,
    built_rounds=3,
    loads=2_000,
    few_loads=100,
    compared_loads=50,
    symbols=2_000,
    few_symbols=20,
    many_symbols=20_000,
    held_loads=1_000,
    early_load=10,
    queried_rows=1_000_000,
    command_rounds=5,
    pipeline_trades=60_000,
)
SMALL = Size(
    name="small",
    is_judged=False,
    parsed_loops=2,
    parsed_rounds=2,
    streamed_messages=3_500,
    streamed_rounds=2,
    landed_rows=200_000,
    landed_rounds=1,
    warm_loads=2,
    stock_rounds=1,
    backfilled_rows=100_000,
    backfilled_by_ccxt=10_000,
    backfilled_rounds=1,
    imported_rows=100_000,
    imported_rounds=1,
    live_seconds=2,
    watched_seconds=2,
    replayed_trades=100_000,
    seeks=3,
    unified_small=20_000,
    unified_large=40_000,
    new_rows=10_000,
    unified_rounds=1,
    built_rounds=1,
    loads=40,
    few_loads=10,
    compared_loads=5,
    symbols=100,
    few_symbols=10,
    many_symbols=500,
    held_loads=20,
    early_load=5,
    queried_rows=50_000,
    command_rounds=1,
    pipeline_trades=6_000,
)
LARGE = replace(
    NORMAL,
    name="large",
    backfilled_rows=20_000_000,
    backfilled_rounds=1,
    unified_large=50_000_000,
    built_rounds=1,
    queried_rows=11_000_000,
)
SIZES = {size.name: size for size in (SMALL, NORMAL, LARGE)}
