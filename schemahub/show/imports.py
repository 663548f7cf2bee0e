"""What `schemahub import` prints: one line for each file, and a total."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakehouse.printable import printable

if TYPE_CHECKING:
    from loaders.landing.take_over import TakenOver

    from ..runs.import_files import FileOutcome

MOST_LINES = 10
"""The number of lines of one kind that are printed; others are only counted."""
_MOST_EXAMPLES = 3


@dataclass
class ImportLines:
    """Lines about files as they are taken over."""

    files: int = 0
    landed: int = 0
    known: int = 0
    failed: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    """One line for each error, up to a number, and a last one that counts the others."""
    unlisted: dict[str, list[str]] = field(default_factory=dict)

    def of(self, outcome: "FileOutcome") -> Iterator[str]:
        """The lines about a file; an error is kept for the end, in `problems`."""
        name = printable(outcome.name, 120)
        if outcome.error is not None:
            self.failed += 1
            if self.failed <= MOST_LINES:
                self.problems.append(str(outcome.error))
            yield f"  {name}: ✗ not taken over"
        elif outcome.taken is None:
            why = outcome.left_out or ""
            self.left_out[why] += 1
            if self.left_out[why] <= MOST_LINES:
                yield f"  {name}: - {why}"
        else:
            self.files += 1
            self.landed += outcome.taken.row_count
            self.known += outcome.taken.known
            self._note_unlisted(outcome)
            yield f"  {name}: ✓ {_result(outcome.taken, outcome.exchange or '')}"
            yield from (f"    {example}" for example in outcome.taken.examples[:_MOST_EXAMPLES])

    def _note_unlisted(self, outcome: "FileOutcome") -> None:
        symbols = self.unlisted.setdefault(outcome.exchange or "", [])
        symbols += [each for each in outcome.unlisted if each not in symbols]

    def end(self) -> Iterator[str]:
        """The lines after the last file."""
        for why, count in self.left_out.items():
            if count > MOST_LINES:
                yield f"  {count - MOST_LINES:,} more: - {why}"
        for exchange, symbols in self.unlisted.items():
            if symbols:
                more = f" and {len(symbols) - MOST_LINES:,} more" if len(symbols) > MOST_LINES else ""
                yield (
                    f"  warning: config/products/{exchange}.yaml lacks {', '.join(symbols[:MOST_LINES])}{more}, so "
                    f"their trades have no canonical symbol; run `schemahub update-products {exchange}`"
                )
        files = f"{self.files:,} file{'' if self.files == 1 else 's'}"
        yield f"total: {files} taken over, {self.landed:,} trades landed, {self.known:,} known already"
        if self.failed > MOST_LINES:
            self.problems.append(f"{self.failed - MOST_LINES:,} more files were not taken over")


def _result(taken: "TakenOver", exchange: str) -> str:
    more = f" and {len(taken.streams) - 1:,} more" if len(taken.streams) > 1 else ""
    what = f"of {exchange} {printable(', '.join(taken.streams[:1]), 60)}{more}"
    parts = [f"{taken.row_count:,} trades {what} landed" if taken.row_count else f"nothing new {what}"]
    if taken.known:
        parts.append(f"{taken.known:,} known already")
    if taken.different:
        parts.append(f"{taken.different:,} of these are held with other values, and stay as they are")
    if taken.elsewhere:
        parts.append(f"{taken.elsewhere:,} left out because the API covers their seconds")
    if taken.skipped:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in taken.skipped.most_common(MOST_LINES))
        parts.append(f"skipped {reasons}")
    return "; ".join(parts)
