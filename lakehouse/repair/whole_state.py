"""Check whether a state of a table is complete: its metadata, manifest list, manifests and data files are undamaged.

A state is one metadata file. Files that its current snapshot doesn't refer to are not checked, because nothing reads
them.
"""

from collections.abc import Iterator
from contextlib import closing

from pyiceberg.io import FileIO
from pyiceberg.manifest import DataFile, FileFormat, read_manifest_list
from pyiceberg.serializers import FromInputFile
from pyiceberg.table.metadata import TableMetadata

_PARQUET = b"PAR1"
"""The bytes with which a Parquet file begins and ends."""


class Damage(Exception):
    """A file of a table is damaged; the message is its address and the damage, for example "is empty"."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address} {reason}")


def damage_of(metadata_address: str, io: FileIO) -> Damage | None:
    """The first damage found in a state; None if the state is complete."""
    try:
        for file in data_files(read_metadata(metadata_address, io), io):
            _check(file, io)
    except Damage as damage:
        return damage
    return None


def read_metadata(address: str, io: FileIO) -> TableMetadata:
    """The metadata at an address; raises Damage."""
    content = _read(address, io)
    try:
        return FromInputFile.table_metadata(io.new_input(address))
    except Exception as error:
        raise Damage(address, f"is not a table's metadata, although it has {len(content)} bytes") from error


def data_files(metadata: TableMetadata, io: FileIO) -> Iterator[DataFile]:
    """The data and delete files of the current snapshot; raises Damage if a file that lists them is damaged."""
    if (snapshot := metadata.current_snapshot()) is None:
        return
    _read(snapshot.manifest_list, io)
    try:
        manifests = list(read_manifest_list(io.new_input(snapshot.manifest_list)))
    except Exception as error:
        raise Damage(snapshot.manifest_list, "is not a list of manifests") from error
    for manifest in manifests:
        _read(manifest.manifest_path, io)
        try:
            entries = manifest.fetch_manifest_entry(io, discard_deleted=True)
        except Exception as error:
            raise Damage(manifest.manifest_path, "is not a manifest") from error
        yield from (entry.data_file for entry in entries)


def _read(address: str, io: FileIO) -> bytes:
    try:
        with closing(io.new_input(address).open()) as stream:
            content = bytes(stream.read())
    except FileNotFoundError as error:
        raise Damage(address, "is missing") from error
    if not content:
        raise Damage(address, "is empty")
    return content


def _check(file: DataFile, io: FileIO) -> None:
    found = io.new_input(file.file_path)
    try:
        size = len(found)
    except FileNotFoundError as error:
        raise Damage(file.file_path, "is missing") from error
    if size != file.file_size_in_bytes:
        raise Damage(file.file_path, f"has {size:,} bytes instead of {file.file_size_in_bytes:,}")
    if file.file_format == FileFormat.PARQUET:
        with closing(found.open()) as stream:
            begins = stream.read(len(_PARQUET))
            stream.seek(size - len(_PARQUET))
            if begins != _PARQUET or stream.read(len(_PARQUET)) != _PARQUET:
                raise Damage(file.file_path, "is not a Parquet file")
