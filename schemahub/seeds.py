"""Seed files: which products of an exchange to load, by the names that the exchange gives them.

    product_ids:
      - BTC-USD
      - ETH-USD
    delisted:                      # only if there are any; each is in `product_ids` too
      - ETH-USD
    metadata:
      source: coinbase
      last_updated: 2026-01-05T12:00:00Z
      count: 2

A seed file says what to load; what a name means is in `config/products/`. The file is the user's and may be edited by
hand: `metadata` may be left out, and `count` is for people and isn't compared. `delisted` names products that
`update-seed --merge` kept although the exchange no longer lists them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, Field

from lakehouse.errors import Misconfigured
from lakehouse.names import known
from lakehouse.printable import printable
from loaders.connector import ListedProduct
from loaders.connectors import connector_names
from registry.config_files import SEED_FILES
from registry.declarations import Declaration, checked
from registry.problems import RegistryError, shown
from registry.products import Name
from registry.read_config import read_config
from registry.yaml_file import yaml_text

from .products import remark, usable
from .settings import PROJECT

_FIRST = "coinbase"
"""The exchange whose seed file's name doesn't mention it."""
_LONGEST_REGEX = 1_000
_MOST_PROBLEMS = 2
"""The maximum number of mistakes in one line after the first."""


def _path_problem(name: str) -> str | None:
    # checkpoints and archives are named after products
    return f"{shown(name)} looks like a path" if any(each in name for each in "/\\") or name.startswith(".") else None


def _each_once(names: list[str]) -> list[str]:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"{shown(twice[0])} is listed more than once; keep one")
    return names


_ProductId = Annotated[Name, checked(_path_problem)]
_ProductIds = Annotated[list[_ProductId], AfterValidator(_each_once)]


class _Metadata(Declaration):
    source: Name
    last_updated: str = ""
    count: int = 0


class _SeedFile(Declaration):
    product_ids: _ProductIds = Field(min_length=1)
    delisted: _ProductIds = Field(default_factory=list)
    metadata: _Metadata | None = None


@dataclass(frozen=True)
class Seed:
    """The content of a seed file; names are sorted."""

    product_ids: tuple[str, ...]
    """Every name, those of `delisted` too."""
    delisted: tuple[str, ...] = ()
    source: str = ""
    """The exchange; empty if the file doesn't say."""
    last_updated: str = ""
    """ISO 8601 in UTC with a Z, as in the file; empty if the file doesn't say."""

    @property
    def to_load(self) -> list[str]:
        """The products that the exchange lists, as far as the file says."""
        gone = set(self.delisted)
        return [name for name in self.product_ids if name not in gone]


@dataclass(frozen=True)
class SeedUpdate:
    """A seed to write, and what it changes: remarks of one line each, with a bounded number of names."""

    seed: Seed
    new: int
    kept: int
    gone: int
    """The names of the former seed that are not in this one."""
    remarks: tuple[str, ...]


def seed_path(exchange: str) -> Path:
    """Where the seed file of an exchange is by default; raises Misconfigured if there is no such exchange."""
    ending = "" if known(exchange, connector_names(), what="exchange") == _FIRST else f"_{exchange}"
    return PROJECT / "config" / "mappings" / f"product_ids_seed{ending}.yaml"


def check_path(path: Path) -> None:
    """Raise Misconfigured if a seed file at `path` would be taken for another file of the project's config."""
    config = PROJECT / "config"
    folder = path.absolute().parent.resolve()
    if folder.is_relative_to(config.resolve()) and not (
        folder == (config / "mappings").resolve() and fnmatchcase(path.name, SEED_FILES)
    ):
        raise Misconfigured(
            f"{path}: a seed file within config/ must be named config/mappings/{SEED_FILES}, because other files there "
            "have other meanings; name another --path"
        )


def read_seed(path: Path, *, exchange: str | None = None) -> list[str]:
    """The products to load, sorted: those of the seed file, without those that it marks as delisted.

    Args:
        path: the seed file.
        exchange: the exchange that it must be of, if it says.

    Raises:
        Misconfigured: there is no such file, it is not a seed file, or it is of another exchange. The message is one
            line that names the file, says what was expected, and what to do.
    """
    seed = load_seed(path, exchange=exchange or "")
    if exchange and seed.source not in ("", exchange):
        raise Misconfigured(
            f"{path}: holds products of {seed.source}, expected products of {exchange}; "
            f"`{_command(exchange)}` writes {seed_path(exchange).relative_to(PROJECT)}"
        )
    return seed.to_load


