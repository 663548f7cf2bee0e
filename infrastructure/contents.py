"""What a lake in AWS holds, and its removal: tables of the Glue database, and every version of every object."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError
from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchPropertyException

from loaders.exceptions import TerminalError
from loaders.glue_lake import GlueLake
from loaders.lake import NAMESPACE, identifier

from .change_sets import Say

_BATCH = 1000


class HoldsRows(TerminalError):
    """Something would be removed that can't be made again."""


@dataclass(frozen=True)
class Contents:
    """What is in a table of the lake."""

    table: str
    rows: int | None
    """None where it can't be told: not an Iceberg table, or its files are gone."""

    def __str__(self) -> str:
        return f"{self.table} {'? rows' if self.rows is None else f'{self.rows:,} rows'}"


@dataclass(frozen=True)
class LakeContents:
    """The lake `s3://bucket/prefix`."""

    bucket: str
    prefix: str

    def tables(self) -> list[Contents]:
        """Every table, with its rows as its current snapshot counts them; views are none."""
        glue = boto3.client("glue")
        try:
            pages = list(glue.get_paginator("get_tables").paginate(DatabaseName=NAMESPACE))
        except glue.exceptions.EntityNotFoundException:
            return []
        found = [table for page in pages for table in page["TableList"] if table.get("TableType") != "VIRTUAL_VIEW"]
        if not found:
            return []
        lake = GlueLake(f"s3://{self.bucket}/{self.prefix}")
        return [Contents(table["Name"], _rows(lake, table["Name"])) for table in found]

    def check_empty(self, tables: Sequence[Contents]) -> None:
        """Raise HoldsRows, naming the tables, where one holds a row or it can't be told that it doesn't."""
        if full := [str(table) for table in tables if table.rows != 0]:
            raise HoldsRows(
                f"s3://{self.bucket}/{self.prefix} holds {', '.join(full)}; "
                "to remove them for good, say --even-with-data"
            )

    def object_versions(self) -> Iterator[list[dict[str, str]]]:
        """Every version of every object of the bucket, and every mark that one was deleted, in pages."""
        pages = boto3.client("s3").get_paginator("list_object_versions")
        try:
            for page in pages.paginate(Bucket=self.bucket, PaginationConfig={"PageSize": _BATCH}):
                if versions := [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
                    yield [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise

    def remove(self, say: Say) -> None:
        """Remove the tables, the database, the objects and the bucket; what is gone already is left out."""
        glue, s3 = boto3.client("glue"), boto3.client("s3")
        try:
            # Glue removes its tables with it
            glue.delete_database(Name=NAMESPACE)
            say(f"  removed Glue database {NAMESPACE}")
        except glue.exceptions.EntityNotFoundException:
            pass
        count = 0
        for versions in self.object_versions():
            _delete(s3, self.bucket, versions)
            count += len(versions)
            say(f"  removed {count:,} objects and old versions of them")
        try:
            s3.delete_bucket(Bucket=self.bucket)
            say(f"  removed bucket {self.bucket}")
        except ClientError as error:
            if error.response["Error"]["Code"] == "BucketNotEmpty":
                raise HoldsRows(f"somebody wrote to {self.bucket} meanwhile; stop that, and run this again") from error
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise


def _rows(lake: GlueLake, table: str) -> int | None:
    try:
        snapshot = lake.catalog.load_table(identifier(table)).current_snapshot()
    except (NoSuchIcebergTableError, NoSuchPropertyException, FileNotFoundError):
        return None
    if snapshot is None:
        return 0
    summary = snapshot.summary
    return int(summary["total-records"] or 0) if summary else None


def _delete(s3: Any, bucket: str, versions: list[dict[str, str]]) -> None:
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": versions, "Quiet": True})
    if errors := answer.get("Errors"):
        raise HoldsRows(f"S3 would not remove {errors[0]['Key']} of {bucket}: {errors[0]['Message']}")
