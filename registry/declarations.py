"""The grammar of mappings, targets and lake.yaml. The `*_checks` modules check rules that span keys or files.

In a mapping, each key of `transforms` is a source column or a target column. The other optional keys are:

    columns      source columns with type and description. If given, every name and type is checked; if left out, the
                 raw table has the mapped columns, with the types of the target columns that they become. A flag that
                 a transform reads is a boolean.
    defaults     target column: the value to use if the mapped value is null.
    filters      source column: predicates, all of which must hold. Rows that violate one are rejected, with that
                 reason; for example cancelled orders: {state: {not_in: [cancelled]}}.
    versions     former formats. Each consists of the file's body, overridden by the version's own entries, and
                 applies to rows landed (`_source_ingest_ts`) before `until` (UTC, exclusive); oldest first.
    examples     a raw row and the unified row it must become. Columns left out are null in a raw row, and are not
                 compared in a unified one.

In a target, these keys of a column restrict its values; rows with other values are refused, with the reason:

    required           true refuses null and, in a double, also NaN and infinity
    accepted_values    the only values that are accepted
    min, max           the least and the greatest value of a double, a long or a timestamp, both inclusive
    above, below       the same, but exclusive: `above: 0` accepts 0.00001 but not 0
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from .column_types import TYPES, Scalar, timestamp_problem
from .names import identifier_problem, source_name_problem
from .problems import shown

LONGEST_TEXT = 2_000


def checked(problem_of: Callable[[str], str | None]) -> AfterValidator:
    """A validator that accepts text for which `problem_of` returns None."""

    def validate(text: str) -> str:
        if problem := problem_of(text):
            raise ValueError(problem)
        return text

    return AfterValidator(validate)


def _known_type(name: Any) -> Any:
    if isinstance(name, str) and name in TYPES:
        return name
    raise ValueError(f"{shown(name)} is unknown; use one of: {', '.join(TYPES)}")


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; say what it holds")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"has {len(text):,} characters; shorten it to {LONGEST_TEXT:,}")
    return text.strip()


def _scalar(value: Any) -> Scalar:
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise ValueError(f"has {len(value):,} characters; shorten it to {LONGEST_TEXT:,}")
    if isinstance(value, str | int | float | bool):
        return value
    raise ValueError(f"{shown(value)} is not text, a number, true or false")


Type = Annotated[str, BeforeValidator(_known_type), WithJsonSchema({"enum": list(TYPES)})]
Identifier = Annotated[str, checked(identifier_problem)]
SourceName = Annotated[str, checked(source_name_problem)]
Timestamp = Annotated[str, checked(timestamp_problem)]
Text = Annotated[str, AfterValidator(_not_blank)]
Value = Annotated[Any, AfterValidator(_scalar)]
Row = dict[SourceName, Any]


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class Column(Declaration):
    type: Type
    """The type of the column's values."""
    description: Text
    """What the column means, with its unit and time zone, for the dbt docs."""


class TargetColumn(Column):
    required: bool = False
    """True refuses a row whose value is null or, in a double, NaN or infinite."""
    default: Value | None = None
    """The value to use if a mapping gives none, or gives null."""
    accepted_values: list[Value] | None = Field(default=None, min_length=1)
    """The only values that the column may hold; a row with any other value is refused."""
    min: Value | None = None
    """The least value, inclusive; for a double, long or timestamp."""
    above: Value | None = None
    """The lower bound, exclusive: `above: 0` refuses 0 and accepts 0.00001."""
    max: Value | None = None
    """The greatest value, inclusive; for a double, long or timestamp."""
    below: Value | None = None
    """The upper bound, exclusive: every value must be less."""
    source: Identifier | None = Field(default=None, alias="from")
    """The provenance column that supplies the value if no mapping does."""


class EventTime(Declaration):
    column: Identifier
    """The timestamp column that says when the event happened."""
    earliest: Timestamp
    """The earliest accepted time, UTC; rows with earlier times are refused."""
    latest_days_after_landing: int = Field(ge=0)
    """How many days in the future an event may lie; rows with later times are refused.

    Days count from the landing of the row or from the start of the run that unifies it, whichever is later, because
    the clock of the machine that landed the row may be slow.
    """


class Rejected(Declaration):
    table: Identifier
    """The name of the view that lists the refused rows with their reasons."""
    description: Text
    """What the view holds, for the dbt docs."""


