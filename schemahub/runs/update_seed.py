"""Requests an exchange's products, and writes its seed file."""

from fnmatch import fnmatchcase
from pathlib import Path

from lakehouse.errors import Misconfigured
from registry.config_files import SEED_FILES

from ..products import write_whole
from ..seeds import Seed, SeedUpdate, check_path, load_seed, matching, seed_text, updated_seed
from .context import RunContext
from .update_products import listed_products


def update_seed(
    context: RunContext, exchange: str, path: Path, *, merge: bool, regex: str | None, write: bool
) -> SeedUpdate:
    """Request what an exchange lists, and write it to the seed file at `path` if `write` says so.

    Raises:
        Misconfigured: the expression or the path can't be used, the file there is something else or of another
            exchange, or nothing is left to write.
    """
    matching([], regex)
    check_path(path)
    before = _before(path, exchange, merge=merge)
    response = listed_products(context, exchange)
    update = updated_seed(exchange, before, response, merge=merge, regex=regex, now=context.now())
    if write:
        write_whole(path, seed_text(update.seed))
    return update


def _before(path: Path, exchange: str, *, merge: bool) -> Seed | None:
    """What `path` holds now. A broken seed file counts as none where it is replaced as a whole."""
    if not path.exists():
        return None
    try:
        seed = load_seed(path)
    except Misconfigured as error:
        if path.is_file() and not merge and (path.stat().st_size == 0 or fnmatchcase(path.name, SEED_FILES)):
            return None
        raise Misconfigured(f"{error}, after you have deleted the file or named another --path") from error
    if seed.source not in ("", exchange):
        raise Misconfigured(
            f"{path}: holds products of {seed.source}, and would be overwritten with products of {exchange}; name "
            "another --path, or delete the file"
        )
    return seed
