"""What Athena charges for statements. Pure.

Sources, read 2026-11-24: https://aws.amazon.com/athena/pricing/ (the price, how it is rounded, and what is free) and
https://calculator.aws/, which counts 1024 GB as one TB.
"""

DOLLARS_PER_TB = 5.0
"""The price per TB read, in most regions and without provisioned capacity."""

MINIMUM_MB = 10
"""The least that is billed for every statement that is not DDL and did not fail, even if it reads nothing."""

_MB = 1024**2
_MB_PER_TB = 1024**2


def dollars(scanned_bytes: int, *, statements: int = 1) -> float:
    """Return the least that this number of statements can cost if they read `scanned_bytes` in total.

    For one statement this is the exact price.
    """
    return max(MINIMUM_MB * statements, -(-scanned_bytes // _MB)) * DOLLARS_PER_TB / _MB_PER_TB


def dollars_at_most(scanned_bytes: int, statements: int) -> float:
    """Return the most that this number of statements can cost if they read `scanned_bytes` in total."""
    return dollars(scanned_bytes + MINIMUM_MB * _MB * statements)
