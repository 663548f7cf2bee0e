"""The grammar of mappings, targets and lake.yaml. What spans keys or files is checked by the `*_checks` modules.

In a mapping, keys of `transforms` name the source or the target column; the other optional keys are:

    columns      source columns with type and description. Where they are given, every name and type is checked; where
                 they are left out, the raw table has the mapped columns, with the types of those they become.
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
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class Column(Declaration):
    type: Type
    description: Text


class TargetColumn(Column):
    required: bool = False
    default: Value | None = None
    accepted_values: list[Value] | None = Field(default=None, min_length=1)
    min: Value | None = None
    above: Value | None = None
    max: Value | None = None
    below: Value | None = None
    source: Identifier | None = Field(default=None, alias="from")
    """The provenance column that gives it where no mapping does."""


class EventTime(Declaration):
    column: Identifier
    earliest: Timestamp
    latest_days_after_landing: int = Field(ge=0)
    """After the landing or, where that is later, the start of the run that unifies: the landing's clock may be slow."""


class Rejected(Declaration):
    table: Identifier
    description: Text


class Target(Declaration):
    """A unified table; the first row landed of a key wins, in the order of `first_wins_by`."""

    target_table: Identifier
    description: Text
    columns: dict[Identifier, TargetColumn] = Field(min_length=1)
    key: list[Identifier] = Field(min_length=1)
    partition_by: str = Field(pattern=r"^day\([a-z_][a-z0-9_]*\)$")
    event_time: EventTime
    first_wins_by: list[Identifier] = Field(min_length=1)
    rejected: Rejected
    stored_marts: list[Identifier] = Field(default_factory=list)
    """Models of `dbt_project/models/marts/stored` that grow by the same loads; a recorded load is in them too."""

    @property
    def partition_column(self) -> str:
        return self.partition_by.removeprefix("day(").removesuffix(")")


class Predicate(Declaration):
    """What must hold of one source column. A null passes `not_in` alone."""

    not_null: Literal[True] | None = None
    in_: list[Value] | None = Field(default=None, alias="in", min_length=1)
    not_in: list[Value] | None = Field(default=None, min_length=1)
    min: Value | None = None
    """Inclusive, as is `max`."""
    max: Value | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Predicate":
        if not self.model_fields_set:
            raise ValueError("is empty; use one of: not_null, in, not_in, min, max")
        return self


class Format(Declaration):
    """How a raw row becomes a unified one; the part of a mapping that a version can replace."""

    mappings: dict[SourceName, Identifier] = Field(default_factory=dict)
    constants: dict[Identifier, Value] = Field(default_factory=dict)
    transforms: dict[SourceName, str] = Field(default_factory=dict)
    defaults: dict[Identifier, Value] = Field(default_factory=dict)
    filters: dict[SourceName, Predicate] = Field(default_factory=dict)


class Version(Format):
    until: Timestamp


class Example(Declaration):
    name: Text | None = None
    raw: Row
    unified: Row = Field(min_length=1)


class Mapping(Format):
    source: Identifier
    target_table: Identifier
    mappings: dict[SourceName, Identifier] = Field(min_length=1)
    description: Text | None = None
    columns: dict[SourceName, Column] | None = Field(default=None, min_length=1)
    versions: list[Version] = Field(default_factory=list)
    examples: list[Example] = Field(default_factory=list)


class LakeTable(Declaration):
    description: Text
    loaded_at: Identifier
    columns: dict[Identifier, Column]


class LakeFile(Declaration):
    provenance: dict[Identifier, Column]
    tables: dict[Identifier, LakeTable]
