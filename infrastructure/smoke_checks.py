"""The checks of a new account, one function each, which returns what it found or raises CheckFailed.

The checks use a Glue database and a folder of the lake of their own: `Scratch`.

Sources: docs.aws.amazon.com, read 2026-11-24: AmazonS3/latest/userguide/conditional-writes.html,
glue/latest/webapi/API_UpdateTable.html, athena/latest/ug/querying-iceberg.html.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import boto3
import pyarrow as pa
from botocore.exceptions import ClientError
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table

from lakehouse.errors import Misconfigured
from lakehouse.glue import GlueLake

from .deploy.contents import delete, object_versions

DATABASE = "schemahub_smoke"
AT = datetime(2026, 1, 5, 23, 59, 59, 999999)

_PAUSE_SECONDS = 0.5
_LONGEST_STATEMENT_SECONDS = 300


class CheckFailed(Exception):
    """AWS does not behave as SchemaHub requires."""


@dataclass(frozen=True)
class Scratch:
    """A database and a folder in the lake `s3://bucket/prefix` that only the checks use."""

    bucket: str
    prefix: str
    workgroup: str
    session: Any = field(default_factory=boto3.Session)
    token: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    @property
    def folder(self) -> str:
        return f"{self.prefix}/.smoke/{self.token}".lstrip("/")

    @property
    def location(self) -> str:
        return f"s3://{self.bucket}/{self.folder}"

    @property
    def lake(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def client(self, service: str) -> Any:
        return self.session.client(service)

    @cached_property
    def catalog(self) -> Catalog:
        return GlueLake(self.lake).catalog

    def make(self) -> None:
        """Create the database; raises Misconfigured if one with that name exists, because others may use it."""
        glue = self.client("glue")
        try:
            glue.create_database(DatabaseInput={"Name": DATABASE, "LocationUri": self.location})
        except glue.exceptions.AlreadyExistsException:
            raise Misconfigured(
                f"Glue database {DATABASE} exists already, and this would remove it at its end; if an interrupted run "
                f"left it there, run `aws glue delete-database --name {DATABASE}`, and then run this again"
            ) from None

    def remove(self) -> None:
        """Remove everything that was created, including old versions of objects, as far as it still exists."""
        glue = self.client("glue")
        with suppress(glue.exceptions.EntityNotFoundException):
            glue.delete_database(Name=DATABASE)
        for versions in object_versions(self.bucket, f"{self.folder}/"):
            delete(self.client("s3"), self.bucket, versions)

    def table(self, name: str, rows: int) -> Table:
        """An Iceberg table with the given number of rows, created as the loaders do: a stale commit is not repeated."""
        table = self.catalog.create_table(
            f"{DATABASE}.{name}",
            _rows(rows).schema,
            location=f"{self.location}/{name}",
            properties={"format-version": "2", "commit.retry.num-retries": "0"},
        )
        table.append(_rows(rows))
        return table

    def answer(self, sql: str) -> list[tuple[str | None, ...]]:
        """The rows, as text, of a statement in our workgroup; raises CheckFailed if it fails or takes too long."""
        athena, began = self.client("athena"), time.monotonic()
        query = athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Catalog": "awsdatacatalog", "Database": DATABASE},
            WorkGroup=self.workgroup,
            # a workgroup's own location for results overrides this one
            ResultConfiguration={"OutputLocation": f"{self.location}/results/"},
        )["QueryExecutionId"]
        while True:
            status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
            if status["State"] not in ("QUEUED", "RUNNING"):
                break
            if time.monotonic() - began > _LONGEST_STATEMENT_SECONDS:
                athena.stop_query_execution(QueryExecutionId=query)
                raise CheckFailed(f"Athena did not finish `{_verb(sql)}` within {_LONGEST_STATEMENT_SECONDS} s")
            time.sleep(_PAUSE_SECONDS)
        if status["State"] != "SUCCEEDED":
            raise CheckFailed(f"`{_verb(sql)}` ended as {status['State']}: {status.get('StateChangeReason', '')}")
        found = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
        return [tuple(cell.get("VarCharValue") for cell in row.get("Data", ())) for row in found[1:]]


Check = Callable[[Scratch], str]


def writes_are_conditional(scratch: Scratch) -> str:
    s3, key = scratch.client("s3"), f"{scratch.folder}/lock.json"
    first = s3.put_object(Bucket=scratch.bucket, Key=key, Body=b"1", IfNoneMatch="*")["ETag"]
    s3.put_object(Bucket=scratch.bucket, Key=key, Body=b"2", IfMatch=first)
    for condition in ({"IfNoneMatch": "*"}, {"IfMatch": first}):
        try:
            s3.put_object(Bucket=scratch.bucket, Key=key, Body=b"3", **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
        else:
            raise CheckFailed(f"S3 accepted a write although its condition {next(iter(condition))} did not hold")
    return "PreconditionFailed"


def stale_version_is_refused(scratch: Scratch) -> str:
    scratch.table("stale", 10)
    glue = scratch.client("glue")
    table = glue.get_table(DatabaseName=DATABASE, Name="stale")["Table"]
    known = glue.meta.service_model.shape_for("TableInput").members
    update = {"DatabaseName": DATABASE, "TableInput": {name: table[name] for name in table.keys() & known}}
    glue.update_table(**update, VersionId=table["VersionId"], SkipArchive=True)
    try:
        glue.update_table(**update, VersionId=table["VersionId"], SkipArchive=True)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    raise CheckFailed("Glue accepted an update with an old VersionId, so one of two writers' updates would be lost")


def second_writer_is_refused(scratch: Scratch) -> str:
    first = scratch.table("raced", 10)
    second = scratch.catalog.load_table(f"{DATABASE}.raced")
    first.append(_rows(1))
    try:
        second.append(_rows(1))
    except CommitFailedException:
        count = scratch.catalog.load_table(f"{DATABASE}.raced").scan().count()
        if count != 11:
            raise CheckFailed(f"11 rows were committed, and the table holds {count}") from None
        return "CommitFailedException"
    raise CheckFailed("two commits on the same snapshot were both acknowledged")


def workgroup_is_as_created(scratch: Scratch) -> str:
    found = scratch.client("athena").get_work_group(WorkGroup=scratch.workgroup)["WorkGroup"]["Configuration"]
    limit = found.get("BytesScannedCutoffPerQuery", 0)
    output = found.get("ResultConfiguration", {}).get("OutputLocation", "")
    if not found.get("EnforceWorkGroupConfiguration") or not limit or not output.startswith(f"{scratch.lake}/"):
        raise CheckFailed(f"it does not enforce both a scan limit and a location for results in {scratch.lake}")
    scratch.answer("select 1")
    engine = found.get("EngineVersion", {}).get("SelectedEngineVersion", "")
    if engine != "Athena engine version 3":
        raise CheckFailed(f"statements run on {engine!r}, not on Athena engine version 3")
    return f"{engine}, at most {limit / 1e9:,.0f} GB a statement"


def athena_reads_what_we_land(scratch: Scratch) -> str:
    scratch.table("landed", 1000)
    answer = scratch.answer("select count(*), max(traded_at) from landed")
    if answer != [("1000", str(AT))]:
        raise CheckFailed(f"1,000 rows of {AT} were landed; Athena reads {answer}")
    return "rows and microseconds"


def we_read_what_athena_writes(scratch: Scratch) -> str:
    scratch.table("source", 1000)
    scratch.answer(
        f"create table made with (table_type='iceberg', is_external=false, location='{scratch.location}/made/', "
        "partitioning=array['day(traded_at)']) as select * from source"
    )
    scratch.answer("insert into made select * from source")
    found = scratch.catalog.load_table(f"{DATABASE}.made").scan().to_arrow()
    if found.num_rows != 2000 or set(found["traded_at"].to_pylist()) != {AT}:
        raise CheckFailed(f"Athena wrote 2,000 rows; {found.num_rows:,} are read, or their times differ")
    return "CTAS and INSERT, microseconds"


def _rows(count: int) -> pa.Table:
    return pa.table({"traded_at": pa.array([AT] * count, pa.timestamp("us")), "price": [0.5] * count})


def _verb(sql: str) -> str:
    return f"{sql.split()[0]} …"


CHECKS: Mapping[str, Check] = {
    "S3 accepts a write only if its condition holds": writes_are_conditional,
    "Glue refuses an update with an old VersionId": stale_version_is_refused,
    "the second of two commits is refused": second_writer_is_refused,
    "the workgroup is as the stack creates it": workgroup_is_as_created,
    "Athena reads what we land": athena_reads_what_we_land,
    "we read what Athena writes": we_read_what_athena_writes,
}
