"""What Athena takes for a statement. Pure.

Sources, read 2026-11-24: https://aws.amazon.com/athena/pricing/ (the price, what it is rounded to, what is free) and
https://calculator.aws/, which counts 1024 GB as a TB.
"""

DOLLARS_PER_TB = 5.0
"""In most regions; without provisioned capacity."""

MINIMUM_MB = 10
"""Of every statement that is not DDL and did not fail, also of one that reads nothing."""

_MB = 1024**2
_MB_PER_TB = 1024**2


def dollars(scanned_bytes: int) -> float:
    """The price of one statement that reads so many bytes."""
    return max(MINIMUM_MB, -(-scanned_bytes // _MB)) * DOLLARS_PER_TB / _MB_PER_TB
