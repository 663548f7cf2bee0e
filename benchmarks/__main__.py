"""`python -m benchmarks [NAME…]`: measure and print the table of docs/performance.md.

The exit status is 0 if every bound holds, 1 if one doesn't or a result is wrong, and 2 if nothing could be measured. At
the small size, bounds are printed and not judged.
"""

import argparse
import importlib
import os
import platform
import sys
from collections.abc import Callable, Sequence

from .measure import CannotMeasure, is_installed
from .size import NORMAL, SIZES, Size

BENCHMARKS: dict[str, tuple[str, ...]] = {
    "parsing": (),
    "stream": (),
    "landing": (),
    "peers": ("ccxt",),
    "backfill": ("ccxt",),
    "bulk": (),
    "live": (),
    "live_page": ("nicegui",),
    "replay_page": (),
    "unify": (),
    "growth": (),
    "commands": (),
    "pipeline": (),
}
"""The packages of the extra `peers` that each benchmark needs."""


def main(arguments: Sequence[str], *, is_installed: Callable[[str], bool] = is_installed) -> int:
    """Return the exit status. `is_installed` says whether a package is there."""
    options = _options(arguments)
    names = options.names or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        return _refuse(f"unknown benchmark {', '.join(unknown)}; use: {', '.join(BENCHMARKS)}")
    needed = dict.fromkeys(package for name in names for package in BENCHMARKS[name])
    missing = [package for package in needed if not is_installed(package)]
    if missing and not options.skip_missing_peers:
        are, them = ("isn't", "it") if len(missing) == 1 else ("aren't", "them")
        return _refuse(
            f"{' and '.join(missing)} {are} installed; `make bench` installs {them}, "
            "--skip-missing-peers measures the rest"
        )
    size = SIZES[options.size]
    print(f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, size {size.name}")
    for peer in missing:
        print(f"left out: {peer}, which isn't installed; `make bench` installs it")
    print("\n| what | measured | bound | holds | absolute |\n|---|---|---|---|---|", flush=True)
    all_hold = True
    try:
        for name in names:
            all_hold &= _measured(name, size)
    except CannotMeasure as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0 if all_hold or not size.is_judged else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed against yardsticks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"by default all: {', '.join(BENCHMARKS)}")
    parser.add_argument("--size", choices=SIZES, default=NORMAL.name)
    parser.add_argument("--skip-missing-peers", action="store_true", help="measure without peers not installed")
    return parser.parse_args(arguments)


def _refuse(problem: str) -> int:
    print(f"error: {problem}", file=sys.stderr)
    return 2


def _measured(name: str, size: Size) -> bool:
    """Print the findings of a benchmark, and return whether all of them are within their bounds."""
    all_hold = True
    for finding in importlib.import_module(f"benchmarks.{name}").findings(size):
        print(finding.row(is_judged=size.is_judged), flush=True)
        all_hold &= finding.holds
    return all_hold


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
