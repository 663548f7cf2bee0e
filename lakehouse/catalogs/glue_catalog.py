"""Glue as the catalog: what it is told is bounded, and a commit whose answer was lost is known for what it is."""

from typing import Any

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException

from .commit_times import OrderedCommits

_OURS = "schemahub."
_LONGEST_COMMENT = 255
"""https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html"""


class LakeGlueCatalog(OrderedCommits, GlueCatalog):
    """pyiceberg's catalog, whose CommitFailedException means that the commit is not in the table.

    boto3 asks again where an answer was lost, and Glue then refuses what it has accepted: the version that was to be
    replaced is no longer the current one. pyiceberg takes that for a commit that never was, and removes the manifests
    of the snapshot that everybody reads by now.

    pyiceberg copies every property of a table into Glue's parameters, which Glue limits to 512,000 characters. Ours,
    of which there is one for each stream, stay in the table's metadata alone.
    """

    def _create_glue_table(self, database_name: str, table_name: str, table_input: Any) -> None:
        super()._create_glue_table(database_name, table_name, _bounded(table_input))

    def _update_glue_table(self, database_name: str, table_name: str, table_input: Any, version_id: str) -> None:
        try:
            super()._update_glue_table(database_name, table_name, _bounded(table_input), version_id)
        except CommitFailedException:
            ours = table_input["Parameters"]["metadata_location"]
            table = self.load_table((database_name, table_name))
            past = (entry.metadata_file for entry in table.metadata.metadata_log)
            if ours not in (table.metadata_location, *past):
                raise


def _bounded(table_input: Any) -> Any:
    parameters = {name: text for name, text in table_input["Parameters"].items() if not name.startswith(_OURS)}
    descriptor = table_input["StorageDescriptor"]
    columns = [
        column | {"Comment": column["Comment"][:_LONGEST_COMMENT]} if "Comment" in column else column
        for column in descriptor["Columns"]
    ]
    return table_input | {"Parameters": parameters, "StorageDescriptor": descriptor | {"Columns": columns}}
