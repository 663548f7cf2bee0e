"""Names that a person types."""

import difflib
from collections.abc import Iterable

from .errors import Misconfigured


def known(name: str, names: Iterable[str], *, what: str) -> str:
    """`name`, if it is one of `names`; otherwise raises Misconfigured with the nearest match and all choices."""
    choices = sorted(names)
    if name in choices:
        return name
    near = difflib.get_close_matches(name, choices, n=1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    raise Misconfigured(f"unknown {what} `{name}`: {hint}use one of: {', '.join(choices)}")
