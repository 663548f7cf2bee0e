"""The place in a real account where `smoke.py` tries things: a Glue database, a folder and a workgroup of its own."""

import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
import pyarrow as pa
from botocore.exceptions import ClientError
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from lakehouse.errors import Misconfigured
from lakehouse.glue import GlueLake
from lakehouse.layout import NAMESPACE

from .contents import delete, object_versions

DATABASE = "schemahub_smoke"
NARROW_WORK_GROUP = "schemahub_smoke"
SMALLEST_LIMIT = 10_000_000
"""Bytes; Athena takes no lower limit."""

_PAUSE_S = 0.5
_LONGEST_STATEMENT_S = 300


class CheckFailed(Exception):
    """AWS does not do what we build on."""


class NotHere(Exception):
    """The check has nothing to try it on."""


@dataclass(frozen=True)
class Answer:
    """What a statement came to."""

    state: str
    reason: str
    rows: Sequence[tuple[str | None, ...]]
    """As text, without the header."""
    scanned_bytes: int
    engine: str


@dataclass(frozen=True)
class Scratch:
    """A database and a folder beside those of the lake `s3://bucket/prefix`, and whom to ask."""

    bucket: str
    prefix: str
    work_group: str
    session: Any = field(default_factory=boto3.Session)
    token: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    @property
    def folder(self) -> str:
        return f"{self.prefix}/.smoke/{self.token}".lstrip("/")

    @property
    def name(self) -> str:
        """Of what the roles write and read: in the lake itself, since they have no right to anything else."""
        return f"smoke_{self.token}"

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
        """Make the database; raises Misconfigured where there is one of that name, which may be somebody's."""
        glue = self.client("glue")
        try:
            glue.create_database(DatabaseInput={"Name": DATABASE, "LocationUri": self.location})
        except glue.exceptions.AlreadyExistsException:
            raise Misconfigured(
                f"there is a Glue database {DATABASE} already, and this would remove it at its end; where a run that "
                f"was cut off left it, say `aws glue delete-database --name {DATABASE}`, and run this again"
            ) from None

    def remove(self) -> None:
        """Remove all that was made, old versions of objects included; what is gone already is left out."""
        glue, athena = self.client("glue"), self.client("athena")
        with suppress(glue.exceptions.EntityNotFoundException):
            glue.delete_database(Name=DATABASE)
        with suppress(glue.exceptions.EntityNotFoundException):
            glue.delete_table(DatabaseName=NAMESPACE, Name=self.name)
        with suppress(ClientError):  # not made, or Athena is asked for more than it has
            athena.delete_work_group(WorkGroup=NARROW_WORK_GROUP, RecursiveDeleteOption=True)
        for folder in (NAMESPACE, ".schemahub/locks", ".jobs"):
            self._remove_below(f"{self.prefix}/{folder}/{self.name}".lstrip("/"))
        self._remove_below(f"{self.folder}/")

    def _remove_below(self, key: str) -> None:
        for versions in object_versions(self.bucket, key):
            delete(self.client("s3"), self.bucket, versions)

    def table(self, name: str, rows: pa.Table, *, database: str = DATABASE, location: str = "") -> Table:
        """An Iceberg table with these rows, as the loaders make them: a stale commit is not repeated."""
        table = self.catalog.create_table(
            f"{database}.{name}",
            rows.schema,
            location=f"{location or self.location}/{name}",
            properties={"format-version": "2", "commit.retry.num-retries": "0"},
        )
        table.append(rows)
        return table

    def query(self, sql: str, *, work_group: str = "") -> Answer:
        """Run a statement to its end, whatever that is; raises CheckFailed where it takes five minutes."""
        athena = self.client("athena")
        identity = athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Catalog": "awsdatacatalog", "Database": DATABASE},
            WorkGroup=work_group or self.work_group,
            # of no weight where the workgroup has its own
            ResultConfiguration={"OutputLocation": f"{self.location}/results/"},
        )["QueryExecutionId"]
        deadline = time.monotonic() + _LONGEST_STATEMENT_S
        while True:
            found = athena.get_query_execution(QueryExecutionId=identity)["QueryExecution"]
            if found["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                break
            if time.monotonic() > deadline:
                athena.stop_query_execution(QueryExecutionId=identity)
                raise CheckFailed(f"Athena did not end `{sql.split()[0]} …` within {_LONGEST_STATEMENT_S} s")
            time.sleep(_PAUSE_S)
        return Answer(
            found["Status"]["State"],
            found["Status"].get("StateChangeReason", ""),
            self._rows(athena, identity) if found["Status"]["State"] == "SUCCEEDED" else (),
            found.get("Statistics", {}).get("DataScannedInBytes", 0),
            found.get("EngineVersion", {}).get("EffectiveEngineVersion", ""),
        )

    def answer(self, sql: str) -> Answer:
        """As `query`; raises CheckFailed, with Athena's reason, where the statement does not succeed."""
        answer = self.query(sql)
        if answer.state != "SUCCEEDED":
            raise CheckFailed(f"`{sql.split()[0]} …` ended as {answer.state}: {answer.reason}")
        return answer

    @staticmethod
    def _rows(athena: Any, identity: str) -> list[tuple[str | None, ...]]:
        pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=identity)
        found = [row for page in pages for row in page["ResultSet"]["Rows"]]
        return [tuple(cell.get("VarCharValue") for cell in row.get("Data", ())) for row in found[1:]]
