"""What Athena takes for statements. Pure.

Sources, read 2026-11-24: https://aws.amazon.com/athena/pricing/ (the price, what it is rounded to, what is free) and
https://calculator.aws/, which counts 1024 GB as a TB.
"""

DOLLARS_PER_TB = 5.0
"""Price of a terabyte in most regions, without provisioned capacity."""

MINIMUM_MB = 10
"""The fewest bytes billed for a statement, even if it reads nothing. DDL and failed statements are free."""

_MB = 1024**2
_MB_PER_TB = 1024**2


def dollars(scanned_bytes: int, *, statements: int = 1) -> float:
    """The least price of so many statements that read so many bytes together; that of one statement exactly."""
    return max(MINIMUM_MB * statements, -(-scanned_bytes // _MB)) * DOLLARS_PER_TB / _MB_PER_TB


def dollars_at_most(scanned_bytes: int, statements: int) -> float:
    """The most that so many statements can cost that read so many bytes together."""
    return dollars(scanned_bytes + MINIMUM_MB * _MB * statements)
