"""A writer that races others for a Glue table: `python -m tests.simulator.aws.racing_writer <table> <first> <commits>`.

Says `ready` and waits for a line; then commits the numbers from `first` on, one a commit, without retries, and prints
those that were acknowledged.
"""

import os
import sys

import pyarrow as pa
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException


def main(table_name: str, first: int, commits: int) -> None:
    endpoint, region = os.environ["AWS_ENDPOINT_URL_S3"], os.environ["AWS_REGION"]
    catalog = GlueCatalog("schemahub", **{"s3.endpoint": endpoint, "s3.region": region})
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(first, first + commits):
        try:
            catalog.load_table(table_name).append(pa.table({"number": [number]}))
        except CommitFailedException:
            continue
        print(number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
