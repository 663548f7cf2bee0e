"""The words of one domain, which what works for any rows must not know."""

import re

WORDS_OF_MARKETS = re.compile(r"(?<![a-z])(?:trade|symbol|exchange)s?(?![a-z])", re.IGNORECASE)
"""Also as a part of a name, such as `trade_ts`."""