class Target(Declaration):
    """A unified table; of several rows with the same key, it keeps the first one in the order of `first_wins_by`."""

    target_table: Identifier
    """The name of the table; the file must have the same name."""
    description: Text
    """What the table holds and what one row represents, for the dbt docs."""
    columns: dict[Identifier, TargetColumn] = Field(min_length=1)
    """The columns in order, each with its type, its meaning and the values that it accepts."""
    key: list[Identifier] = Field(min_length=1)
    """The columns that together identify a row; all of them must be required."""
    partition_by: str = Field(pattern=r"^day\([a-z_][a-z0-9_]*\)$")
    """How the table is partitioned: `day(<timestamp column>)`."""
    event_time: EventTime
    """Which column says when an event happened, and which times are accepted."""
    first_wins_by: list[Identifier] = Field(min_length=1)
    """The columns to sort by when several new rows have the same key; the first row is kept."""
    rejected: Rejected
    """The view of the rows that the table refuses."""
    stored_marts: list[Identifier] = Field(default_factory=list)
    """Models in `dbt_project/models/marts/stored` that grow by the same loads; they contain every unified load."""

    @property
    def partition_column(self) -> str:
        return self.partition_by.removeprefix("day(").removesuffix(")")


class Predicate(Declaration):
    """The conditions on one source column. Of these, only `not_in` accepts null."""

    not_null: Literal[True] | None = None
    """True rejects null."""
    in_: list[Value] | None = Field(default=None, alias="in", min_length=1)
    """The only values that pass."""
    not_in: list[Value] | None = Field(default=None, min_length=1)
    """Values that don't pass; every other value does, including null."""
    min: Value | None = None
    """The least value that passes."""
    max: Value | None = None
    """The greatest value that passes."""

    @model_validator(mode="after")
    def _says_something(self) -> "Predicate":
        if not self.model_fields_set:
            raise ValueError("is empty; use one of: not_null, in, not_in, min, max")
        return self


class Format(Declaration):
    """How a raw row becomes a unified one; this is the part of a mapping that a version can override."""

    mappings: dict[SourceName, Identifier] = Field(default_factory=dict)
    """Source column: the target column that it becomes. A target column has at most one source column."""
    constants: dict[Identifier, Value] = Field(default_factory=dict)
    """Target column: the value that it has in every row of this source."""
    transforms: dict[SourceName, str] = Field(default_factory=dict)
    """Source or target column: the transform that converts the value. Required if the types differ."""
    defaults: dict[Identifier, Value] = Field(default_factory=dict)
    """Target column: the value to use if the mapped one is null; overrides the target's own default."""
    filters: dict[SourceName, Predicate] = Field(default_factory=dict)
    """Source column: conditions, all of which a row must meet. Other rows are rejected, with the reason."""


class Version(Format):
    until: Timestamp
    """The landing time at which this format ended, UTC, exclusive."""


class Example(Declaration):
    name: Text | None = None
    """What the example shows; used in the unit test's name."""
    raw: Row
    """A row as the source sends it; omitted columns are null."""
    unified: Row = Field(min_length=1)
    """The row that it must become; omitted columns aren't compared."""


class MappingFile(Format):
    source: Identifier
    """The name of the raw table."""
    target_table: Identifier
    """The unified table that the rows go into; a file in config/targets/ has the same name."""
    mappings: dict[SourceName, Identifier] = Field(min_length=1)
    """Source column: the target column that it becomes. A target column has at most one source column."""
    description: Text | None = None
    """What the raw table holds, for the dbt docs."""
    columns: dict[SourceName, Column] | None = Field(default=None, min_length=1)
    """The source's own columns. If given, every name and type is checked; if not, values are converted from text."""
    versions: list[Version] = Field(default_factory=list)
    """Former formats, oldest first; each is the file's body, overridden by the version's own entries."""
    examples: list[Example] = Field(default_factory=list)
    """Raw rows and the rows that they must become; each example is a dbt unit test."""


class LandingTable(Declaration):
    description: Text
    """What the table holds and what one row represents."""
    loaded_at: Identifier
    """The column that says when a row was written."""
    columns: dict[Identifier, Column]
    """The columns in order."""


class LakeFile(Declaration):
    provenance: dict[Identifier, Column]
    """The columns that every raw table has in addition to its source's own."""
    tables: dict[Identifier, LandingTable]
    """The tables that landing maintains in addition to the raw tables: the ledger."""
