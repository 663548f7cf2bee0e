"""What can be wrong in the registry, one line each, and how a line helps to put it right."""

from collections.abc import Iterable
from difflib import get_close_matches


class RegistryError(Exception):
    """The registry has mistakes; `problems` holds one line for each, in the order of the files."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


def choices(wrong: str, known: Iterable[str]) -> str:
    """What could have been meant, for the end of a message.

    Example: ``did you mean `from_ms`? use one of: from_ms, from_s``
    """
    names = list(known)
    if not names:
        return "there is none to choose from"
    near = get_close_matches(wrong, names, n=1, cutoff=0.5)
    meant = f"did you mean `{near[0]}`? " if near else ""
    return f"{meant}use one of: {', '.join(names)}"


def one_line(text: str) -> str:
    return " ".join(text.split())
