"""The mapping registry: every file of `config/`, read at once and checked as a whole.

    config/lake.yaml               what every raw table has besides the venue's columns; the ledger
    config/targets/<table>.yaml    unified tables as data
    config/mappings/*.yaml         how an exchange's raw table becomes rows of a target
    config/products/*.yaml         symbols of the venues and what they mean

`declarations` has the grammar. All mistakes of all files are reported together:

    config/mappings/kraken_trades.yaml: transforms.time: unknown transform `from_millis`; did you mean `from_ms`? …
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from . import declarations
from .bounds import bound_problems
from .declarations import Declaration
from .formats import RowFormat, row_formats, value_problem
from .problems import RegistryError, choices, shown
from .read_config import read_config
from .sql_text import parse_timestamp

__all__ = ["Mapping", "Product", "Registry", "RegistryError", "load_registry"]

PROJECT = Path(__file__).resolve().parents[1]

_SOURCE_NAME = re.compile(r"raw_(?P<exchange>[a-z][a-z0-9_]*)_(?P<entity>[a-z][a-z0-9]*)\Z")

_FILE_STEM = re.compile(r"[A-Za-z0-9_-]+\Z")
"""The generated files name the file that they come from, so its name must not say anything in SQL or to dbt."""

File = TypeVar("File", bound=Declaration)


@dataclass(frozen=True)
class Product:
    """What a venue's symbol means; `exchange` and `symbol` are as in trades_unified."""

    exchange: str
    symbol: str
    base_asset: str
    quote_asset: str
    is_listed: bool = True
    """Whether it is traded there still; what was landed before keeps its meaning."""

    @property
    def canonical_symbol(self) -> str:
        return f"{self.base_asset}-{self.quote_asset}"


@dataclass(frozen=True)
class Mapping:
    """A checked mapping; `file` is its path from the project's folder."""

    file: str
    declared: declarations.Mapping
    target: declarations.Target
    formats: tuple[RowFormat, ...]
    exchange: str
    entity: str

    @property
    def source(self) -> str:
        return self.declared.source

    @property
    def raw_columns(self) -> dict[str, declarations.Column]:
        """The raw table's own columns, in the source's words."""
        return self.declared.columns or {}

    @property
    def staging(self) -> str:
        return f"stg_{self.exchange}__{self.entity}"

    @property
    def is_filtered(self) -> bool:
        return any(format_.conditions for format_ in self.formats)


@dataclass(frozen=True)
class Registry:
    targets: dict[str, declarations.Target]
    mappings: tuple[Mapping, ...]
    products: tuple[Product, ...]
    lake: declarations.LakeFile

    @property
    def targets_by_raw_table(self) -> dict[str, str]:
        """For each raw table that a mapping reads, the unified table that its rows go into."""
        return {mapping.source: mapping.target.target_table for mapping in self.mappings}

    def mappings_of(self, target: str) -> tuple[Mapping, ...]:
        return tuple(mapping for mapping in self.mappings if mapping.target.target_table == target)


def load_registry(root: Path = PROJECT) -> Registry:
    """Everything in `root`/config, sorted by file name; raises RegistryError with every mistake."""
    problems: list[str] = []
    lake = _lake(root, problems)
    targets = {target.target_table: target for target in _targets(root, lake, problems)}
    mappings = list(_mappings(root, targets, lake, problems))
    products = tuple(_products(root, problems))
    if problems:
        raise RegistryError(problems)
    return Registry(targets, tuple(mappings), products, lake)


def _files(root: Path, folder: str, kind: type[File], problems: list[str]) -> Iterator[tuple[str, File]]:
    for path in _paths(root / "config" / folder, f"config/{folder}", problems):
        shown_as = f"config/{folder}/{path.name}"
        if path.suffix.lower() in (".yml", ".yaml") and path.suffix != ".yaml":
            problems.append(f"{shown_as}: name it {path.stem}.yaml; other endings aren't read")
        elif path.suffix == ".yaml" and not _FILE_STEM.match(path.stem):
            problems.append(f"{shown_as}: the name must be letters, digits, `_` and `-`; name it otherwise or move it")
        elif path.suffix == ".yaml" and (read := read_config(path, kind, shown_as=shown_as, problems=problems)):
            yield shown_as, read


