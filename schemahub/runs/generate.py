"""Write the files that are generated from `config/`, or compare them."""

from pathlib import Path

from lakehouse.errors import Misconfigured, TerminalError
from macros_gen.files import differences, write
from macros_gen.render import render
from registry.registry import load_registry

from ..settings import PROJECT


class StaleFiles(TerminalError):
    """Generated files don't match `config/`; the message has one line for each."""


def generate(root: Path = PROJECT) -> int:
    """Write the generated files of the project in `root` if they are stale, and return their number.

    Raises RegistryError for mistakes in `config/`, and Misconfigured if a file can't be written.
    """
    wanted = render(load_registry(root))
    try:
        if differences(root, wanted):
            write(root, wanted)
    except OSError as error:
        raise Misconfigured(f"{error.filename}: can't be written: {error.strerror}") from error
    return len(wanted)


def check_generated(root: Path = PROJECT) -> int:
    """Return the number of generated files; raises StaleFiles if some don't match `config/`."""
    wanted = render(load_registry(root))
    if stale := differences(root, wanted):
        raise StaleFiles("\n".join([*stale, "run `schemahub generate`"]))
    return len(wanted)
