"""Open a lake's tables with pyiceberg, and create them as declared."""

from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.table import Table

from .columns import check_columns, columns_property, missing_columns, newly_described_columns
from .lake import Column, Lake, TableState, check_ours, identifier
from .layout import LANDED_TABLE_PROPERTIES, NAMESPACE
from .readable import readable
from .table import LakeTable


def existing_table(lake: Lake, name: str) -> Table | None:
    """The table with this name, or None. Creates nothing.

    Raises:
        LakeUnavailable: the table's metadata are not where the catalog says, or the file there is damaged.
    """
    if not lake.is_there:
        return None
    with readable(lake, name):
        try:
            return lake.catalog.load_table(identifier(name))
        except NoSuchTableError:
            return None


def state_of(table: Table) -> TableState:
    """The state of an open table."""
    snapshot = table.current_snapshot()
    summary = snapshot.summary if snapshot else None
    rows = int((summary["total-records"] if summary else None) or 0)
    columns = {field.name: Column(field.field_id, str(field.field_type)) for field in table.schema().fields}
    return TableState(table.location(), table.properties, rows, columns, len(table.metadata.snapshots))


def ensure_table(lake: Lake, declared: LakeTable) -> Table:
    """The table, created if missing, with columns added that have been declared since.

    Raises:
        Misconfigured: the table in the catalog belongs to another lake, or another tool changed its columns.
    """
    table = existing_table(lake, declared.name) or _create(lake, declared)
    check_ours(lake, declared.name, state_of(table))
    check_columns(table, declared)
    missing, described = missing_columns(table, declared), newly_described_columns(table, declared)
    if missing or described or columns_property(table.schema(), declared).items() - table.properties.items():
        with table.transaction() as transaction:
            if missing or described:
                with transaction.update_schema() as update:
                    for column in missing:
                        field = declared.iceberg_schema.find_field(column.name)
                        update.add_column(column.name, field.field_type, doc=column.description)
                    for column in described:
                        update.update_column(column.name, doc=column.description)
            transaction.set_properties(columns_property(transaction.table_metadata.schema(), declared))
    return table


def _create(lake: Lake, declared: LakeTable) -> Table:
    if not lake.catalog.namespace_exists(NAMESPACE):  # checked first, so that no permission to create one is needed
        lake.catalog.create_namespace_if_not_exists(NAMESPACE)
    try:
        return lake.catalog.create_table(
            identifier(declared.name),
            declared.iceberg_schema,
            location=lake.table_location(declared.name),
            partition_spec=declared.partition_spec,
            properties=LANDED_TABLE_PROPERTIES | columns_property(declared.iceberg_schema, declared),
        )
    except TableAlreadyExistsError:  # another loader was faster
        return lake.catalog.load_table(identifier(declared.name))
