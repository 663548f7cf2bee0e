"""`python -m benchmarks [NAME…]`: measure and print the table of docs/performance.md; exit 1 if a bound is missed."""

import importlib
import os
import platform
import sys

BENCHMARKS = ("parsing", "landing", "unify", "growth")


def main(names: list[str]) -> int:
    """Return the exit status: 0 if every bound holds, 1 if one doesn't, 2 for an unknown name."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"error: unknown benchmark {', '.join(unknown)}; use: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    print(f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}\n")
    print("| what | measured | bound | holds | absolute |\n|---|---|---|---|---|", flush=True)
    all_hold = True
    for name in names or BENCHMARKS:
        for finding in importlib.import_module(f"benchmarks.{name}").findings():
            print(finding.row(), flush=True)
            all_hold &= finding.holds
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
