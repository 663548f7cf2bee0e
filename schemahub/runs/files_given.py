"""The files that a path, a folder or an address in S3 names, and a local copy of each while it is read."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from lakehouse.errors import Misconfigured
from loaders.channels.checksums import LONGEST
from loaders.channels.files import BadFile

CHECKSUM = ".CHECKSUM"
"""The end of the name of the file that holds another file's checksum, as Binance names it."""

_KEPT_SECONDS = 24 * 3600
_LEFT_FREE = 2**30
"""The bytes on the disk that a download must leave."""


class FileThere(Protocol):
    """A file that was found."""

    name: str
    """Its name for people: relative to the folder that was given."""
    address: str
    """Its path, or its address in S3."""

    def opened(self) -> AbstractContextManager[Path]:
        """A local file with the same content and base name; a copy is removed at the end."""

    def checksum(self) -> str | None:
        """The text of the checksum file beside it; None if there is none."""


class LocalFile:
    """A file on this machine."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self.name, self.address = path, name, _text_of(path)

    def opened(self) -> AbstractContextManager[Path]:
        return nullcontext(self._path)

    def checksum(self) -> str | None:
        beside = self._path.with_name(self._path.name + CHECKSUM)
        return checksum_in(beside) if beside.is_file() else None


def _text_of(path: Path) -> str:
    """A path as text that can be stored, also if a name in it is not UTF-8."""
    return os.fsencode(path).decode(errors="replace")


class S3File:
    """An object in S3, which is downloaded while it is read."""

    def __init__(self, s3: Any, bucket: str, key: str, name: str, size: int, *, has_checksum: bool, to: Path) -> None:
        self._s3, self._bucket, self._key, self._size, self._to = s3, bucket, key, size, to
        self._has_checksum = has_checksum
        self.name, self.address = name, f"s3://{bucket}/{key}"

    @contextmanager
    def opened(self) -> Iterator[Path]:
        if self._size > (free := shutil.disk_usage(self._to).free - _LEFT_FREE):
            raise BadFile(
                f"{self.address}: has {self._size:,} bytes, and only {max(free, 0):,} can be used in {self._to}"
            )
        with tempfile.TemporaryDirectory(dir=self._to) as folder:
            path = Path(folder, self._key.rpartition("/")[2])
            self._s3.download_file(self._bucket, self._key, str(path))
            yield path

    def checksum(self) -> str | None:
        if not self._has_checksum:
            return None
        found = self._s3.get_object(Bucket=self._bucket, Key=self._key + CHECKSUM)["Body"]
        return str(found.read(LONGEST + 1).decode(errors="replace"))


def checksum_in(path: Path) -> str:
    """The text of a checksum file; raises BadFile if it can't be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(LONGEST + 1)
    except OSError as error:
        raise BadFile(f"{path}: can't be read: {error.strerror}") from error


def files_of(given: str, work_folder: Path) -> tuple[Sequence[FileThere], list[str]]:
    """The files that `given` names, sorted by name, and the names of links that lead elsewhere, which are left out.

    Of a folder, these are all files in it and in its folders, without hidden ones.

    Raises:
        Misconfigured: there is no such file, folder or address, or no file in it.
    """
    if given.startswith("s3://"):
        found, left_out = _in_s3(given, work_folder), list[str]()
    elif (path := Path(given)).is_dir():
        found, left_out = _in_folder(path)
    elif path.exists():
        found, left_out = [LocalFile(path, path.name)], []
    else:
        raise Misconfigured(f"{given}: there is no such file or folder")
    if not found:
        raise Misconfigured(f"{given}: has no files that could be taken over")
    return found, left_out


def _in_folder(folder: Path) -> tuple[list[FileThere], list[str]]:
    found: list[FileThere] = []
    left_out: list[str] = []
    root = folder.resolve()
    for place, folders, names in os.walk(folder):  # which follows no link to a folder
        left_out += [_name(Path(place, each), folder) for each in folders if Path(place, each).is_symlink()]
        folders[:] = [each for each in folders if not each.startswith(".")]
        for name in names:
            path = Path(place, name)
            if name.startswith(".") or name.endswith(CHECKSUM):
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                left_out.append(_name(path, folder))
            elif path.is_file():
                found.append(LocalFile(path, _name(path, folder)))
    return sorted(found, key=lambda each: each.name), sorted(left_out)


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _in_s3(address: str, work_folder: Path) -> list[FileThere]:
    from lakehouse.aws import session  # importing boto3 takes a quarter of a second

    parts = urlsplit(address)
    bucket, key = parts.netloc, parts.path.lstrip("/")
    if not bucket:
        raise Misconfigured(f"{address}: expected s3://bucket/key or s3://bucket/prefix")
    s3 = session().client("s3")
    sizes: dict[str, int] = {}
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
            sizes.update({each["Key"]: each["Size"] for each in page.get("Contents", ())})
    except s3.exceptions.NoSuchBucket as error:
        raise Misconfigured(f"{address}: there is no such bucket") from error
    if key in sizes and not key.endswith("/"):
        wanted, start = [key], key.rfind("/") + 1
    else:
        folder = key if not key or key.endswith("/") else f"{key}/"
        wanted, start = [each for each in sizes if each.startswith(folder)], len(folder)
    return [
        S3File(s3, bucket, each, each[start:], sizes[each], has_checksum=each + CHECKSUM in sizes, to=work_folder)
        for each in sorted(wanted)
        if not each.endswith(("/", CHECKSUM)) and not any(part.startswith(".") for part in each[start:].split("/"))
    ]


def place_for_copies(work_folder: Path) -> Path:
    """The folder for copies of files and for sorting their rows; removes what killed runs left there a day ago."""
    place = work_folder / "imports"
    place.mkdir(exist_ok=True)
    for old in place.iterdir():
        with suppress(OSError):  # another run removes it
            if time.time() - old.stat().st_mtime > _KEPT_SECONDS:
                shutil.rmtree(old)
    return place
