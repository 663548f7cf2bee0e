"""Which error is told where one came of another: the refusal that is the reason, and never one that was dealt with."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError
from pyarrow import ArrowInvalid
from pyiceberg.exceptions import CommitStateUnknownException, NoSuchTableError

from lakehouse.errors import ConcurrentWriter
from schemahub.refusals import AwsRefuses, refusal_behind, refusals_as_errors

THROTTLED = "AWS refuses GetTable: ThrottlingException: slow down"


def throttled() -> ClientError:
    return ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "GetTable")


class EntityNotFoundException(ClientError):  # as boto3 makes it from Glue's description
    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "EntityNotFoundException", "Message": "no table"}}, "GetTable")


def raised(outer: Exception, inner: Exception, *, cause: Exception | None = None) -> Exception:
    """`outer` as it is when it was raised while `inner` was handled, `from cause` if there is one."""
    outer.__context__ = inner
    if cause is not None:
        outer.__cause__ = cause
    return outer


def without_reason(outer: Exception, inner: Exception) -> Exception:
    """`outer` as it is when it was raised `from None`."""
    outer.__context__, outer.__cause__ = inner, None
    return outer


CASES: dict[str, tuple[Callable[[], Exception], str | None]] = {
    "the refusal itself": (throttled, THROTTLED),
    "pyarrow's": (lambda: OSError("AWS Error NETWORK_CONNECTION"), "S3 failed: AWS Error NETWORK_CONNECTION"),
    "its cause": (lambda: raised(ValueError("x"), KeyError(), cause=throttled()), THROTTLED),
    "wrapped by pyiceberg": (lambda: raised(CommitStateUnknownException("x"), throttled()), THROTTLED),
    "handled before": (lambda: raised(ArrowInvalid("real"), throttled()), None),
    "suppressed": (lambda: without_reason(CommitStateUnknownException("x"), throttled()), None),
    "a table that was looked for": (
        lambda: raised(CommitStateUnknownException("real"), raised(NoSuchTableError(), EntityNotFoundException())),
        None,
    ),
    "a table that Glue itself lacks": (
        EntityNotFoundException,
        "AWS refuses GetTable: EntityNotFoundException: no table",
    ),
    "none": (lambda: ValueError("AWS"), None),
}


@pytest.mark.parametrize("case", CASES)
def test_the_refusal_that_is_the_reason_is_told_and_no_other(case: str) -> None:
    error, line = CASES[case]
    assert refusal_behind(error()) == line


def test_a_refusal_becomes_an_error_of_ours_and_others_stay_what_they_are() -> None:
    with pytest.raises(AwsRefuses, match=THROTTLED), refusals_as_errors():
        raise throttled()
    for error in (ConcurrentWriter("ours"), ArrowInvalid("theirs"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as found, refusals_as_errors():
            raise error
        assert found.value is error
