"""The words of one domain, which code that works for any rows must not contain."""

import re

WORDS_OF_MARKETS = re.compile(r"(?<![a-z])(?:trade|symbol|exchange)s?(?![a-z])", re.IGNORECASE)
"""A pattern for these words, which also finds them within a name, such as `trade_ts`."""
