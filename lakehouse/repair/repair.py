"""Restore a damaged lake in a folder: its catalog, its tables, and the ledger's list of their loads.

    raw tables          go back to their newest complete state, whose coverage says what the next load lacks
    the ledger          likewise; then loads that are gone from the raw tables are removed, and missing ones added
    tables of dbt       are removed from the catalog, and the next `run unify` or `run events` rebuilds them
    catalog.db          if it is lost, is rebuilt from the newest complete state of each table of the loaders

The files of tables are never changed or removed, so every repair can be examined afterwards.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

from pyiceberg.io import load_file_io

from ..catalogs.pointers import CatalogUnreadable, metadata_addresses, path_of
from ..errors import LakeUnavailable, Misconfigured
from ..layout import DATABASE, NAMESPACE
from ..ledger import LEDGER
from ..local import LocalLake
from ..raw_table import RawTable
from ..troubles import catalog_advice
from .coverage_repair import damage_of_coverage, restore_coverage
from .ledger_repair import LedgerDifferences, correct, differences
from .states_found import State, newest_whole_state
from .tables_found import has_tables_with_rows, table_folders
from .whole_state import damage_of, read_metadata

_OF_DBT = re.compile(r"\w+-[0-9a-f]{8}")
"""The folder name of a table that DuckDB created for dbt, which can build it again."""

_BUILT_AGAIN = "is removed from the catalog; the next `run unify` or `run events` rebuilds it from the raw tables"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a lake, and how it is repaired."""

    what: str
    """The name of the table, or of the catalog's file."""
    wrong: str
    cure: str
    apply: Callable[[LocalLake], None] | None = None
    """A function that carries out the repair; None if only a person can."""

    def __str__(self) -> str:
        return f"{self.what}: {self.wrong}; {self.cure}"


@dataclass
class _Examination:
    """An examination of a lake's folder, which changes nothing."""

    folder: Path
    declared: Mapping[str, RawTable]
    findings: list[Finding] = field(default_factory=list)
    states: dict[str, State] = field(default_factory=dict)
    """The state that each table of the loaders will have after the repair."""
    unknown: set[str] = field(default_factory=set)
    """Tables that only a person can restore; nothing is concluded from loads missing in them."""

    def __post_init__(self) -> None:
        self._io = load_file_io({}, f"file://{self.folder}")
        self._lake = LocalLake(self.folder, may_be_lost=True)

    def run(self) -> list[Finding]:
        self._check_in_place()
        if self.rows is None:
            self._find_lost_catalog()
        for name, address in (self.rows or {}).items():
            self._examine(name, address)
        differs = self._ledger_differences()
        for name, state in self.states.items():
            if _is_raw(name) and (damage := damage_of_coverage(self._lake, name, state.metadata.properties)):
                self._restore_coverage(name, damage)
        changed = {finding.what for finding in self.findings if _is_raw(finding.what)} | differs.gone.keys()
        if changed:
            self._build_again(f"was built from the former contents of {', '.join(sorted(changed))}")
        if differs:
            self._add(LEDGER, differs.in_words(), "is corrected to match the raw tables", partial(correct, differs))
        return self.findings

    def _check_in_place(self) -> None:
        """Raise Misconfigured if the lake was created elsewhere: a repair would forget its tables."""
        for address in (self.rows or {}).values():
            if not path_of(address).resolve().is_relative_to(self.folder):
                created = path_of(address).as_posix().partition(f"/{NAMESPACE}/")[0]
                raise Misconfigured(
                    f"the lake in {str(self.folder)!r} was created in {created!r}, and its tables refer to files "
                    "there; move it back, or use the one that is there; nothing was changed"
                )

    @cached_property
    def rows(self) -> Mapping[str, str] | None:
        """The metadata addresses in the catalog, by table; None if the catalog is lost although there are tables."""
        found = _rows(self.folder)
        return found if found or not has_tables_with_rows(self.folder) else None

    def _find_lost_catalog(self) -> None:
        self._add(DATABASE, "is missing, empty or damaged", "is rebuilt from the tables' files", _set_aside)
        for folder in table_folders(self.folder):
            if _OF_DBT.fullmatch(folder.name):
                cure = f"the next `run unify` or `run events` rebuilds its table, and {str(folder)!r} may be deleted"
                self._add(folder.name, "was created by dbt", cure, _leave_alone)
            elif state := newest_whole_state(folder, self._io):
                self._point_to(folder.name, state, "was listed in the lost catalog")
            else:
                self._leave(folder.name, "has no complete state")

    def _examine(self, name: str, address: str) -> None:
        damage = damage_of(address, self._io)
        if damage is None:
            self.states[name] = State(address, read_metadata(address, self._io))
            return
        folder = path_of(address).parent.parent
        if _OF_DBT.fullmatch(folder.name):
            self._add(name, str(damage), _BUILT_AGAIN, _forgets(name))
        elif state := newest_whole_state(folder, self._io):
            self._point_to(name, state, str(damage))
        elif name == LEDGER or folder not in table_folders(self.folder):
            self._add(name, f"{damage}, and no complete state is left", "is created again", _forgets(name))
        else:
            self._leave(name, f"{damage}, and no complete state is left")

    def _point_to(self, name: str, state: State, wrong: str) -> None:
        self.states[name] = state
        at = datetime.fromtimestamp(state.metadata.last_updated_ms / 1000, UTC)
        cure = f"goes back to {state.address} from {at:%Y-%m-%d %H:%M:%S}, with {state.row_count:,} rows"
        if _is_raw(name):
            cure += "; the next `run ingest` lands what is missing since then"
        self._add(name, wrong, cure, lambda lake: lake.catalog.point_to(name, state.address))

    def _restore_coverage(self, name: str, damage: str) -> None:
        self._add(name, damage, "is restored from the ledger", lambda lake: restore_coverage(lake, name))

    def _leave(self, name: str, wrong: str) -> None:
        self.unknown.add(name)
        folder = self.folder / NAMESPACE / name
        self._add(name, wrong, f"restore its files from a copy, or move {str(folder)!r} away to load everything again")

    def _build_again(self, why: str) -> None:
        found = {finding.what for finding in self.findings}
        for name, address in (self.rows or {}).items():
            if name not in found and _OF_DBT.fullmatch(path_of(address).parent.parent.name):
                self._add(name, why, _BUILT_AGAIN, _forgets(name))

    def _ledger_differences(self) -> LedgerDifferences:
        raw = {name: state.address for name, state in self.states.items() if _is_raw(name)}
        ledger = self.states.get(LEDGER)
        return differences(raw, ledger.address if ledger else None, declared=self.declared, unknown=self.unknown)

    def _add(self, what: str, wrong: str, cure: str, apply: Callable[[LocalLake], None] | None = None) -> None:
        self.findings.append(Finding(what, wrong, cure, apply))


