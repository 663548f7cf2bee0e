"""`python -m macros_gen [--check]`: write the generated dbt files, or say which ones are stale."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .registry import PROJECT, RegistryError, load_registry
from .render import FOLDERS, render


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done or up to date, 1 mistakes in the registry or stale files."""
    options = _parser().parse_args(arguments)
    root: Path = options.root.resolve()
    try:
        wanted = render(load_registry(root))
    except RegistryError as error:
        print("\n".join(error.problems), file=sys.stderr)
        return 1
    if options.check:
        return _check(root, wanted)
    write(root, wanted)
    print(f"wrote {len(wanted)} files")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m macros_gen", description="Generate the dbt project's files.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and list what is stale")
    parser.add_argument("--root", type=Path, default=PROJECT, help="the project's folder (default: this project)")
    return parser


def _check(root: Path, wanted: Mapping[str, str]) -> int:
    stale = differences(root, wanted)
    for line in stale:
        print(line, file=sys.stderr)
    if stale:
        print("run: python -m macros_gen", file=sys.stderr)
        return 1
    print(f"{len(wanted)} generated files are up to date")
    return 0


def differences(root: Path, wanted: Mapping[str, str]) -> list[str]:
    """What the tree has otherwise than `wanted`, a line for each file."""
    found = {path.relative_to(root).as_posix(): path for folder in FOLDERS for path in _files(root / folder)}
    lines = [f"missing: {path}" for path in wanted.keys() - found.keys()]
    lines += [f"not generated: {path}" for path in found.keys() - wanted.keys()]
    lines += [
        f"stale: {path}" for path in wanted.keys() & found.keys() if found[path].read_bytes() != wanted[path].encode()
    ]
    return sorted(lines, key=lambda line: line.partition(": ")[2])


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def write(root: Path, wanted: Mapping[str, str]) -> None:
    """Replace the generated folders; everything is written aside first, so that an error leaves the old ones."""
    with tempfile.TemporaryDirectory(prefix=".generated-", dir=root) as aside:
        new, old = Path(aside, "new"), Path(aside, "old")
        for path, text in wanted.items():
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).write_text(text, encoding="utf-8", newline="\n")
        for folder in FOLDERS:
            if (root / folder).exists():
                (old / folder).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(root / folder, old / folder)
            if (new / folder).exists():
                (root / folder).parent.mkdir(parents=True, exist_ok=True)
                (new / folder).rename(root / folder)


if __name__ == "__main__":
    sys.exit(main())
