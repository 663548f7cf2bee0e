"""Changes that another tool made to a column of ours are detected, reported and not built upon."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from pyiceberg.table import Table
from pyiceberg.types import DoubleType, LongType

from lakehouse.errors import Misconfigured
from lakehouse.lake import identifier
from lakehouse.layout import LAYOUT_PROPERTY
from lakehouse.ledger import LEDGER, loads
from lakehouse.local import LocalLake
from lakehouse.table import LakeColumn
from lakehouse.tables import ensure_table
from tests.support.lakes import LakeHome
from tests.support.landing_program import RAW
from tests.support.landings import every_id_once, land_up_to, landed_ids

Change = Callable[[Table], None]


def renamed(table: Table) -> None:
    with table.update_schema() as update:
        update.rename_column("market", "pair")


def dropped(table: Table) -> None:
    with table.update_schema() as update:
        update.delete_column("market")


def dropped_and_added(table: Table) -> None:
    dropped(table)
    with table.refresh().update_schema() as update:
        update.add_column("market", DoubleType())


def swapped(table: Table) -> None:
    for old, new in (("market", "x"), ("id", "market"), ("x", "id")):
        with table.refresh().update_schema() as update:
            update.rename_column(old, new)


CHANGES: dict[str, tuple[Change, str]] = {
    "renamed": (renamed, "`market` of `raw_imaginary_trades` was renamed to `pair` by another tool; rename it back"),
    "dropped": (
        dropped,
        "`market` of `raw_imaginary_trades` was dropped by another tool, and its values can't be read any more",
    ),
    "dropped and added": (dropped_and_added, "`market` of `raw_imaginary_trades` was dropped by another tool"),
    "swapped": (swapped, "`id` of `raw_imaginary_trades` was renamed to `market` by another tool"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_column_that_another_tool_changed_is_refused_with_what_to_do(lake: LocalLake, change: str) -> None:
    land_up_to(lake, 10)
    table = lake.catalog.load_table(identifier(RAW.name))
    apply, told = CHANGES[change]
    apply(table)
    changed = table.refresh().metadata_location
    with pytest.raises(Misconfigured) as caught:
        land_up_to(lake, 20)
    assert told in str(caught.value)
    assert lake.catalog.load_table(identifier(RAW.name)).metadata_location == changed


def test_a_renamed_column_is_detected_in_a_table_created_before_ids_were_recorded(lake: LocalLake) -> None:
    table = ensure_table(lake, RAW.table)
    with table.transaction() as transaction:
        transaction.remove_properties("schemahub.columns")
    renamed(table.refresh())
    with pytest.raises(Misconfigured, match=r"`market` of .* is missing, and another tool created `pair`, perhaps"):
        land_up_to(lake, 10)


def test_a_column_renamed_back_and_columns_of_other_tools_are_accepted(lake_home: LakeHome) -> None:
    lake = lake_home.open()
    land_up_to(lake, 10)
    table = lake.catalog.load_table(identifier(RAW.name))
    renamed(table)
    with table.refresh().update_schema() as update:
        update.rename_column("pair", "market")
        update.add_column("note", LongType())
    wider = replace(RAW, columns=(*RAW.columns, LakeColumn("fee", "double", "fee")))
    ensure_table(lake, wider.table)
    land_up_to(lake, 20)
    assert landed_ids(lake) == every_id_once(20)


def test_a_changed_description_reaches_iceberg(lake: LocalLake) -> None:
    land_up_to(lake, 10)
    first, *others = RAW.columns
    newly = replace(RAW, columns=(replace(first, description="Says more."), *others))
    assert ensure_table(lake, newly.table).schema().find_field(first.name).doc == "Says more."
    before = lake.catalog.load_table(identifier(RAW.name)).metadata_location
    ensure_table(lake, newly.table)
    assert lake.catalog.load_table(identifier(RAW.name)).metadata_location == before


@pytest.mark.parametrize("found", ["0", None])
@pytest.mark.parametrize(("name", "look"), [(RAW.name, partial(land_up_to, last_id=20)), (LEDGER, loads)])
def test_a_lake_of_another_layout_is_refused_in_one_line(
    lake: LocalLake, name: str, look: Callable[[LocalLake], object], found: str | None
) -> None:
    land_up_to(lake, 10)
    table = lake.catalog.load_table(identifier(name))
    with table.transaction() as transaction:
        transaction.remove_properties(LAYOUT_PROPERTY)
        if found:
            transaction.set_properties({LAYOUT_PROPERTY: found})
    with pytest.raises(Misconfigured) as caught:
        look(lake)
    assert str(caught.value) == (
        f"`{name}` of {lake.location} has layout {found or 'unknown'}, and this version of SchemaHub reads and writes "
        "layout 2: use the version that created the lake, or land into a new one with --lake"
    )
