"""Turns refusals by AWS or by the machine, wherever they occur, into errors of this project."""

from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse.errors import LakeUnavailable, SchemaHubError, TerminalError
from lakehouse.troubles import trouble

_WRAPPERS = ("dbt", "dbt_common", "dlt", "pyiceberg")
"""Packages that replace errors of boto3 and pyarrow with their own, and don't always keep the original as the cause."""

_NOT_FOUND = "EntityNotFoundException"
"""Glue's ordinary reply where pyiceberg asks whether something exists; never the cause of a failure."""


class AwsRefuses(TerminalError):
    """AWS, or the connection to it, refused a request."""


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    """Raise AwsRefuses or LakeUnavailable instead of an error that a refusal caused; others pass unchanged."""
    try:
        yield
    except SchemaHubError:
        raise
    except Exception as error:
        if line := refusal_behind(error):
            raise AwsRefuses(line) from error
        if line := trouble(error):
            raise LakeUnavailable(line) from error
        raise


def refusal_behind(error: BaseException) -> str | None:
    """One line about the AWS refusal that caused an error; None if the error has another cause."""
    # importing botocore takes a tenth of a second, which only a failure needs
    from lakehouse.aws_errors import aws_refusal

    reason: BaseException | None = error
    while reason is not None and (reason is error or type(reason).__name__ != _NOT_FOUND):
        if line := aws_refusal(reason):
            return line
        reason = reason.__cause__ or _wrapped(reason)
    return None


def _wrapped(error: BaseException) -> BaseException | None:
    is_wrapper = type(error).__module__.partition(".")[0] in _WRAPPERS
    return error.__context__ if is_wrapper and not error.__suppress_context__ else None
