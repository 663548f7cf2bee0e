"""The AWS that a lake is in: its region and the addresses of its services."""

import os
from dataclasses import dataclass

from lakehouse.lake import Lake

from ..dbt.athena import region


@dataclass(frozen=True)
class Aws:
    """The AWS of a lake. Other engines find what is None by themselves."""

    region: str | None = None
    glue_endpoint: str | None = None
    s3_endpoint: str | None = None


def aws_in_use(lake: Lake) -> Aws | None:
    """The AWS that the loaders use: its region, and addresses only if AWS_ENDPOINT_URL* names other ones than AWS's.

    None for a lake in a folder, which uses no AWS and sends it no request.
    """
    if lake.engine == "duckdb":
        return None
    everything = os.environ.get("AWS_ENDPOINT_URL")
    return Aws(
        region() or None,
        os.environ.get("AWS_ENDPOINT_URL_GLUE") or everything,
        os.environ.get("AWS_ENDPOINT_URL_S3") or everything,
    )
