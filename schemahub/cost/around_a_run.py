"""A run on Athena between its plan and its bill.

with cost_shown(lake, registry, console) as watch:
    run_dbt(lake, ["run"], watch=watch)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from loaders.aws_errors import in_one_line
from loaders.lake import Lake
from macros_gen.registry import Registry

from ..athena import is_on_athena
from .plan import plan_unify
from .scanned import AthenaQueries, scanned
from .tables import side_by_side


@contextmanager
def cost_shown(
    lake: Lake, registry: Registry, console: Console, *, full_refresh: bool = False
) -> Iterator[Callable[[Any], None] | None]:
    """Print, when the run has ended well, what it was planned to read and what Athena says it has read and takes.

    Yields what to hand to dbt as a callback; None where dbt runs on DuckDB, of which nothing is printed.
    """
    if not is_on_athena(lake):
        yield None
        return
    from botocore.exceptions import BotoCoreError, ClientError  # these take a while, which a local lake need not wait

    from loaders.aws import session

    plan = plan_unify(lake, registry, full_refresh=full_refresh)
    queries = AthenaQueries()
    yield queries
    try:
        console.print(side_by_side(plan, scanned(queries, session().client("athena"))))
    except (BotoCoreError, ClientError) as error:  # the run itself went well
        console.print(f"what was read is not known: {in_one_line(error)}", markup=False, soft_wrap=True)
