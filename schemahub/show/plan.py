"""A plan, and what came of it, as a person reads them, in a cron mail too: 80 columns suffice. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from rich.table import Table
from rich.text import Text

from advisor.files import Reads
from advisor.plan import Plan
from advisor.scanned import Scanned
from advisor.statement import Statement
from lakehouse.lake import Engine
from lakehouse.pending import nothing_landed

from ..runs.cost import Bill

_Sent = TypeVar("_Sent", Statement, Scanned)

_UNITS = ("bytes", "KB", "MB", "GB", "TB")

_LEGEND = """\
times    UTC; days are those that are touched, "all" where a time isn't known
bytes    of the columns that are named, and of files of up to 3 MB all, as
         Athena's engine reads them
at most  of whole files
~        of what the run makes first, taken to be as much as is read for it
price    what Athena {takes}: 5 $/TB, and 10 MB at least for a statement"""


def shown_bytes(count: int) -> str:
    """As Athena's console counts them: 1 KB is 1024 bytes."""
    if not count:
        return "-"
    size = float(count)
    for unit in _UNITS[:-1]:
        if round(size) < 1024:
            return f"{size:.1f} {unit}" if size < 10 and unit != _UNITS[0] else f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"


def shown_dollars(amount: float) -> str:
    """With as many digits as a statement of 10 MB needs."""
    if amount >= 1:
        return f"${amount:,.2f}"
    return f"${amount:.5f}" if amount < 0.1 else f"${amount:.3f}"


def plan_report(plan: Plan, location: str, *, engine: Engine) -> Iterator[Table | Text]:
    """What waits, what is read, and the price; in a sentence where there is little to say."""
    takes = "takes" if engine == "athena" else "would take"
    if not plan.statements:
        yield Text(nothing_landed(location))
    elif not plan.pending:
        count = sum(statement.count for statement in plan.statements)
        yield Text(
            f"nothing waits to be unified in {location}: a run reads no trades, and Athena {takes} "
            f"{shown_dollars(plan.dollars)} for its {count} small statements"
        )
    else:
        yield _pending_table(plan)
        yield Text()
        yield _statement_table(plan)
        yield Text()
        yield Text(_LEGEND.format(takes=takes))


def _pending_table(plan: Plan) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    table.add_column("waits to be unified", no_wrap=True)
    for name in ("loads", "rows"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("first trade", "last trade"):
        table.add_column(name, no_wrap=True)
    table.add_column("days", justify="right", no_wrap=True)
    for each in plan.pending:
        days = "all" if each.days is None else f"{each.days:,}"
        first, last = _time(each.first_trade_at), _time(each.last_trade_at)
        table.add_row(each.raw_table, f"{each.loads:,}", f"{each.rows:,}", first, last, days)
    return table


def _statement_table(plan: Plan) -> Table:
    """A line for each statement, and below it one for each table that it reads."""
    table = Table(box=None, pad_edge=False, show_footer=True)
    table.add_column("statement", "total", no_wrap=True)
    of_all = _sizes([read for statement in plan.statements for read in statement.reads.values()])
    for name, total in zip(("files", "bytes", "at most"), of_all, strict=True):
        table.add_column(name, total, justify="right", no_wrap=True)
    table.add_column("price", shown_dollars(plan.dollars), justify="right", no_wrap=True)
    for statement in plan.statements:
        name = _name(statement.node, statement.kind, statement.count)
        table.add_row(name, "", "", "", shown_dollars(statement.dollars))
        for table_name, read in statement.reads.items():
            table.add_row(f"  {table_name}", *_sizes([read]))
    return table


def _sizes(found: Sequence[Reads]) -> tuple[str, str, str]:
    total = sum(found, Reads())
    about = "~" if any(read.is_estimate for read in found) else ""
    files = f"{len(total.files):,}" if total.files else "-"
    return files, about + shown_bytes(total.bytes), about + shown_bytes(total.bytes_of_files)


def cost_report(paid: Bill | str | None) -> Iterator[Table | str]:
    """What a run on Athena has cost, beside its plan; nothing where it sent no statement."""
    if isinstance(paid, Bill):
        yield side_by_side(paid.plan, paid.scanned)
    elif paid:
        yield paid


def side_by_side(plan: Plan, found: Sequence[Scanned]) -> Table:
    """What was planned, and what Athena says it has read."""
    table = Table(box=None, pad_edge=False, show_footer=True)
    table.add_column("statement", "total", no_wrap=True)
    of_all = _before_and_after(plan.statements, found)
    for name, total in zip(("planned", "scanned", "planned $", "Athena takes"), of_all, strict=True):
        table.add_column(name, total, justify="right", no_wrap=True)
    planned, scanned = _by_kind(plan.statements), _by_kind(found)
    for node, kind in dict.fromkeys([*planned, *scanned]):
        before, after = planned.get((node, kind), []), scanned.get((node, kind), [])
        count = sum(each.count for each in after or before)
        table.add_row(_name(node, kind, count), *_before_and_after(before, after))
    return table


def _by_kind(statements: Iterable[_Sent]) -> dict[tuple[str, str], list[_Sent]]:
    found: dict[tuple[str, str], list[_Sent]] = defaultdict(list)
    for each in statements:
        found[each.node, each.kind].append(each)
    return found


def _before_and_after(before: Sequence[Statement], after: Sequence[Scanned]) -> tuple[str, str, str, str]:
    return (
        shown_bytes(sum(each.total.bytes for each in before)),
        shown_bytes(sum(each.bytes for each in after)),
        shown_dollars(sum(each.dollars for each in before)) if before else "-",
        shown_dollars(sum(each.dollars for each in after)) if after else "-",
    )


def _name(node: str, kind: str, count: int) -> str:
    return f"{node} {kind} x{count}" if count > 1 else f"{node} {kind}"


def _time(moment: datetime | None) -> str:
    return "unknown" if moment is None else moment.isoformat(sep=" ", timespec="minutes")
