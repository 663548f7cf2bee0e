"""The mapping registry: all files of `config/`, read together and checked as a whole.

    config/lake.yaml               the columns that every raw table has in addition to its source's; the ledger
    config/targets/<table>.yaml    the descriptions of unified tables
    config/mappings/*.yaml         how a raw table, named raw_<source>_<entity>, becomes rows of a target
    config/products/*.yaml         product lists, see `products.py`

The names in these files are compared with those of the models and seeds in `dbt_project/` that are not generated.
`declarations.py` defines the grammar. All mistakes of all files are reported together:

    config/mappings/shop_orders.yaml: transforms.time: unknown transform `from_millis`; did you mean `from_ms`? …
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import declarations
from .config_files import SEED_FILES, ConfigFiles, read_file, read_folder
from .formats import RowFormat, bodies, row_formats, transform_of
from .mapping_checks import mapping_problems
from .model_names import ALWAYS_GENERATED, Named, clashes, stored_mart_problems, written_models
from .problems import RegistryError, choices
from .products import Product, ProductList, product_problems, products_of
from .target_checks import target_problems
from .transforms import CATALOGUE

__all__ = ["Mapping", "Product", "Registry", "RegistryError", "load_registry"]

PROJECT = Path(__file__).resolve().parents[1]

_RAW_TABLE = re.compile(r"raw_(?P<source>[a-z][a-z0-9_]*)_(?P<entity>[a-z][a-z0-9]*)\Z")
_LAKE_FILE = "config/lake.yaml"


@dataclass(frozen=True)
class Mapping:
    """A checked mapping; `file` is its path relative to the project's folder."""

    file: str
    declared: declarations.MappingFile
    target: declarations.Target
    provenance: dict[str, declarations.Column]
    """The columns that every raw table has."""
    formats: tuple[RowFormat, ...]
    source_name: str
    """Where the rows come from: `shop` for raw_shop_orders."""
    entity: str
    """What the rows are: `orders` for raw_shop_orders."""

    @property
    def source(self) -> str:
        """The name of the raw table."""
        return self.declared.source

    @property
    def staging(self) -> str:
        return _staging(self.source_name, self.entity)

    @property
    def description(self) -> str:
        return self.declared.description or f"Rows of {self.source} as they were landed."

    @property
    def is_filtered(self) -> bool:
        return any(format_.filters for format_ in self.formats)

    @property
    def raw_columns(self) -> dict[str, declarations.Column]:
        """The raw table's columns, except those that every raw table has.

        These are the declared columns or, if the mapping declares none, the mapped ones, with the types of the target
        columns that they become, or with the type that their transform reads, such as a flag.
        """
        if self.declared.columns is not None:
            return self.declared.columns
        columns: dict[str, declarations.Column] = {}
        for body in bodies(self.declared):
            for source, column in body.mappings.items():
                if source not in self.provenance:
                    columns.setdefault(source, self._becomes(column, transform_of(source, column, body)))
        return columns

    def _becomes(self, column: str, transform: str | None) -> declarations.Column:
        read = CATALOGUE[transform].raw_type if transform else None
        return declarations.Column(type=read or self.target.columns[column].type, description=f"Becomes `{column}`.")


def _staging(source_name: str, entity: str) -> str:
    return f"stg_{source_name}__{entity}"


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

    @property
    def landing_columns(self) -> dict[str, str | None]:
        """For each target, the column with the landing time of a row's load; None if a mapping sets that column."""
        return {name: self._landing_column(target) for name, target in self.targets.items()}

    def _landing_column(self, target: declarations.Target) -> str | None:
        mappings = [mapping.declared for mapping in self.mappings_of(target.target_table)]
        bodies = [body for mapping in mappings for body in (mapping, *mapping.versions)]
        given = {name for body in bodies for name in (*body.mappings.values(), *body.constants)}
        columns = (name for name, column in target.columns.items() if column.source == "_source_ingest_ts")
        return next((name for name in columns if name not in given), None)


