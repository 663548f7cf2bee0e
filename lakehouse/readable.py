"""Errors that are caused by missing or damaged files of a lake, in one line that names the file."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import LakeUnavailable, SchemaHubError
from .lake import Lake
from .troubles import trouble


@contextmanager
def readable(lake: Lake, name: str) -> Iterator[None]:
    """Turn an error caused by a missing or damaged file of a table into one line that names the file."""
    try:
        yield
    except Exception as error:
        if _is_answer(error) or trouble(error) or _is_of_aws(error):
            raise
        damage = _damage(lake, name)
        if damage is None and not _is_of_readers(error):
            raise
        reason = damage or " ".join(str(error).split()) or type(error).__name__
        raise LakeUnavailable(
            f"`{name}` of {lake.location} can't be read because one of its files is missing or damaged: {reason}; "
            "a lake must stay where it was created; `schemahub repair` shows what it would restore"
        ) from error


def check_whole(lake: Lake, name: str) -> None:
    """Raise LakeUnavailable, naming the file, if a file of a table's current state is missing or damaged."""
    if lake.is_there and (damage := _damage(lake, name)):
        raise LakeUnavailable(
            f"`{name}` of {lake.location} is damaged: {damage}; `schemahub repair` shows what it would restore"
        )


def _damage(lake: Lake, name: str) -> str | None:
    address = lake.metadata_address(name)
    if address is None:
        return None
    from pyiceberg.io import load_file_io  # only now, because importing pyiceberg takes most of a second

    from .repair.whole_state import damage_of

    damage = damage_of(address, load_file_io(lake.catalog.properties, address))
    return str(damage) if damage else None


def _is_answer(error: Exception) -> bool:
    """Whether an error is not caused by a damaged file."""
    from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, TableAlreadyExistsError

    return isinstance(error, (SchemaHubError, CommitFailedException, NoSuchTableError, TableAlreadyExistsError))


def _is_of_readers(error: Exception) -> bool:
    """Whether DuckDB, pyarrow or pyiceberg raise such errors for a damaged file; pyiceberg's Avro reader raises any."""
    import pyarrow as pa
    from pyiceberg.exceptions import ResolveError, ValidationError

    # where it isn't loaded, or not even installed, nobody can have raised its errors
    duckdb = sys.modules.get("duckdb")
    of_duckdb = (duckdb.Error,) if duckdb else ()
    of_others = (OSError, ValueError, EOFError, pa.ArrowException, ResolveError, ValidationError)
    return isinstance(error, of_others + of_duckdb)


def _is_of_aws(error: Exception) -> bool:
    is_of_s3 = isinstance(error, OSError) and not isinstance(error, FileNotFoundError) and "AWS Error" in str(error)
    return is_of_s3 or type(error).__module__.startswith("botocore")
