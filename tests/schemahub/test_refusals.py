"""If one error led to another, the refusal that caused them is reported, and never one that was handled."""

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


class EntityNotFoundException(ClientError):  # like the one that boto3 creates from Glue's description
    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "EntityNotFoundException", "Message": "no table"}}, "GetTable")


def raised(outer: Exception, inner: Exception, *, cause: Exception | None = None) -> Exception:
    """`outer`, raised while `inner` was handled, and `from cause` if there is one."""
    outer.__context__ = inner
    if cause is not None:
        outer.__cause__ = cause
    return outer


def without_reason(outer: Exception, inner: Exception) -> Exception:
    """`outer`, raised `from None`."""
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
def test_the_refusal_that_is_the_cause_is_reported_and_no_other(case: str) -> None:
    error, line = CASES[case]
    assert refusal_behind(error()) == line


def test_a_refusal_becomes_our_error_and_other_errors_are_unchanged() -> None:
    with pytest.raises(AwsRefuses, match=THROTTLED), refusals_as_errors():
        raise throttled()
    for error in (ConcurrentWriter("ours"), ArrowInvalid("theirs"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as found, refusals_as_errors():
            raise error
        assert found.value is error
