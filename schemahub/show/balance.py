"""Shows the balance at the end of a run. Pure.

raw_binance_trades   450 read = 270 inserted + 175 already there + 5 rejected
"""

from collections.abc import Iterator

from ..runs.balance import Balance
from ..runs.unify import Unified


def balance_lines(unified: Unified, target: str) -> Iterator[str]:
    """The balance of each raw table, and one line for each thing that needs attention."""
    if unified.is_unchanged:
        yield f"balance       nothing has changed since the last run, so dbt was not started; {target} is unchanged"
    elif not unified.balances:
        yield f"balance       nothing was pending, so nothing was read, and {target} is unchanged"
    else:
        yield f"balance       of what was read for {target}, in rows"
    for balance in unified.balances:
        yield f"  {balance_line(balance)}"
        if balance.rejected:
            yield f"    rejected: {rejections(balance)}"
    if unified.inserted_before:
        yield f"  {unified.inserted_before:,} of the inserted rows were inserted by an earlier run that did not finish"
    yield from (f"warning       {remark}" for remark in unified.remarks)


def balance_line(balance: Balance) -> str:
    """What was read of a raw table, and what became of it."""
    parts = [f"{balance.rejected:,} rejected"]
    if balance.inserted is not None and balance.known is not None:
        parts = [f"{balance.inserted:,} inserted", f"{balance.known:,} already there", *parts]
    return f"{balance.raw_table:<20} {balance.read:,} read = {' + '.join(parts)}"


def rejections(balance: Balance) -> str:
    """Why rows of a raw table were rejected, in one line."""
    return ", ".join(f"{count:,} {reason}" for reason, count in balance.reasons.items())
