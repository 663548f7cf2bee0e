"""An empty place for a lake of each kind, and facts about it that tests need and `Lake` doesn't offer.

home.location, home.environment      for a process of its own
home.open()                          a new `Lake`, as that process would open it
"""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3

from lakehouse.lake import Lake
from lakehouse.open import open_lake


@dataclass(frozen=True)
class LakeHome:
    location: str
    environment: Mapping[str, str]
    """The variables that another process needs, in addition to its own environment, to open the lake."""

    @property
    def is_on_aws(self) -> bool:
        return self.location.startswith("s3://")

    def open(self) -> Lake:
        return open_lake(self.location)

    def forget_work(self) -> None:
        """Make the next run look as if it were on another machine."""
        shutil.rmtree(self.open().work_folder)

    def let_leases_lapse(self) -> None:
        """Make the lease in S3 of a killed run expire; a lake in a folder has no lease."""
        if not self.is_on_aws:
            return
        s3, parts = boto3.client("s3"), urlsplit(self.location)
        locks = f"{parts.path.strip('/')}/.schemahub/locks/"
        for each in s3.list_objects_v2(Bucket=parts.netloc, Prefix=locks).get("Contents", ()):
            s3.delete_object(Bucket=parts.netloc, Key=each["Key"])

    def files(self, folder: str) -> set[str]:
        """The names of the files in a folder of the lake, such as `schemahub/raw_kraken_trades/data`."""
        if self.is_on_aws:
            parts = urlsplit(self.location)
            prefix = f"{parts.path.strip('/')}/{folder}/"
            found = boto3.client("s3").list_objects_v2(Bucket=parts.netloc, Prefix=prefix)
            return {each["Key"].removeprefix(prefix) for each in found.get("Contents", ())}
        return {path.name for path in Path(self.location, folder).iterdir()}


def local_home(folder: Path) -> LakeHome:
    return LakeHome(str(folder / "lake"), {})


def glue_home(bucket: str, folder: Path) -> LakeHome:
    """A lake on a local AWS, to which the environment directs boto3; its Glue database is emptied."""
    glue = boto3.client("glue")
    with suppress(glue.exceptions.EntityNotFoundException):
        glue.delete_database(Name="schemahub")
    return LakeHome(f"s3://{bucket}/some/prefix", {"XDG_CACHE_HOME": str(folder / "cache")})
