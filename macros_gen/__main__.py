"""`python -m macros_gen [--check]`: write the generated dbt files, or say which ones are stale."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from registry.registry import PROJECT, RegistryError, load_registry

from .files import differences, write
from .render import render


def main(arguments: list[str] | None = None) -> int:
    """Write or check the generated files, and return the exit status.

    It is 0 if all files were written or are up to date, and 1 if the registry has mistakes, if files are stale, or if a
    file can't be written.
    """
    options = _parser().parse_args(arguments)
    root: Path = options.root.resolve()
    try:
        wanted = render(load_registry(root))
        if options.check:
            return _check(root, wanted)
        write(root, wanted)
    except RegistryError as error:
        print("\n".join(error.problems), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename}: can't be written: {error.strerror}", file=sys.stderr)
        return 1
    print(f"wrote {len(wanted)} files")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m macros_gen", description="Generate the dbt project's files.")
    parser.add_argument("--check", action="store_true", help="write nothing; list the stale files and exit with 1")
    parser.add_argument("--root", type=Path, default=PROJECT, help="the project's folder (default: this project)")
    return parser


def _check(root: Path, wanted: Mapping[str, str]) -> int:
    stale = differences(root, wanted)
    for line in stale:
        print(line, file=sys.stderr)
    if stale:
        print("run: schemahub generate", file=sys.stderr)
        return 1
    print(f"{len(wanted)} generated files are up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
