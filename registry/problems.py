"""The error of the registry, with one line per problem, and the parts of such a line that help to fix it."""

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

_LONGEST_LINE = 2_000
_LONGEST_NAME = 200
"""The maximum number of characters compared with known names. Longer names match none, and comparing takes long."""


class RegistryError(Exception):
    """The registry has mistakes; `problems` holds one line for each, in the order of the files."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = [one_line(problem) for problem in problems]
        super().__init__("\n".join(self.problems))


def choices(wrong: str, known: Iterable[str]) -> str:
    """Suggestions for the end of a message: the nearest match, and all known names.

    Example: ``did you mean `from_ms`? use one of: from_ms, from_s``
    """
    names = list(known)
    if not names:
        return "there are none to choose from"
    near = get_close_matches(wrong[:_LONGEST_NAME], names, n=1, cutoff=0.5)
    meant = f"did you mean `{near[0]}`? " if near else ""
    return f"{meant}use one of: {', '.join(names)}"


def one_line(text: str) -> str:
    """`text` on one line of limited length, with unprintable characters escaped."""
    line = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in " ".join(text.split()))
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 3]}..."


def shown(value: Any) -> str:
    """A value as it is written in YAML, shortened."""
    text = json.dumps(value) if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
