"""The grammar of mappings, targets and lake.yaml. What spans keys or files is checked by the `*_checks` modules.

In a mapping, keys of `transforms` name the source or the target column; the other optional keys are:

    columns      source columns with type and description. Where they are given, every name and type is checked; where
                 they are left out, the raw table has the mapped columns, with the types of those they become;
                 a flag that a transform reads is a boolean.
    defaults     target column: value, used where the mapped value is null.
    filters      source column: predicates. Rows that break one are rejected, with that reason; for example cancelled
                 orders: {state: {not_in: [cancelled]}}. All predicates must hold.
    versions     formats that ended: each is the file's body with its own entries laid over, and is in force for
                 rows that landed (`_source_ingest_ts`) before `until`, UTC, exclusive; later ones follow.
    examples     a raw row and the unified row it must become; columns left out are null, or aren't compared.

In a target, a column says what its values must be; rows that hold others are refused, with the reason:

    required           true: null is refused, and in a double also NaN and infinity
    accepted_values    the only values there are
    min, max           the least and the greatest value, of a double, a long or a timestamp; themselves allowed
    above, below       the same, and themselves refused: `above: 0` takes 0.00001 but not 0
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from .column_types import TYPES, Scalar, timestamp_problem
from .names import identifier_problem, source_name_problem
from .problems import shown

LONGEST_TEXT = 2_000


def checked(problem_of: Callable[[str], str | None]) -> AfterValidator:
    """Text that `problem_of` has nothing against."""

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
    raise ValueError(f"{shown(value)} is no text, number, true or false")


Type = Annotated[str, BeforeValidator(_known_type), WithJsonSchema({"enum": list(TYPES)})]
Identifier = Annotated[str, checked(identifier_problem)]
SourceName = Annotated[str, checked(source_name_problem)]
Timestamp = Annotated[str, checked(timestamp_problem)]
Text = Annotated[str, AfterValidator(_not_blank)]
Value = Annotated[Any, AfterValidator(_scalar)]
Row = dict[SourceName, Any]


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, use_attribute_docstrings=True)


class Column(Declaration):
    type: Type
    """The type of the column's values."""
    description: Text
    """What the column means, with its unit and time zone, for the dbt docs."""


class TargetColumn(Column):
    required: bool = False
    """True refuses a row whose value is null or, in a double, NaN or infinite."""
    default: Value | None = None
    """The value where a mapping gives none or gives null."""
    accepted_values: list[Value] | None = Field(default=None, min_length=1)
    """The only values that the column may hold; a row with another one is refused."""
    min: Value | None = None
    """The least value, itself allowed; for a double, long or timestamp."""
    above: Value | None = None
    """A bound that every value must exceed: `above: 0` refuses 0 and takes 0.00001."""
    max: Value | None = None
    """The greatest value, itself allowed; for a double, long or timestamp."""
    below: Value | None = None
    """A bound that every value must stay under, itself refused."""
    source: Identifier | None = Field(default=None, alias="from")
    """The provenance column that gives the value where no mapping does."""


class EventTime(Declaration):
    column: Identifier
    """The timestamp column that says when the thing happened."""
    earliest: Timestamp
    """The first moment that is believed, UTC; rows from before are refused."""
    latest_days_after_landing: int = Field(ge=0)
    """How far in the future an event may lie; rows beyond are refused.

    Days count from the landing of the row or from the start of the run that unifies, whichever is later, because the
    clock of the machine that landed it may be slow.
    """


class Rejected(Declaration):
    table: Identifier
    """The view that lists the refused rows with their reasons."""
    description: Text
    """What that view holds, for the dbt docs."""


class Target(Declaration):
    """A unified table; the first row landed of a key wins, in the order of `first_wins_by`."""

    target_table: Identifier
    """The name of the table; the file must be named after it."""
    description: Text
    """What the table holds and what one row of it is, for the dbt docs."""
    columns: dict[Identifier, TargetColumn] = Field(min_length=1)
    """The columns in their order, each with its type, its meaning and the values that it accepts."""
    key: list[Identifier] = Field(min_length=1)
    """The columns that together identify a row; all of them must be required."""
    partition_by: str = Field(pattern=r"^day\([a-z_][a-z0-9_]*\)$")
    """How the table is partitioned: `day(<timestamp column>)`."""
    event_time: EventTime
    """Which column says when an event happened, and which times are believed."""
    first_wins_by: list[Identifier] = Field(min_length=1)
    """The order that decides which row of a key is kept when several are new at once: the first one."""
    rejected: Rejected
    """The view of the rows that the table refuses."""
    stored_marts: list[Identifier] = Field(default_factory=list)
    """Models in `dbt_project/models/marts/stored` that grow by the same loads; a unified load is in them too."""

    @property
    def partition_column(self) -> str:
        return self.partition_by.removeprefix("day(").removesuffix(")")


class Predicate(Declaration):
    """What must hold of one source column. A null passes `not_in` alone."""

    not_null: Literal[True] | None = None
    """True rejects null."""
    in_: list[Value] | None = Field(default=None, alias="in", min_length=1)
    """The only values that pass."""
    not_in: list[Value] | None = Field(default=None, min_length=1)
    """Values that don't pass; every other one does, null included."""
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
    """How a raw row becomes a unified one; the part of a mapping that a version can replace."""

    mappings: dict[SourceName, Identifier] = Field(default_factory=dict)
    """Source column: the target column that it becomes. Each target column has at most one source."""
    constants: dict[Identifier, Value] = Field(default_factory=dict)
    """Target column: the one value that it has in every row of this source."""
    transforms: dict[SourceName, str] = Field(default_factory=dict)
    """Source or target column: the transform that converts the value. Needed where the types differ."""
    defaults: dict[Identifier, Value] = Field(default_factory=dict)
    """Target column: the value where the mapped one is null; goes before the target's own default."""
    filters: dict[SourceName, Predicate] = Field(default_factory=dict)
    """Source column: conditions that a row must meet, all of them. Rows that don't are rejected, with that reason."""


class Version(Format):
    until: Timestamp
    """The landing time at which this format ended, UTC, itself no longer included."""


class Example(Declaration):
    name: Text | None = None
    """What the example shows; part of the unit test's name."""
    raw: Row
    """A row as the source sends it; columns that are left out are null."""
    unified: Row = Field(min_length=1)
    """The row that it must become; columns that are left out aren't compared."""


class Mapping(Format):
    source: Identifier
    """The raw table."""
    target_table: Identifier
    """The unified table that the rows go into: the name of a file in config/targets/."""
    mappings: dict[SourceName, Identifier] = Field(min_length=1)
    """Source column: the target column that it becomes. Each target column has at most one source."""
    description: Text | None = None
    """What the raw table holds, for the dbt docs."""
    columns: dict[SourceName, Column] | None = Field(default=None, min_length=1)
    """The source's own columns. With them, every name and type is checked; without, values are converted from text."""
    versions: list[Version] = Field(default_factory=list)
    """Formats that ended, oldest first; each is the file's body with its own entries laid over."""
    examples: list[Example] = Field(default_factory=list)
    """Raw rows and the rows that they must become; each is a dbt unit test."""


class LakeTable(Declaration):
    description: Text
    """What the table holds and what one row of it is."""
    loaded_at: Identifier
    """The column that says when a row was written."""
    columns: dict[Identifier, Column]
    """The columns in their order."""


class LakeFile(Declaration):
    provenance: dict[Identifier, Column]
    """The columns that every raw table has besides its source's own."""
    tables: dict[Identifier, LakeTable]
    """The tables that landing keeps besides the raw ones: the ledger."""
