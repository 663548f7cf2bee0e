"""The `SCHEMAHUB_*` environment variables: their names, and which of those that are set are unknown."""

import difflib
from collections.abc import Iterable, Iterator, Mapping

PREFIX = "SCHEMAHUB_"

OPTIONS = (
    "exchange",
    "products",
    "seed_path",
    "from",
    "to",
    "workers",
    "chunk_size",
    "flush_every",
    "checkpoint_s3",
    "bulk",
    "token",
)
"""The options of commands that a variable can set too, but no file."""

_LONGEST_NAME = 100
"""The longest name that is compared with the known ones. A longer one isn't a misspelling, and comparing it takes long.
"""


def variable(field: str) -> str:
    """The name of a setting's variable."""
    return f"{PREFIX}{field.upper()}"


def url_variable(exchange: str) -> str:
    """The name of the variable for the base URL of an exchange's API."""
    return variable(f"{exchange}_url")


def stream_url_variable(exchange: str) -> str:
    """The name of the variable for the address of an exchange's WebSocket."""
    return variable(f"{exchange}_stream_url")


def bulk_url_variable(exchange: str) -> str:
    """The name of the variable for the base URL of an exchange's bulk files."""
    return variable(f"{exchange}_bulk_url")


def unknown_variables(known: Iterable[str], environment: Mapping[str, str]) -> Iterator[str]:
    """One line for each variable with our prefix that is not one of `known`. An empty one counts as not set."""
    names = sorted(name.removeprefix(PREFIX) for name in known)
    for name, value in sorted(environment.items()):
        found = name.removeprefix(PREFIX)[:_LONGEST_NAME]
        if name.startswith(PREFIX) and value and found not in names:
            near = difflib.get_close_matches(found, names, n=1, cutoff=0.7)
            hint = (
                f"did you mean {PREFIX}{near[0]}?"
                if near
                else "README.md lists all settings, and the prefix is reserved for them"
            )
            yield f"{PREFIX}{found} is not a setting; {hint}"
