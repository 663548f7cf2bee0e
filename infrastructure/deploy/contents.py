"""What a lake in AWS holds, and its removal: the tables of the Glue database, and every version of every object."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError
from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchPropertyException

from lakehouse.errors import TerminalError
from lakehouse.glue import GlueLake
from lakehouse.lake import identifier
from lakehouse.layout import NAMESPACE

_BATCH = 1000
_OWN_FOLDERS = (".athena", ".jobs", ".schemahub")
"""Folders within the lake's prefix whose contents can be recreated."""


class HoldsData(TerminalError):
    """Something would be removed that can't be recreated."""


@dataclass(frozen=True)
class Contents:
    """The contents of one table of the lake, or of all objects outside tables."""

    text: str
    """One line of the report, for example `raw_kraken_trades 3 rows`."""
    is_data: bool
    """Whether, as far as is known, the contents can't be recreated."""


@dataclass(frozen=True)
class LakeContents:
    """The lake `s3://bucket/prefix`."""

    bucket: str
    prefix: str

    def contents(self) -> list[Contents]:
        """Every table except views, with the rows of its current snapshot; then the objects outside all tables."""
        tables = self._tables()
        contents = self._of_tables(tables) if tables else []
        if strays := self._strays(tables):
            contents.append(
                Contents(f"objects outside all tables ({len(strays):,}, such as {strays[0]})", is_data=True)
            )
        return contents

    def check_empty(self, contents: Sequence[Contents]) -> None:
        """Raise HoldsData, naming the contents, if something can't be recreated."""
        if data := [each.text for each in contents if each.is_data]:
            raise HoldsData(
                f"s3://{self.bucket} holds {', '.join(data)}; to remove that for good, add --even-with-data"
            )

    def _of_tables(self, tables: Sequence[Any]) -> list[Contents]:
        lake, contents = GlueLake(f"s3://{self.bucket}/{self.prefix}"), []
        for name in (table["Name"] for table in tables):
            rows = _rows(lake, name)
            contents.append(Contents(f"{name} {'? rows' if rows is None else f'{rows:,} rows'}", is_data=rows != 0))
        return contents

    def _tables(self) -> list[Any]:
        glue = boto3.client("glue")
        try:
            pages = list(glue.get_paginator("get_tables").paginate(DatabaseName=NAMESPACE))
        except glue.exceptions.EntityNotFoundException:
            return []
        return [table for page in pages for table in page["TableList"] if table.get("TableType") != "VIRTUAL_VIEW"]

    def _strays(self, tables: Sequence[Any]) -> list[str]:
        # they may belong to a table that is missing only in Glue, or to somebody else
        here = f"s3://{self.bucket}/"
        folders = [f"{here}{self.prefix}/{folder}" for folder in _OWN_FOLDERS]
        folders += filter(None, (table.get("StorageDescriptor", {}).get("Location") for table in tables))
        known = tuple(f"{folder.rstrip('/')}/" for folder in folders)
        pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        try:
            keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise
            return []
        return [key for key in keys if not f"{here}{key}".startswith(known)]

    def remove(self, say: Callable[[str], None]) -> None:
        """Remove the tables, the database, the objects and the bucket, as far as they still exist."""
        glue, s3 = boto3.client("glue"), boto3.client("s3")
        try:
            # Glue removes its tables too
            glue.delete_database(Name=NAMESPACE)
            say(f"  removed Glue database {NAMESPACE}")
        except glue.exceptions.EntityNotFoundException:
            pass
        count = 0
        for versions in object_versions(self.bucket):
            delete(s3, self.bucket, versions)
            count += len(versions)
            say(f"  removed {count:,} objects and old versions of objects")
        try:
            s3.delete_bucket(Bucket=self.bucket)
            say(f"  removed bucket {self.bucket}")
        except ClientError as error:
            if error.response["Error"]["Code"] == "BucketNotEmpty":
                raise HoldsData(f"somebody wrote to {self.bucket} meanwhile; stop that, and run this again") from error
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise


def object_versions(bucket: str, below: str = "") -> Iterator[list[dict[str, str]]]:
    """Every version and every delete marker of the objects whose keys begin with `below`, in pages."""
    pages = boto3.client("s3").get_paginator("list_object_versions")
    try:
        for page in pages.paginate(Bucket=bucket, Prefix=below, PaginationConfig={"PageSize": _BATCH}):
            if versions := [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
                yield [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise


def without_a_stack(bucket: str) -> list[str]:
    """The bucket and the Glue database, as far as they exist, whether or not they belong to a stack."""
    glue, is_there = boto3.client("glue"), True
    try:
        boto3.client("s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        # a bucket of another account or region exists too
        is_there = error.response["Error"]["Code"] != "404"
    found = [f"bucket {bucket}"] if is_there else []
    try:
        database = glue.get_database(Name=NAMESPACE)["Database"]
        found.append(f"Glue database {NAMESPACE} ({database.get('LocationUri', 'without a location')})")
    except glue.exceptions.EntityNotFoundException:
        pass
    return found


def _rows(lake: GlueLake, table: str) -> int | None:
    try:
        snapshot = lake.catalog.load_table(identifier(table)).current_snapshot()
    except (NoSuchIcebergTableError, NoSuchPropertyException, FileNotFoundError):
        return None
    if snapshot is None:
        return 0
    summary = snapshot.summary
    return int(summary["total-records"] or 0) if summary else None


def delete(s3: Any, bucket: str, versions: list[dict[str, str]]) -> None:
    """Remove versions permanently; raises HoldsData if S3 keeps one."""
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": versions, "Quiet": True})
    if errors := answer.get("Errors"):
        raise HoldsData(f"S3 did not remove {errors[0]['Key']} of {bucket}: {errors[0]['Message']}")
