"""An exchange's archives of days and months as a first step of `backfill`."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from lakehouse.errors import Misconfigured
from lakehouse.ledger import LedgerRow
from lakehouse.printable import without_password
from loaders.bulk import BulkFiles
from loaders.channels.file_fetcher import FileFetcher
from loaders.channels.rate_limit import RateLimiter
from loaders.connector import Connector
from loaders.connectors import load_bulk
from loaders.landing.archive_plan import FromArchives
from loaders.landing.archives import Archives
from loaders.landing.take_over import ROWS_OF_A_LOAD

from ..settings import base_url, bulk_url
from ..simulated_lake import is_simulated
from ..variables import bulk_url_variable
from .context import RunContext
from .files_given import place_for_copies

_ATTEMPTS = 4
"""How often an archive is requested at most: REST has the same trades."""


@dataclass(frozen=True)
class ArchiveHost:
    """Where a run finds an exchange's archives."""

    context: RunContext
    connector: Connector
    files: BulkFiles
    url: str
    """The base URL, which may contain a user and a password."""

    @classmethod
    def of(cls, context: RunContext, connector: Connector) -> "ArchiveHost | None":
        """The host of an exchange's archives; None if it has none, or the settings name only another API.

        Raises:
            Misconfigured: the address is wrong, or real trades would be added to a lake of simulated ones.
        """
        files = load_bulk(connector.name)
        url = None if files is None else bulk_url(connector.name, files, context.settings)
        if files is None or url is None:
            return None
        api = base_url(connector, context.settings.urls)
        if is_simulated(context.lake) and urlsplit(url).netloc != urlsplit(api).netloc:
            raise Misconfigured(
                f"{context.settings.lake} holds simulated trades of `make demo`, and {without_password(url)} may have "
                f"others; set {bulk_url_variable(connector.name)} to the host of the simulator, or add --no-bulk"
            )
        return cls(context, connector, files, url)

    def take(
        self,
        wanted: Sequence[FromArchives],
        *,
        rows_of_a_load: int,
        on_rows: Callable[[str, int], None],
        on_landed: Callable[[list[LedgerRow]], None],
        on_wait: Callable[[float, str], None] | None,
    ) -> list[str]:
        """Land what archives have of what is wanted, and return warnings; what they lack stays lacking.

        A load is committed every `rows_of_a_load` rows, and at the end of each archive.
        """
        context, connector = self.context, self.connector
        with FileFetcher(
            connector,
            self.url,
            attempts=_ATTEMPTS,
            now=context.now,
            on_wait=on_wait,
            limiter=RateLimiter(self.files.budget, clock=time.monotonic),
            variable=bulk_url_variable(connector.name),
        ) as fetcher:
            archives = Archives(
                context.lake,
                connector.raw,
                self.files,
                fetcher,
                place_for_copies(context.lake.work_folder),
                context.now,
                min(ROWS_OF_A_LOAD, rows_of_a_load),
                on_rows,
                on_landed,
            )
            archives.take(wanted)
        return [f"{connector.name} {line}" for line in archives.warnings]