def _paths(folder: Path, shown_as: str, problems: list[str]) -> list[Path]:
    """What is in a folder, without the hidden files that editors and file systems leave there."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        problems.append(f"{shown_as}: is missing; make the folder, or get it back with git")
    except OSError as error:
        problems.append(f"{shown_as}: can't be read: {error.strerror}")
    return []


def _lake(root: Path, problems: list[str]) -> declarations.LakeFile:
    path = root / "config" / "lake.yaml"
    read = read_config(path, declarations.LakeFile, shown_as="config/lake.yaml", problems=problems)
    return read or declarations.LakeFile(provenance={}, tables={})


def _targets(root: Path, lake: declarations.LakeFile, problems: list[str]) -> Iterator[declarations.Target]:
    found = list(_files(root, "targets", declarations.Target, problems))
    if not found and not problems:
        problems.append("config/targets: has no target; add a file such as trades_unified.yaml")
    for file, target in found:
        wrong = list(_target_problems(target, lake, Path(file).stem))
        problems += [f"{file}: {problem}" for problem in wrong]
        yield target


def _target_problems(target: declarations.Target, lake: declarations.LakeFile, stem: str) -> Iterator[str]:
    if target.target_table != stem:
        yield f"target_table: is `{target.target_table}`, but the file is named {stem}.yaml; make them agree"
    named: dict[str, Sequence[str]] = {
        "key": target.key,
        "partition_by": [target.partition_column],
        "event_time.column": [target.event_time.column],
        "first_wins_by": target.first_wins_by,
    }
    for key, columns in named.items():
        for column in columns:
            if column not in target.columns:
                yield f"{key}: unknown column `{column}`; {choices(column, target.columns)}"
            elif key in {"partition_by", "event_time.column"} and target.columns[column].type != "timestamp":
                yield f"{key}: `{column}` is {target.columns[column].type}; name a timestamp"
            elif key in {"key", "event_time.column"} and not target.columns[column].required:
                yield f"{key}: `{column}` can be null; add `required: true` to it"
    for name, declared in target.columns.items():
        yield from (f"columns.{name}.{problem}" for problem in _target_column_problems(declared, lake))


def _target_column_problems(column: declarations.TargetColumn, lake: declarations.LakeFile) -> Iterator[str]:
    if column.source is not None and column.source not in lake.provenance:
        yield f"from: unknown column `{column.source}`; {choices(column.source, lake.provenance)}"
    elif column.source is not None and lake.provenance[column.source].type != column.type:
        yield f"from: `{column.source}` is {lake.provenance[column.source].type}, but the column is {column.type}"
    if column.default is not None and (problem := value_problem(column.default, column)):
        yield f"default: {problem}"
    for value in column.accepted_values or []:
        if problem := value_problem(value, column):
            yield f"accepted_values: {problem}"
    yield from bound_problems(column)


def _mappings(
    root: Path, targets: dict[str, declarations.Target], lake: declarations.LakeFile, problems: list[str]
) -> Iterator[Mapping]:
    files_by_source: dict[str, str] = {}
    for file, mapping in _files(root, "mappings", declarations.Mapping, problems):
        name = _SOURCE_NAME.match(mapping.source)
        if name is None:
            problems.append(f"{file}: source: `{mapping.source}` must be named raw_<exchange>_<entity>")
        if mapping.source in files_by_source:
            other = files_by_source[mapping.source]
            problems.append(f"{file}: source: `{mapping.source}` is already mapped in {other}; keep one")
        files_by_source.setdefault(mapping.source, file)
        if mapping.target_table not in targets:
            if (root / "config" / "targets" / f"{mapping.target_table}.yaml").exists():
                continue  # its own mistakes are reported
            known = choices(mapping.target_table, targets)
            problems.append(f"{file}: target_table: unknown target `{mapping.target_table}`; {known}")
            continue
        target = targets[mapping.target_table]
        formats, wrong = row_formats(mapping, target, lake.provenance)
        wrong += _clashes(mapping, lake)
        wrong += _example_problems(mapping, target, lake)
        problems += [f"{file}: {problem}" for problem in wrong]
        if name is not None:
            yield Mapping(file, mapping, target, formats, name["exchange"], name["entity"])


def _clashes(mapping: declarations.Mapping, lake: declarations.LakeFile) -> Iterator[str]:
    for column in mapping.columns or ():
        if column in lake.provenance:
            yield f"columns.{column}: every raw table has it; leave it out"


def _example_problems(
    mapping: declarations.Mapping, target: declarations.Target, lake: declarations.LakeFile
) -> Iterator[str]:
    known = source_columns(mapping, lake)
    for number, example in enumerate(mapping.examples):
        for column, value in example.raw.items():
            if column not in known:
                yield f"examples.{number}.raw.{column}: unknown source column `{column}`; {choices(column, known)}"
            elif (type_ := known[column]) is not None and (problem := _example_value_problem(value, type_)):
                yield f"examples.{number}.raw.{column}: {problem}"
        for column, value in example.unified.items():
            if column not in target.columns:
                meant = choices(column, target.columns)
                yield f"examples.{number}.unified.{column}: unknown column `{column}` of {target.target_table}; {meant}"
            elif problem := _example_value_problem(value, target.columns[column].type):
                yield f"examples.{number}.unified.{column}: {problem}"


def _example_value_problem(value: object, type_: str) -> str | None:
    fits: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "double": (int, float),
        "long": int,
        "boolean": bool,
        "timestamp": str,
    }
    if value is None:
        return None
    if not isinstance(value, fits[type_]) or (isinstance(value, bool) and type_ != "boolean"):
        return f"{shown(value)} is no {type_}" + ("; put it in quotes" if type_ == "string" else "")
    if type_ == "timestamp":
        try:
            parse_timestamp(str(value))
        except ValueError as error:
            return str(error)
    return None


def source_columns(mapping: declarations.Mapping, lake: declarations.LakeFile) -> dict[str, str | None]:
    """The raw table's columns as far as the mapping tells them, with types; None where it declares no type."""
    provenance: dict[str, str | None] = {name: column.type for name, column in lake.provenance.items()}
    if mapping.columns is not None:
        return {name: column.type for name, column in mapping.columns.items()} | provenance
    every: Iterable[declarations.Format] = (mapping, *mapping.versions)
    return {source: None for rules in every for source in rules.mappings} | provenance


def _products(root: Path, problems: list[str]) -> Iterator[Product]:
    seen: dict[tuple[str, str], str] = {}
    for file, listed in _files(root, "products", declarations.ProductList, problems):
        for entry in listed.products:
            if (other := seen.get((listed.exchange, entry.symbol))) is not None:
                problems.append(f"{file}: products: `{entry.symbol}` of {listed.exchange} is already in {other}")
            seen[listed.exchange, entry.symbol] = file
            yield Product(listed.exchange, entry.symbol, entry.base, entry.quote, is_listed=not entry.delisted)