def examine(lake: LocalLake, declared: Mapping[str, RawTable]) -> list[Finding]:
    """What is wrong with a lake and how a repair would fix it, in order; empty if every table is complete.

    `declared` are the raw tables, by name.
    """
    return _Examination(lake.folder, declared).run()


def repair(lake: LocalLake, declared: Mapping[str, RawTable], *, writers: Sequence[str]) -> list[Finding]:
    """Carry out what `examine` finds, while holding the locks that `writers` names, and return the findings.

    Nothing is changed if a finding can only be repaired by a person. A repair that was interrupted can be run again:
    no step leaves the lake worse than before.
    """
    with ExitStack() as only:
        for what in writers:
            only.enter_context(lake.writing(what))
        findings = examine(lake, declared)
        broken = LocalLake(lake.folder, may_be_lost=True)
        steps = [finding.apply for finding in findings]
        if None not in steps:
            for apply in filter(None, steps):
                apply(broken)
    return findings


def _forgets(name: str) -> Callable[[LocalLake], None]:
    return lambda lake: lake.catalog.forget(name)


def _leave_alone(_: LocalLake) -> None:
    """The repair of a finding that needs none."""


def _is_raw(name: str) -> bool:
    return name.startswith("raw_")


def _rows(lake: Path) -> Mapping[str, str]:
    try:
        return metadata_addresses(lake)
    except CatalogUnreadable as error:
        if error.is_locked:
            raise LakeUnavailable(
                f"{str(lake / DATABASE)!r} can't be read: {error}; {catalog_advice(str(error))}"
            ) from error
        return {}


def _set_aside(lake: LocalLake) -> None:
    # together with its journal, which SQLite would otherwise apply to the new file
    for path in _files_of_catalog(lake.folder):
        path.rename(_free_name(path))


def _files_of_catalog(folder: Path) -> Iterator[Path]:
    for ending in ("", "-journal", "-wal", "-shm"):
        if (path := folder / f"{DATABASE}{ending}").exists():
            yield path


def _free_name(path: Path) -> Path:
    number = 1
    while (free := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return free
