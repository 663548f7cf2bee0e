"""Lines of CSV files as columns: as fast as pyarrow where a file is written as expected, and with care elsewhere."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from .files import MOST_EXAMPLES, Block, Part, Report

NOT_TEXT = "not text"

_ODD = (b" ", b"\t", b"+")
"""What pyarrow takes for a part of a number, and the REST channel does not."""
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_PLAIN = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")


@dataclass(frozen=True)
class Rows:
    """Lines that are rows: each as text, and all of them joined by line breaks."""

    text: bytes
    lines: pa.StringArray
    numbers: Sequence[int] | pa.Int64Array
    """The number of each line in the file, from 1."""

    @classmethod
    def of_block(cls, block: Block, *, skipped: int = 0) -> "Rows":
        """The lines of a block, without the first `skipped`."""
        text = block.text.split(b"\n", skipped)[skipped] if len(block.lines) > skipped else b""
        return cls(text, block.lines[skipped:], range(block.first + skipped, block.first + len(block.lines)))

    def only(self, wanted: pa.BooleanArray, report: Report, name: str, reason: str) -> "Rows":
        """The lines that are `wanted`; the others are counted in `report`, some of them as examples.

        `name` is the file's. Lines that are not text are not wanted.
        """
        not_text = pc.is_null(self.lines)
        wanted = pc.and_not(wanted.fill_null(False), not_text)
        if pc.all(wanted).as_py():
            return self
        report.skip(NOT_TEXT, self.lines.null_count)
        report.skip(reason, len(wanted) - (pc.sum(wanted).as_py() or 0) - self.lines.null_count)
        numbers = pa.array(self.numbers, pa.int64())
        for index in pc.indices_nonzero(pc.invert(wanted)).slice(0, MOST_EXAMPLES).to_pylist():
            line = self.lines[index].as_py()
            report.show(f"{name}:{numbers[index]}", NOT_TEXT if line is None else reason, line or "")
        lines = self.lines.filter(wanted)
        return Rows(_joined(lines), lines, numbers.filter(wanted))


def _joined(lines: pa.StringArray) -> bytes:
    if not len(lines):
        return b""
    listed = pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines)
    text: bytes = pc.binary_join(listed, "\n")[0].as_buffer().to_pybytes()
    return text


def first_numbers(part: Part) -> Iterator[pa.Array]:
    """The whole number at the beginning of each line of a CSV file, read fast, to see whether these numbers rise.

    Lines that begin in another way are left out.
    """
    for block in part.blocks():
        lines = block.lines.drop_null()
        widths = pc.unique(pc.find_substring(lines, ","))
        if len(widths) == 1:
            texts = pc.utf8_slice_codeunits(lines, 0, max(widths[0].as_py(), 0))
        else:
            texts = pc.replace_substring_regex(lines, ",.*", "")
        yield _whole_numbers(texts)


def _whole_numbers(texts: pa.StringArray) -> pa.Int64Array:
    try:
        return texts.cast(pa.int64())
    except pa.ArrowInvalid:
        pass
    try:
        return texts.filter(pc.match_substring_regex(texts, "^[0-9]{1,19}$")).cast(pa.int64())
    except pa.ArrowInvalid:  # one has more than 63 bits
        return pa.array([1, 0])


def csv_columns(rows: Rows, types: Mapping[str, pa.DataType]) -> dict[str, pa.Array] | None:
    """The columns of rows without quotes, by name; None if a row has other columns, or a value isn't of its type.

    An empty value is null, but not in the first column. Flags are spelt true or false in small or capital letters.
    """
    if rows.lines.null_count or any(odd in rows.text for odd in _ODD):
        return None
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(rows.text),
            read_options=pyarrow.csv.ReadOptions(column_names=list(types), block_size=2**20),
            parse_options=pyarrow.csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
                true_values=["true", "True", "TRUE"],
                false_values=["false", "False", "FALSE"],
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != len(rows.lines) or table[0].null_count:  # pyarrow reads an empty line as nulls
        return None
    return {name: table[name].combine_chunks() for name in types}


def whole_number(text: str | None) -> int | None:
    """A whole number of at most 63 bits and a sign, from its digits; None for anything else."""
    return found if text and _WHOLE.fullmatch(text) and abs(found := int(text)) < 2**63 else None


def number(text: str | None) -> float | None:
    """A number as over REST, or None; `.5` and `5.` are numbers too, because pyarrow reads them so."""
    if text is not None and _PLAIN.fullmatch(text):
        return float(text)
    try:
        return msgspec.convert(text, float, strict=False)
    except msgspec.ValidationError:
        return None


def are_finite(values: pa.Array) -> bool:
    """Whether no number is infinite or not a number; null is neither."""
    return pc.all(pc.is_finite(values)).as_py() is not False
