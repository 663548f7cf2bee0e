"""The lake in an S3 bucket, with AWS Glue as its catalog.

    Glue database `schemahub`                        the tables
    s3://<bucket>/<prefix>/schemahub/<table>/        data and metadata of the loaders' tables
    s3://<bucket>/<prefix>/.schemahub/locks/         who writes what, see `s3_lock.py`
    <cache folder>/schemahub/<bucket>/<prefix>/      work in progress; may be deleted while nothing runs

Credentials, region and endpoints come from the standard AWS chain alone: environment, profile, role. pyiceberg's S3
file system knows a smaller chain than boto3, so it is handed what boto3 finds.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog

from .aws import session
from .aws_errors import in_one_line
from .exceptions import LakeUnavailable, Misconfigured
from .lake import CATALOG, NAMESPACE
from .s3_lock import s3_lock

_RETRIES = Config(retries={"mode": "standard", "max_attempts": 8})


class GlueLake:
    """A lake in S3 and Glue."""

    def __init__(self, location: str) -> None:
        """Use `s3://bucket/prefix`; raises LakeUnavailable where the bucket, or the right to it, is missing."""
        self.location = location.rstrip("/")
        self.bucket, self._prefix = _bucket_and_prefix(self.location)
        try:
            self._session = session()
            self._s3 = self._session.client("s3", config=_RETRIES)
            self._bucket_region = self._s3.head_bucket(Bucket=self.bucket).get("BucketRegion")
            self._glue = self._session.client("glue", config=_RETRIES)
        except (BotoCoreError, ClientError) as error:
            raise LakeUnavailable(in_one_line(error, self.location) or str(error)) from error
        self._catalog: Catalog | None = None
        self._catalog_credentials: Any = None

    @property
    def catalog(self) -> Catalog:
        # credentials of a role expire; boto3 renews them, and the catalog's file system is made anew with the new ones
        credentials = self._session.get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
        if self._catalog is None or frozen != self._catalog_credentials:
            self._catalog = GlueCatalog(CATALOG, client=self._glue, **self._file_system(frozen))
            self._catalog_credentials = frozen
        return self._catalog

    def _file_system(self, credentials: Any) -> dict[str, str]:
        properties = {"s3.region": self._bucket_region or self._s3.meta.region_name}
        if credentials:
            properties |= {"s3.access-key-id": credentials.access_key, "s3.secret-access-key": credentials.secret_key}
            if credentials.token:
                properties["s3.session-token"] = credentials.token
        endpoint = self._s3.meta.endpoint_url
        if not (urlsplit(endpoint).hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn")):
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
                f"the folder for work in progress, {str(folder)!r}, can't be made: {error.strerror}; "
                "name another with XDG_CACHE_HOME"
            ) from error
        return folder

    def table_location(self, name: str) -> str:
        return f"{self.location}/{NAMESPACE}/{name}"

    def put(self, file: Path, to: str) -> None:
        self._s3.upload_file(str(file), self.bucket, _key(to))

    def remove_files(self, location: str, prefix: str) -> None:
        pages = self._s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=f"{_key(location)}/{prefix}"):
            if objects := [{"Key": each["Key"]} for each in page.get("Contents", ())]:
                self._s3.delete_objects(Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True})

    @contextmanager
    def writing(self, what: str) -> Iterator[None]:
        key = "/".join(filter(None, (self._prefix, ".schemahub", "locks", f"{what}.json")))
        with s3_lock(self._s3, self.bucket, key, what):
            yield


def _bucket_and_prefix(location: str) -> tuple[str, str]:
    parts = urlsplit(location)
    if not parts.netloc or parts.query or parts.fragment:
        raise Misconfigured(f"lake {location!r}: expected s3://bucket/prefix, with the name of a bucket")
    return parts.netloc, parts.path.strip("/")


def _key(address: str) -> str:
    return urlsplit(address).path.lstrip("/")
