"""What dbt does before its first model, done ahead: while exchanges are waited for, in a thread."""

from importlib import import_module
from typing import Any

from lakehouse.lake import Lake

from ..settings import Settings
from .run import docs_folder, start_catalog

_ADAPTERS = {
    "duckdb": ("profiles.local_iceberg", "dbt.adapters.duckdb.credentials", "DuckDBCredentials"),
    "athena": ("dbt.adapters.athena", "dbt.adapters.athena.connections", "AthenaCredentials"),
}
"""For each engine: the module that imports dbt's adapter, and where the class of its credentials is."""


def prepare_dbt(lake: Lake, settings: Settings) -> None:
    """Import what `run_dbt` needs, which takes two seconds, and start the catalog process."""
    start_catalog(lake, settings)
    adapter, module, credentials = _ADAPTERS[lake.engine]
    for each in ("dbt.cli.main", adapter):
        import_module(each)
    _generate(getattr(import_module(module), credentials))
    from dbt.contracts.graph.manifest import Manifest

    project = docs_folder(lake, settings) / "partial_parse.msgpack"
    if project.exists():
        Manifest.from_msgpack(project.read_bytes())  # its code is generated for the first file that is read


def _generate(credentials: Any) -> None:
    """Let dbt generate the schemas that it checks a project with; it keeps them as long as the process lives."""
    from dbt.contracts.project import Configuration, PackageConfig, ProfileConfig, Project, ProjectFlags
    from dbt.contracts.selection import SelectorFile

    for each in (Configuration, PackageConfig, ProfileConfig, Project, ProjectFlags, SelectorFile, credentials):
        each.json_schema()
