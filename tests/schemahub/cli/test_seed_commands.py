"""Commands for loading run exactly as people type them, one after the other, on S3 and Glue."""

import json
import shlex
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
import yaml

from lakehouse.lake import identifier
from lakehouse.ledger import loads
from lakehouse.open import open_lake
from simulator.aws.local_aws import LocalAws
from simulator.exchanges import RunningSimulator
from tests.support.command_line import served
from tests.support.lakes import LakeHome
from tests.support.project_copy import copy_project, run

COMMANDS = """
python3 -m schemahub.cli update-seed --dry-run
python3 -m schemahub.cli update-seed --fetch --write
python3 -m schemahub.cli update-seed --fetch --write --merge
python3 -m schemahub.cli update-seed --fetch --write --filter-regex '.*-USD'
python3 -m schemahub.cli backfill --s3-bucket my-bucket --dry-run
python3 -m schemahub.cli ingest ETH-USD --s3-bucket my-bucket --before 705272900
python3 -m schemahub.cli backfill --s3-bucket my-bucket --workers 4 --resume
python3 -m schemahub.cli backfill --s3-bucket my-bucket --workers 4 --resume --checkpoint-s3
python3 -m schemahub.cli backfill --s3-bucket my-bucket --workers 2 --chunk-size 1000 --resume
python3 -m schemahub.cli ingest BTC-USD --s3-bucket my-bucket
python3 -m schemahub.cli ingest --s3-bucket my-bucket
python3 -m schemahub.cli ingest BTC-USD --s3-bucket my-bucket --skip-checkpoint
"""
"""In an order in which each has something to do."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.mark.slow
@pytest.mark.long
def test_every_command_runs_as_it_is_typed_and_each_trade_is_landed_once(
    aws: LocalAws, s3_home: LakeHome, exchanges: RunningSimulator, project: Path
) -> None:
    bucket = urlsplit(s3_home.location).netloc
    environment = {
        **exchanges.environment,
        **s3_home.environment,
        "SCHEMAHUB_SINCE": "2026-01-05",
        "SCHEMAHUB_CLOCK_TOLERANCE": "400d",
    }
    for command in COMMANDS.strip().splitlines():
        python, *arguments = shlex.split(command.replace("my-bucket", bucket))
        assert python == "python3"
        done = run(project, *arguments, **environment)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"

    seed = yaml.safe_load((project / "config/mappings/product_ids_seed.yaml").read_text())
    assert seed["product_ids"] == ["BTC-USD", "ETH-USD"]
    assert (seed["metadata"]["source"], seed["metadata"]["count"]) == ("coinbase", 2)

    lake = open_lake(f"s3://{bucket}")
    wanted = [each for each in served(exchanges, "BTC-USD", "ETH-USD") if each.exchange == "coinbase"]
    rows = lake.catalog.load_table(identifier("raw_coinbase_trades")).scan().to_arrow()
    found = Counter(zip(rows["product_id"].to_pylist(), map(int, rows["trade_id"].to_pylist()), strict=True))
    assert found == Counter(trade for product in wanted for trade in product.ids)
    counted = Counter[str]()
    for row in loads(lake):
        counted[row.stream] += row.row_count
    assert counted == {product.symbol: product.trades for product in wanted}

    s3 = boto3.client("s3")
    for product in wanted:
        local = json.loads((project / "state" / f"{product.symbol}.json").read_text())
        in_s3 = _json(s3, bucket, f"checkpoints/{product.symbol}.json")
        assert set(local) == set(in_s3) == {"last_trade_id", "trades_processed", "last_updated"}
        assert in_s3["last_trade_id"] == local["last_trade_id"] == product.last_id
        assert in_s3["trades_processed"] == product.trades
        of_ingest = _json(s3, bucket, f"ingest_checkpoints/{product.symbol}.json")
        assert set(of_ingest) == {"last_trade_id", "last_updated"}
        assert of_ingest["last_trade_id"] == product.last_id


def _json(s3: object, bucket: str, key: str) -> dict[str, object]:
    content: dict[str, object] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())  # type: ignore[attr-defined]
    return content
