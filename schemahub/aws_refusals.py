"""What AWS refuses, or the machine, wherever it comes up, as an error of this project's."""

from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse.errors import LakeUnavailable, SchemaHubError, TerminalError
from lakehouse.troubles import trouble

_WRAPPERS = ("dbt", "dbt_common", "dlt", "pyiceberg")
"""Packages that raise their own errors in place of those of boto3 and pyarrow, not always naming them as the cause."""

_ASKED = "EntityNotFoundException"
"""How Glue answers pyiceberg's question whether something is there: no reason of what else goes wrong."""


class AwsRefuses(TerminalError):
    """AWS, or the way to it, refused what was asked."""


@contextmanager
def refusals_in_one_line() -> Iterator[None]:
    """Raise AwsRefuses or LakeUnavailable in place of an error that comes of a refusal; others go on as they are."""
    try:
        yield
    except SchemaHubError:
        raise
    except Exception as error:
        if line := refusal(error):
            raise AwsRefuses(line) from error
        if line := trouble(error):
            raise LakeUnavailable(line) from error
        raise


def refusal(error: BaseException) -> str | None:
    """What AWS said, in one line, where an error comes of a refusal; else None."""
    from lakehouse.aws_errors import in_one_line  # botocore takes a tenth of a second, which only a failure need wait

    reason: BaseException | None = error
    while reason is not None and (reason is error or type(reason).__name__ != _ASKED):
        if line := in_one_line(reason):
            return line
        reason = reason.__cause__ or _wrapped(reason)
    return None


def _wrapped(error: BaseException) -> BaseException | None:
    is_wrapper = type(error).__module__.partition(".")[0] in _WRAPPERS
    return error.__context__ if is_wrapper and not error.__suppress_context__ else None
