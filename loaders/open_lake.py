"""Which kind of lake an address names."""

from pathlib import Path

from .exceptions import Misconfigured
from .lake import Lake
from .local_lake import LocalLake


def open_lake(location: str) -> Lake:
    """The lake at `location`: a folder, with or without `file://`, or `s3://bucket/prefix`."""
    if location.startswith("s3://"):
        from .glue_lake import GlueLake  # boto3 takes a quarter of a second, which a folder need not wait

        return GlueLake(location)
    if "://" in location and not location.startswith("file://"):
        raise Misconfigured(f"lake {location!r}: expected a folder, such as ./lake, or s3://bucket/prefix")
    return LocalLake(Path(location.removeprefix("file://")).expanduser())
