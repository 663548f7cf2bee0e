"""Glue as the catalog: metadata within Glue's limits, and commits that are recognised when their response was lost."""

from typing import Any

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException

from .commit_times import OrderedCommits

_OURS = "schemahub."
_LONGEST_COMMENT = 255
"""Glue's limit in characters: https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html"""


class LakeGlueCatalog(OrderedCommits, GlueCatalog):
    """pyiceberg's Glue catalog, in which CommitFailedException always means that the commit is not in the table.

    CommitStateUnknownException means that this can't be told, because other writers have filled the table's log of
    metadata files since. Only what the commit carried, such as the id of a load, can then tell.

    When a response is lost, boto3 sends the request again, and Glue then refuses what it has already accepted: the
    version to be replaced is no longer the current one. pyiceberg would take that for a failed commit and remove the
    manifests of a snapshot that everybody already reads.

    pyiceberg copies every property of a table into Glue's parameters, which Glue limits to 512,000 characters. Our own
    properties, one for each stream, are kept only in the table's metadata.
    """

    def _create_glue_table(self, database_name: str, table_name: str, table_input: Any) -> None:
        super()._create_glue_table(database_name, table_name, _bounded(table_input))

    def _update_glue_table(self, database_name: str, table_name: str, table_input: Any, version_id: str) -> None:
        try:
            super()._update_glue_table(database_name, table_name, _bounded(table_input), version_id)
        except CommitFailedException as refused:
            ours = table_input["Parameters"]["metadata_location"]
            replaced = table_input["Parameters"]["previous_metadata_location"]
            table = self.load_table((database_name, table_name))
            log = [table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)]
            if ours in log:
                return
            if replaced not in log:
                raise CommitStateUnknownException(
                    f"`{table_name}` was written so often that its log no longer shows whether this commit succeeded"
                ) from refused
            raise


def _bounded(table_input: Any) -> Any:
    parameters = {name: text for name, text in table_input["Parameters"].items() if not name.startswith(_OURS)}
    descriptor = table_input["StorageDescriptor"]
    columns = [
        column | {"Comment": column["Comment"][:_LONGEST_COMMENT]} if "Comment" in column else column
        for column in descriptor["Columns"]
    ]
    return table_input | {"Parameters": parameters, "StorageDescriptor": descriptor | {"Columns": columns}}
