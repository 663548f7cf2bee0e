"""The `SCHEMAHUB_*` environment variables: which there are, and what is wrong with those that are set."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping

from loaders.connectors import connector_names

PREFIX = "SCHEMAHUB_"

_TEXT = (r".+", "some text")
_PLACE_IN_S3 = (r"s3://.+", "an address that begins with s3://")
FORMS: Mapping[str, tuple[str, str]] = {
    "WORK_GROUP": _TEXT,
    "S3_STAGING_DIR": _PLACE_IN_S3,
    "S3_DATA_DIR": _PLACE_IN_S3,
    "THREADS": (r"[1-9][0-9]{0,2}", "a whole number from 1 on"),
    "ATHENA_RETRIES": (r"[0-9]{1,3}", "a whole number from 0 on"),
    "ATHENA_POLL_SECONDS": (r"(?!0+(\.0*)?$)[0-9]{1,5}(\.[0-9]{1,6})?", "a number of seconds above 0"),
    "MEMORY_LIMIT": (r"(?i:[0-9]+(\.[0-9]+)? ?[KMGT]i?B)", "a size such as 4GB"),
    "CATALOG_LOG": _TEXT,
    "DBT_TARGET_PATH": _TEXT,
    "DEBUG": (r"[01]", "0 or 1"),
}
"""What is read elsewhere than in the settings: of each variable a pattern and what is expected, in words."""


def variable_problems(settings: Iterable[str], environment: Mapping[str, str]) -> Iterator[str]:
    """One line for each variable that is no setting but nearly one, or whose value dbt would stumble over.

    `settings` are the names of what is set in `config/schemahub.yaml` too. A variable that is like none of ours is left
    alone, since others may use the prefix.
    """
    urls = [f"{name.upper()}_URL" for name in connector_names()]
    known = [*(name.upper() for name in settings), *FORMS, *urls]
    for variable, value in sorted(environment.items()):
        name = variable.removeprefix(PREFIX)
        if name == variable or not value:
            continue
        if name not in known:
            near = difflib.get_close_matches(name[:100], known, n=1, cutoff=0.75)
            yield from (f"{variable} is no setting; did you mean {PREFIX}{meant}?" for meant in near)
        elif name in FORMS and not re.fullmatch(FORMS[name][0], value):
            yield f"{variable} is {value!r}; expected {FORMS[name][1]}"
