"""Whether a state of a table is whole: its metadata, manifest list, manifests and data files are all there.

A state is one metadata file. What its current snapshot does not reach is not looked at, for nobody reads it.
"""

from collections.abc import Iterator
from contextlib import closing

from pyiceberg.io import FileIO
from pyiceberg.manifest import DataFile, FileFormat, read_manifest_list
from pyiceberg.serializers import FromInputFile
from pyiceberg.table.metadata import TableMetadata

_PARQUET = b"PAR1"
"""How a Parquet file begins and ends."""


class Damage(Exception):
    """What is wrong with one file of a table: its address, and for example "is empty"."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address} {reason}")


def damage_of(metadata_address: str, io: FileIO) -> Damage | None:
    """The first damaged file of a state; None where it is whole."""
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
        raise Damage(address, f"is no metadata of a table, of {len(content)} bytes") from error


def data_files(metadata: TableMetadata, io: FileIO) -> Iterator[DataFile]:
    """The data and delete files of the current snapshot; raises Damage where what names them is damaged."""
    if (snapshot := metadata.current_snapshot()) is None:
        return
    _read(snapshot.manifest_list, io)
    try:
        manifests = list(read_manifest_list(io.new_input(snapshot.manifest_list)))
    except Exception as error:
        raise Damage(snapshot.manifest_list, "is no list of manifests") from error
    for manifest in manifests:
        _read(manifest.manifest_path, io)
        try:
            entries = manifest.fetch_manifest_entry(io, discard_deleted=True)
        except Exception as error:
            raise Damage(manifest.manifest_path, "is no manifest") from error
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
        raise Damage(file.file_path, f"has {size:,} bytes in place of {file.file_size_in_bytes:,}")
    if file.file_format == FileFormat.PARQUET:
        with closing(found.open()) as stream:
            begins = stream.read(len(_PARQUET))
            stream.seek(size - len(_PARQUET))
            if begins != _PARQUET or stream.read(len(_PARQUET)) != _PARQUET:
                raise Damage(file.file_path, "is no Parquet file")
