"""The settings for dbt on Athena take effect."""

from pathlib import Path

import boto3
import pytest

from registry.registry import Registry
from simulator.aws.local_athena import LocalAthena
from tests.athena.statements import execution_ids, executions_since
from tests.support.lake_under_test import LakeUnderTest
from tests.support.lakes import glue_home


def test_results_and_tables_go_where_the_settings_say(
    athena: LocalAthena, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with athena.in_use():
        lake = LakeUnderTest(glue_home(athena.new_bucket(), tmp_path), registry, tmp_path / "target")
        results, tables = f"s3://{athena.new_bucket()}/results/", f"s3://{athena.new_bucket()}/tables/"
        for staging, data in ((f"{lake.location}/.athena/", f"{lake.location}/"), (results, tables)):
            known = execution_ids()
            lake.dbt("seed")
            outputs = {each["ResultConfiguration"]["OutputLocation"] for each in executions_since(known)}
            assert outputs
            assert all(each.startswith(staging) for each in outputs)
            table = boto3.client("glue").get_table(DatabaseName="schemahub", Name="products")["Table"]
            assert table["StorageDescriptor"]["Location"].startswith(data)
            monkeypatch.setenv("SCHEMAHUB_S3_STAGING_DIR", results)
            monkeypatch.setenv("SCHEMAHUB_S3_DATA_DIR", tables)


def test_only_boto3_repeats_requests(
    athena: LocalAthena, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ("num_boto3_retries", "num_retries", "num_iceberg_retries", "threads")
    sql = "select " + ", ".join(f"{{{{ target.{name} }}}} as {name}" for name in settings)
    with athena.in_use():
        lake = LakeUnderTest(glue_home(athena.new_bucket(), tmp_path), registry, tmp_path / "target")
        monkeypatch.setenv("SCHEMAHUB_ATHENA_RETRIES", "7")
        monkeypatch.setenv("SCHEMAHUB_THREADS", "3")
        assert lake.query(sql) == [(7, 0, 0, 3)]
