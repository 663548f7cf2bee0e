"""Trino, with the catalog files that `schemahub trino-conf` prints, reads in both lakes what pyiceberg reads."""

import re
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pytest

from simulator.aws.local_athena import LocalAthena
from tests.athena.engines.filled_lake import TABLES, FilledLake
from tests.athena.engines.plain_trino import plain_trino, rows_of
from tests.athena.engines.rows import in_order
from tests.athena.engines.spark_jars import jars

pytestmark = pytest.mark.athena

CATALOGS = ("folder", "glue")


@pytest.fixture(scope="module")
def lakes(lake_in_folder: FilledLake, lake_in_glue: FilledLake) -> Mapping[str, FilledLake]:
    return {"folder": lake_in_folder, "glue": lake_in_glue}


@pytest.fixture(scope="module")
def trino(
    lakes: Mapping[str, FilledLake], shared_athena: LocalAthena, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a server that has both lakes as catalogs, and its credentials in its environment."""
    printed = {name: lake.printed("trino-conf") for name, lake in lakes.items()}
    drivers = re.findall(r"org\.xerial:sqlite-jdbc:[\d.]*\d", printed["folder"])
    folder = tmp_path_factory.mktemp("trino") / "server"
    with shared_athena.in_use(), plain_trino(printed, folder, extra_jars=jars(drivers)) as address:
        yield address


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("catalog", CATALOGS)
def test_trino_reads_the_rows_that_pyiceberg_reads(
    trino: str, lakes: Mapping[str, FilledLake], catalog: str, table: str
) -> None:
    expected = lakes[catalog].tables()[table].scan().to_arrow()
    assert expected.num_rows > 0
    found = pa.table(rows_of(trino, f"select * from {catalog}.schemahub.{table}"), expected.schema)
    assert in_order(found, expected).equals(in_order(expected, expected))


@pytest.mark.parametrize("catalog", CATALOGS)
def test_trino_cannot_write(trino: str, catalog: str) -> None:
    from trino.exceptions import TrinoUserError  # of the extra `engines`

    with pytest.raises(TrinoUserError, match="Access Denied"):
        rows_of(trino, f"delete from {catalog}.schemahub.trades_unified")
