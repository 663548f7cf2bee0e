"""Files as people have them, and what their readers make of them."""

import gzip
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import settings

from loaders.channels.files import LIMITS, Limits, Report
from loaders.file_formats import formats
from tests.support.connectors import CONNECTORS

TINY = Limits(block_bytes=64, line_bytes=2_000)
"""Limits with which every file has many blocks."""


patient = settings(deadline=None, max_examples=60)
"""For tests with random files: a machine that does something else takes longer, and many blocks take long anyway."""


@dataclass(frozen=True)
class Read:
    """All streams of a file; rows are in the order in which they came."""

    rows: dict[str, list[dict[str, Any]]]
    reports: dict[str, Report]

    @property
    def only(self) -> list[dict[str, Any]]:
        """The rows of the file's one stream."""
        (rows,) = self.rows.values()
        return rows

    @property
    def report(self) -> Report:
        (report,) = self.reports.values()
        return report


def read(format_name: str, path: Path, stream: str | None = None, limits: Limits = LIMITS) -> Read:
    """Read a file to its end, and check that every batch has the schema of the raw table and some rows."""
    found = formats()[format_name]
    raw = CONNECTORS[found.exchange].raw
    rows: dict[str, list[dict[str, Any]]] = {}
    reports: dict[str, Report] = {}
    for each in found.format.read(path, raw, stream, limits=limits):
        reports[each.stream] = each.report
        rows[each.stream] = []
        for batch in each.batches:
            assert batch.schema == raw.page_schema
            assert batch.num_rows
            batch.validate(full=True)
            rows[each.stream] += batch.to_pylist()
        assert each.report.rows == len(rows[each.stream])
    return Read(rows, reports)


def zipped(path: Path, *members: tuple[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def written(path: Path, lines: Sequence[str] | str | bytes) -> Path:
    """Write lines, or a whole content; compressed if the name says so."""
    content = lines if isinstance(lines, str | bytes) else "".join(f"{line}\n" for line in lines)
    content = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path