def load_seed(path: Path, *, exchange: str = "") -> Seed:
    """The content of a seed file; raises Misconfigured, see `read_seed`, and then names a command for `exchange`."""
    if not path.exists():
        raise Misconfigured(f"{path}: there is no such seed file; write it with `{_command(exchange)}`")
    try:
        found = read_config(path, _SeedFile, shown_as=str(path))
        if stray := sorted(set(found.delisted) - set(found.product_ids)):
            raise RegistryError([f"{path}: delisted: {shown(stray[0])} is not in product_ids"])
    except RegistryError as error:
        first, *others = (printable(problem.removeprefix(f"{path}: "), 300) for problem in error.problems)
        more = f" (and {len(others) - _MOST_PROBLEMS:,} more mistakes)" if len(others) > _MOST_PROBLEMS else ""
        name = "" if first.startswith(str(path)) else f"{path}: "
        raise Misconfigured(
            f"{name}{'; '.join([first, *others[:_MOST_PROBLEMS]])}{more}; expected a list of names below "
            f"`product_ids`: correct the file, or write it again with `{_command(exchange)}`"
        ) from error
    meta = found.metadata
    return Seed(
        tuple(sorted(found.product_ids)),
        tuple(sorted(found.delisted)),
        meta.source if meta else "",
        printable(meta.last_updated, 40) if meta else "",
    )


def updated_seed(
    exchange: str,
    before: Seed | None,
    response: Iterable[ListedProduct],
    *,
    merge: bool,
    regex: str | None,
    now: datetime,
) -> SeedUpdate:
    """The seed after an exchange's response.

    Args:
        exchange: the exchange's name.
        before: the seed until now; None if there is none.
        response: what the exchange lists now.
        merge: keep every name of `before`, and mark those that the exchange no longer lists.
        regex: add only names that match it as a whole; see `matching`.
        now: the time, UTC without a zone.

    Raises:
        Misconfigured: nothing is left, so the file should be kept unchanged.
    """
    found, unusable = usable(response)
    unusable += (paths := [name for name in found if _path_problem(name)])
    listed = sorted(set(found) - set(paths))
    if not listed:
        raise Misconfigured(f"{exchange} lists no product that can be used, so its seed file is kept; try again later")
    chosen = matching(listed, regex)
    former = set(before.product_ids) if before else set()
    if not chosen and not (merge and former):
        raise Misconfigured(
            f"--filter-regex: none of the {len(listed):,} products of {exchange} matches {printable(regex or '', 100)}"
            f", for example {printable(listed[0], 60)}; the whole name must match, so begin or end with .* where "
            "anything may stand"
        )
    names = sorted({*chosen, *(former if merge else ())})
    delisted = sorted(set(names) - set(listed))
    new, gone = sorted(set(names) - former), sorted(former - set(names))
    remarks = (
        remark("new", new),
        remark("gone", gone),
        remark("no longer listed, and kept because of --merge", delisted),
        remark("with a name that can't be used", unusable),
    )
    seed = Seed(tuple(names), tuple(delisted), exchange, f"{now:%Y-%m-%dT%H:%M:%SZ}")
    return SeedUpdate(seed, len(new), len(former) - len(gone), len(gone), tuple(filter(None, remarks)))


def matching(names: Sequence[str], regex: str | None) -> list[str]:
    """The names that match a regular expression as a whole; all of them without one.

    The expression is one of RE2, whose time grows linearly with the length of the name whatever the expression is. RE2
    has no look-arounds and no back-references. Raises Misconfigured if it isn't such an expression.
    """
    if regex is None:
        return list(names)
    if len(regex) > _LONGEST_REGEX:
        raise Misconfigured(f"--filter-regex has {len(regex):,} characters, expected at most {_LONGEST_REGEX:,}")
    try:
        texts = pa.array(names, pa.string())
        pc.match_substring_regex(pa.array([""]), regex)  # alone, because what is added below may make it valid
        is_match = pc.match_substring_regex(texts, f"^(?:{regex})$")
    except (pa.ArrowInvalid, UnicodeError) as error:
        reason = printable(str(error).removeprefix("Invalid regular expression: "), 200)
        raise Misconfigured(
            f"--filter-regex: {printable(regex, 100)!r} is not a regular expression that can be used: {reason}; "
            "expected one of RE2 such as .*-USD, without look-arounds and back-references"
        ) from error
    found: list[str] = texts.filter(is_match).to_pylist()
    return found


def seed_text(seed: Seed) -> str:
    """The text of a seed file: the same for the same seed."""
    names = {"product_ids": list(seed.product_ids)}
    if seed.delisted:
        names["delisted"] = list(seed.delisted)
    # the time without quotes, so that YAML readers take it for one
    return yaml_text(names, block=True) + (
        f"metadata:\n  source: {seed.source}\n  last_updated: {seed.last_updated}\n  count: {len(seed.product_ids)}\n"
    )


def _command(exchange: str) -> str:
    return "schemahub update-seed --fetch --write" + ("" if exchange in ("", _FIRST) else f" --exchange {exchange}")
