"""The lake in an S3 bucket, with AWS Glue as its catalog.

    Glue database `schemahub`                        the tables
    s3://<bucket>/<prefix>/schemahub/<table>/        data and metadata of the loaders' tables
    s3://<bucket>/<prefix>/coverage/<table>/         files of the raw tables' coverage, see `coverage_record.py`
    s3://<bucket>/<prefix>/.schemahub/locks/         who is writing what, see `s3_lock.py`
    <cache folder>/schemahub/<bucket>/<prefix>/      work in progress; may be deleted while nothing runs

Credentials, region and endpoints come only from the standard AWS chain: environment, profile, role. pyiceberg's S3
file system supports fewer of these than boto3, so it is given what boto3 finds.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from .aws import session
from .aws_errors import aws_refusal
from .catalogs.glue_catalog import LakeGlueCatalog
from .errors import LakeUnavailable, Misconfigured
from .lake import TableState, Written
from .layout import CATALOG, NAMESPACE
from .locks.file_lock import file_lock
from .locks.s3_lock import LEASE, s3_lock
from .readable import readable
from .tables import existing_table, state_of

_RETRIES = Config(retries={"mode": "standard", "max_attempts": 8})

# an attempt must end long before the lease does
_PROMPT = Config(
    connect_timeout=LEASE.total_seconds() / 24,
    read_timeout=LEASE.total_seconds() / 24,
    retries={"mode": "standard", "total_max_attempts": 2},
)

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<key>.*))?", re.DOTALL)

_AWS_ENDPOINT = re.compile(r"https://s3\.([a-z0-9-]+\.)?amazonaws\.com(\.cn)?")
"""The endpoints that pyarrow uses by default; any other one, such as a VPC endpoint, must be passed to it."""


class GlueLake:
    """A lake in S3 and Glue."""

    engine: Final = "athena"
    commit_seconds = 0.2

    def __init__(self, location: str) -> None:
        """Use `s3://bucket/prefix`; raises LakeUnavailable if the bucket is missing or access to it is denied."""
        self.bucket, self._prefix = _bucket_and_prefix(location)
        self.location = f"s3://{self.bucket}/{self._prefix}".rstrip("/")
        try:
            self._session = session()
            self._s3 = self._session.client("s3", config=_RETRIES)
            self._bucket_region = self._s3.head_bucket(Bucket=self.bucket).get("BucketRegion")
            self._glue = self._session.client("glue", config=_RETRIES)
        except (BotoCoreError, ClientError) as error:
            full = self._in_full(error)
            raise LakeUnavailable(aws_refusal(full, self.location) or str(full)) from error
        except ValueError as error:  # the environment or the profile names an endpoint that is not a URL
            raise LakeUnavailable(f"no request can be sent to AWS for {self.location}: {error}") from error
        self._catalog: Catalog | None = None
        self._catalog_credentials: Any = None

    def _in_full(self, error: Exception) -> Exception:
        """The error with its reason: a response to HeadBucket has no body, so it holds only a status."""
        if not isinstance(error, ClientError) or error.response["Error"]["Code"] not in ("400", "403"):
            return error
        try:
            self._s3.list_objects_v2(Bucket=self.bucket, Prefix=self._key_of("locks"), MaxKeys=1)
        except (BotoCoreError, ClientError) as full:
            return full
        return error

    @property
    def is_there(self) -> bool:
        return True

    @property
    def catalog(self) -> Catalog:
        # a role's credentials expire and boto3 renews them, so the catalog's file system is recreated with the new ones
        credentials = self._session.get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
        if self._catalog is None or frozen != self._catalog_credentials:
            self._catalog = LakeGlueCatalog(CATALOG, client=self._glue, **self._file_system(frozen))
            self._catalog_credentials = frozen
        return self._catalog

    def _file_system(self, credentials: Any) -> dict[str, str]:
        properties = {"s3.region": self._bucket_region or self._s3.meta.region_name}
        if credentials:
            properties |= {"s3.access-key-id": credentials.access_key, "s3.secret-access-key": credentials.secret_key}
            if credentials.token:
                properties["s3.session-token"] = credentials.token
        endpoint = self._s3.meta.endpoint_url
        if not _AWS_ENDPOINT.fullmatch(endpoint):
            properties["s3.endpoint"] = endpoint
        return properties

    @property
    def work_folder(self) -> Path:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(cache, "schemahub", self.bucket, self._prefix)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LakeUnavailable(
                f"the folder for work in progress, {str(folder)!r}, can't be created: {error.strerror}; "
                "name another with XDG_CACHE_HOME"
            ) from error
        return folder

    def table_location(self, name: str) -> str:
        return f"{self.location}/{NAMESPACE}/{name}"

    def metadata_address(self, name: str) -> str | None:
        try:
            table = self._glue.get_table(DatabaseName=NAMESPACE, Name=name)["Table"]
        except self._glue.exceptions.EntityNotFoundException:
            return None
        address: str | None = table.get("Parameters", {}).get("metadata_location")
        return address

    def table_state(self, name: str) -> TableState | None:
        table = existing_table(self, name)
        return None if table is None else state_of(table)

    def rows(self, name: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        if (table := existing_table(self, name)) is None:
            return []
        with readable(self, name):
            found: list[dict[str, Any]] = table.scan(selected_fields=tuple(columns)).to_arrow().to_pylist()
        return found

    def open_to_plan(self, name: str) -> Table | None:
        return existing_table(self, name)

    def written(self) -> Written:
        tables: dict[str, str] = {}
        views: dict[str, str] = {}
        try:
            for page in self._glue.get_paginator("get_tables").paginate(DatabaseName=NAMESPACE):
                for each in page["TableList"]:
                    if address := each.get("Parameters", {}).get("metadata_location"):
                        tables[each["Name"]] = address
                    else:
                        views[each["Name"]] = _digest(each)
        except self._glue.exceptions.EntityNotFoundException:
            pass
        return Written(tables, views)

    def read(self, address: str) -> bytes:
        try:
            content: bytes = self._s3.get_object(Bucket=self.bucket, Key=self._key_at(address))["Body"].read()
        except self._s3.exceptions.NoSuchKey as error:
            raise FileNotFoundError(address) from error
        return content

    def write(self, address: str, content: bytes) -> None:
        self._s3.put_object(Bucket=self.bucket, Key=self._key_at(address), Body=content)

    def put(self, file: Path, to: str) -> None:
        self._s3.upload_file(str(file), self.bucket, self._key_at(to))

    def remove_files(self, location: str, prefix: str) -> None:
        self._remove(f"{location}/{prefix}", lambda _: True)

    def remove_old_files(self, location: str, *, older_than: timedelta, keep: Set[str]) -> None:
        latest = datetime.now(UTC) - older_than

        def is_unused(found: Mapping[str, Any]) -> bool:
            return f"s3://{self.bucket}/{found['Key']}" not in keep and found["LastModified"] < latest

        self._remove(f"{location}/", is_unused)

    def _remove(self, prefix: str, is_unwanted: Callable[[Mapping[str, Any]], bool]) -> None:
        pages = self._s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=self._key_at(prefix)):
            if objects := [{"Key": each["Key"]} for each in page.get("Contents", ()) if is_unwanted(each)]:
                response = self._s3.delete_objects(Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True})
                for failed in response.get("Errors", ()):
                    raise LakeUnavailable(f"AWS refuses to remove s3://{self.bucket}/{failed['Key']}: {failed['Code']}")

    def loading(self, what: str) -> AbstractContextManager[None]:  # noqa: ARG002 - see Lake
        return nullcontext()

    @contextmanager
    def writing(self, what: str) -> Iterator[None]:
        # if the lease expires while this machine sleeps, another run on it could mistake our files for leftovers
        prompt_s3 = self._session.client("s3", config=_PROMPT)
        with (
            file_lock(self.work_folder / f"{what}.lock", what, self.location),
            s3_lock(prompt_s3, self.bucket, self._key_of(f"locks/{what}.json"), what),
        ):
            yield

    def _key_of(self, name: str) -> str:
        return "/".join(filter(None, (self._prefix, ".schemahub", name)))

    def _key_at(self, address: str) -> str:
        found = _ADDRESS.fullmatch(address)
        if not found or found["bucket"] != self.bucket:
            raise LakeUnavailable(f"{address} is not in the bucket of {self.location}")
        return str(found["key"] or "")


def _digest(view: Mapping[str, Any]) -> str:
    """A digest of the definition of a view, or of a table that is not Iceberg's."""
    definition = view.get("ViewOriginalText"), view.get("ViewExpandedText"), view.get("StorageDescriptor")
    return hashlib.sha256(json.dumps(definition, sort_keys=True, default=str).encode()).hexdigest()


def _bucket_and_prefix(location: str) -> tuple[str, str]:
    found = _ADDRESS.fullmatch(location)
    if not found:
        shown = re.sub(r"//[^/@]*@", "//…@", location)  # some tools accept access keys there
        raise Misconfigured(f"lake {shown!r}: expected s3://bucket/prefix, with the name of a bucket")
    prefix = (found["key"] or "").removesuffix("/")
    # boto3, pyarrow and Athena understand these differently
    if prefix and any(part in ("", ".", "..") or re.search(r"[%?#\x00-\x1f\x7f]", part) for part in prefix.split("/")):
        raise Misconfigured(
            f"lake {location!r}: expected s3://bucket/prefix, whose parts are neither empty nor `.` nor `..`, without "
            "any of % ? # and control characters"
        )
    return found["bucket"], prefix
