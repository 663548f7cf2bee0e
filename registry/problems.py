"""What can be wrong in the registry, one line each, and how a line helps to put it right."""

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

_LONGEST_LINE = 2_000
_LONGEST_NAME = 200
"""What is longer was not meant as any of the known names, and would take long to compare."""


class RegistryError(Exception):
    """The registry has mistakes; `problems` holds one line for each, in the order of the files."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = [one_line(problem) for problem in problems]
        super().__init__("\n".join(self.problems))


def choices(wrong: str, known: Iterable[str]) -> str:
    """What could have been meant, for the end of a message.

    Example: ``did you mean `from_ms`? use one of: from_ms, from_s``
    """
    names = list(known)
    if not names:
        return "there is none to choose from"
    near = get_close_matches(wrong[:_LONGEST_NAME], names, n=1, cutoff=0.5)
    meant = f"did you mean `{near[0]}`? " if near else ""
    return f"{meant}use one of: {', '.join(names)}"


def one_line(text: str) -> str:
    """`text` on one line, of bounded length, with what a terminal would act on written out."""
    line = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in " ".join(text.split()))
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 3]}..."


def shown(value: Any) -> str:
    """A value as it stands in YAML, shortened."""
    text = json.dumps(value) if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
