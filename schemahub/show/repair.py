"""Shows what `schemahub repair` found."""

from collections.abc import Iterator

from ..runs.repair import Repair


def repair_lines(repair: Repair) -> Iterator[str]:
    """One line for each finding, and one for what was done or would be done."""
    yield from map(str, repair.findings)
    if not repair.findings:
        yield "every table is complete, and the ledger matches the raw tables"
    elif not repair.applied:
        yield "nothing was changed; `schemahub repair --apply` does this"
    elif not repair.by_hand:
        yield "done; now run `schemahub run pipeline trades_unified`"