@dataclass(frozen=True)
class _Config:
    """The contents of the files, before they are compared with each other."""

    lake_file: ConfigFiles[declarations.LakeFile]
    target_files: ConfigFiles[declarations.Target]
    mapping_files: ConfigFiles[declarations.MappingFile]
    product_files: ConfigFiles[ProductList]
    written_models: dict[str, str]
    """The models and seeds that are not generated, with their files."""

    @property
    def lake(self) -> declarations.LakeFile:
        return self.lake_file.read.get(_LAKE_FILE, declarations.LakeFile(provenance={}, tables={}))

    @property
    def targets(self) -> dict[str, declarations.Target]:
        return {target.target_table: target for target in self.target_files.read.values()}


def load_registry(root: Path = PROJECT) -> Registry:
    """Everything in `root`/config, sorted by file name; raises RegistryError with every mistake."""
    config = _Config(
        read_file(root, _LAKE_FILE, declarations.LakeFile),
        read_folder(root, "targets", declarations.Target),
        read_folder(root, "mappings", declarations.MappingFile, ignored=SEED_FILES),
        read_folder(root, "products", ProductList),
        written_models(root),
    )
    if problems := list(_problems(config)):
        raise RegistryError(problems)
    mappings = tuple(_mapping(file, read, config) for file, read in config.mapping_files.read.items())
    return Registry(config.targets, mappings, products_of(config.product_files.read), config.lake)


def _mapping(file: str, read: declarations.MappingFile, config: _Config) -> Mapping:
    target, provenance = config.targets[read.target_table], config.lake.provenance
    name = _RAW_TABLE.match(read.source)
    assert name is not None, "checked by _source_problems"
    formats = row_formats(read, target, provenance)
    return Mapping(file, read, target, provenance, formats, name["source"], name["entity"])


def _problems(config: _Config) -> Iterator[str]:
    yield from config.lake_file.problems
    yield from config.target_files.problems
    if not config.target_files.found:
        yield "config/targets: has no target; add a file named after its table, such as orders_unified.yaml"
    for file, target in config.target_files.read.items():
        yield from _in(file, target_problems(target, config.lake.provenance, Path(file).stem))
        yield from _in(file, stored_mart_problems(target, config.written_models))
    yield from _name_problems(config)
    yield from config.mapping_files.problems
    yield from _source_problems(config)
    for file, mapping in config.mapping_files.read.items():
        yield from _in(file, _mapping_problems(mapping, config))
    yield from config.product_files.problems
    yield from product_problems(config.product_files.read)


def _in(file: str, problems: Iterator[str]) -> Iterator[str]:
    return (f"{file}: {problem}" for problem in problems)


def _name_problems(config: _Config) -> Iterator[str]:
    targets, mappings = config.target_files.read.items(), config.mapping_files.read.items()
    sources = ((file, _RAW_TABLE.match(mapping.source)) for file, mapping in mappings)
    named = [
        *(Named(_staging(*source.groups()), file, "source", "staging model") for file, source in sources if source),
        *(Named(target.target_table, file, "target_table", "table") for file, target in targets),
        *(Named(target.rejected.table, file, "rejected.table", "view") for file, target in targets),
    ]
    yield from clashes(
        named,
        {mapping.source: f"the raw table of {file}" for file, mapping in mappings}
        | dict.fromkeys(config.lake.tables, f"a table in {_LAKE_FILE}")
        | dict.fromkeys(ALWAYS_GENERATED, "a generated model or seed")
        | config.written_models,
    )


def _source_problems(config: _Config) -> Iterator[str]:
    files: dict[str, str] = {}
    for file, mapping in config.mapping_files.read.items():
        if not _RAW_TABLE.match(mapping.source):
            yield f"{file}: source: `{mapping.source}` must be named raw_<source>_<entity>"
        if mapping.source in files:
            yield f"{file}: source: `{mapping.source}` is already mapped in {files[mapping.source]}; keep one"
        files.setdefault(mapping.source, file)


def _mapping_problems(mapping: declarations.MappingFile, config: _Config) -> Iterator[str]:
    if mapping.target_table in config.targets:
        yield from mapping_problems(mapping, config.targets[mapping.target_table], config.lake.provenance)
    elif f"config/targets/{mapping.target_table}.yaml" not in config.target_files.found:  # else that is reported
        known = choices(mapping.target_table, config.targets)
        yield f"target_table: unknown target `{mapping.target_table}`; {known}"
