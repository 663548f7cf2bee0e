"""Recorded response bodies as tapes: `<folder>/<exchange>/<product>/*.json`, each file one body of the trades endpoint.

Rows keep their exact text (`1385579841.7774`, `"1125.33000000"`), so a page made of them has the bytes that the
exchange sent. Bodies may overlap: a trade with an id is served once. Rows without an id (Kraken before 2022) can't be
told apart, so such bodies must not overlap.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from simulator.exchanges.tape import Rows, Tape

Body = list["RecordedRow"]


@dataclass(frozen=True)
class RecordedRow:
    """One row of a recorded body: its exact text, and what the exchange pages by."""

    text: bytes
    time_ns: int
    id: int | None


def read_recordings(folder: Path, read_body: Callable[[bytes], Body]) -> list[RecordedRow]:
    """Read every body of one product, oldest trade first.

    Raises:
        ValueError: the folder has no body of the exchange's trades endpoint, or a file is not one, which is named.
    """
    bodies = [body for path in sorted(folder.glob("*.json")) if (body := _read_file(path, read_body))]
    if not bodies:
        raise ValueError(f"{folder}: expected at least one *.json file with trades, found none")
    return _merge(sorted(bodies, key=lambda body: body[0].time_ns))


def recorded_tape(product: str, symbol: str, rows: Sequence[RecordedRow]) -> Tape:
    """A tape of recorded rows. A row without an id gets its position as its id."""
    return Tape(
        product=product,
        symbol=symbol,
        ids=[position if row.id is None else row.id for position, row in enumerate(rows)],
        times_ns=[row.time_ns for row in rows],
        rows=Rows(len(rows), lambda index: rows[index].text),
    )


def product_folders(folder: Path, exchanges: Iterable[str]) -> dict[str, list[Path]]:
    """The product folders of each exchange; raises ValueError if a folder is of none of them, or if there is none."""
    known = sorted(exchanges)
    strangers = [entry.name for entry in folder.glob("*/") if entry.name not in known]
    if strangers or not folder.is_dir():
        found = f"found {', '.join(sorted(strangers))}" if strangers else "found no folder"
        raise ValueError(
            f"{folder}: expected <exchange>/<product>/*.json with <exchange> one of {', '.join(known)}; {found}"
        )
    products = {exchange: sorted(entry for entry in folder.glob(f"{exchange}/*/")) for exchange in known}
    if not any(products.values()):
        raise ValueError(f"{folder}: expected <exchange>/<product>/*.json, found no product folder")
    return products


def _read_file(path: Path, read_body: Callable[[bytes], Body]) -> Body:
    try:
        return read_body(path.read_bytes())
    except (msgspec.MsgspecError, ValueError, LookupError, TypeError) as error:
        raise ValueError(f"{path}: expected one response body of the exchange's trades endpoint: {error}") from error


def _merge(bodies: Iterable[Body]) -> list[RecordedRow]:
    rows = [row for body in bodies for row in body]
    if any(row.id is None for row in rows):
        return rows
    # If two bodies have the same row, the earlier body's counts: Kraken gives the exact time of the last row in a body.
    return sorted({row.id: row for row in reversed(rows)}.values(), key=lambda row: row.id or 0)
