"""The names of dbt's models and seeds: which ones the project has besides the generated ones, and which ones clash.

dbt and the lake know a table by its name alone, so a name that two of them share breaks every run.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .declarations import Target
from .problems import choices

ALWAYS_GENERATED = ("pending_loads", "products", "unified_loads")
"""The generated models and seeds whose names no file of `config/` gives."""

_STORED_MARTS = "dbt_project/models/marts/stored"


@dataclass(frozen=True)
class Named:
    """A table or a view that gets its name from a file of `config/`."""

    name: str
    file: str
    key: str
    what: str


def written_models(root: Path) -> dict[str, str]:
    """The models and seeds that are not generated, by name: each one's path relative to `root`, in order of paths."""
    found = (path for kind in ("models", "seeds") for path in (root / "dbt_project" / kind).rglob("*"))
    files = sorted(path.relative_to(root) for path in found if path.suffix in {".csv", ".py", ".sql"})
    return {file.stem: file.as_posix() for file in files if "generated" not in file.parts}


def clashes(named: Iterable[Named], taken: dict[str, str]) -> Iterator[str]:
    """Why names can't be used; `taken` says what has a name already. Of two with the same name the later is wrong."""
    owners = dict(taken)
    for each in named:
        if each.name in owners:
            same = f"the {each.what} `{each.name}` has the name of {owners[each.name]}"
            yield f"{each.file}: {each.key}: {same}; choose another name"
        owners.setdefault(each.name, f"the {each.what} of {each.file}")


def stored_mart_problems(target: Target, written: dict[str, str]) -> Iterator[str]:
    stored = [name for name, file in written.items() if Path(file).is_relative_to(_STORED_MARTS)]
    for mart in target.stored_marts:
        if mart not in stored:
            yield f"stored_marts: `{mart}` is no model in {_STORED_MARTS}; {choices(mart, stored)}"
