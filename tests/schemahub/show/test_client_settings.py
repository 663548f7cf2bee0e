from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.local import LocalLake
from schemahub.runs.aws_in_use import Aws, aws_in_use
from schemahub.show.client_settings import spark_conf, trino_conf
from simulator.aws.local_aws import LocalAws
from tests.support.command_line import Cli
from tests.support.lakes import LakeHome, glue_home

FOLDER = "file:///data/lake"
BUCKET = "s3://bucket/some/prefix"
IRELAND = Aws("eu-west-1")
ELSEWHERE = Aws("us-east-1", "http://127.0.0.1:5001", "http://127.0.0.1:5002")

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAKEEPTHISTOYOURSELF",
    "AWS_SECRET_ACCESS_KEY": "kept-secret",
    "AWS_SESSION_TOKEN": "kept-secret-too",
}


def settings(text: str, separator: str) -> dict[str, str]:
    lines = [line.partition(separator) for line in text.splitlines() if not line.startswith("#")]
    assert all(found for _, found, _ in lines)
    return {name: value for name, _, value in lines}


def test_spark_opens_a_folder_through_its_sqlite_catalog() -> None:
    assert settings(spark_conf(FOLDER, None), " ") == {
        "spark.jars.packages": (
            "org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:1.10.0,org.xerial:sqlite-jdbc:3.50.3.0"
        ),
        "spark.sql.catalog.schemahub": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.schemahub.type": "jdbc",
        "spark.sql.catalog.schemahub.uri": "jdbc:sqlite:/data/lake/catalog.db",
        "spark.sql.catalog.schemahub.jdbc.schema-version": "V1",
        "spark.sql.catalog.schemahub.jdbc.open_mode": "1",
        "spark.sql.catalog.schemahub.warehouse": "file:///data/lake",
        "spark.sql.session.timeZone": "UTC",
    }


def test_spark_opens_a_bucket_through_glue() -> None:
    assert settings(spark_conf(BUCKET, IRELAND), " ") == {
        "spark.jars.packages": (
            "org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:1.10.0,org.apache.iceberg:iceberg-aws-bundle:1.10.0"
        ),
        "spark.sql.catalog.schemahub": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.schemahub.type": "glue",
        "spark.sql.catalog.schemahub.client.region": "eu-west-1",
        "spark.sql.catalog.schemahub.warehouse": "s3://bucket/some/prefix",
        "spark.sql.session.timeZone": "UTC",
    }


def test_trino_opens_a_folder_through_its_sqlite_catalog() -> None:
    assert settings(trino_conf(FOLDER, None), "=") == {
        "connector.name": "iceberg",
        "iceberg.security": "read_only",
        "iceberg.catalog.type": "jdbc",
        "iceberg.jdbc-catalog.driver-class": "org.sqlite.JDBC",
        "iceberg.jdbc-catalog.connection-url": "jdbc:sqlite:/data/lake/catalog.db?open_mode=1",
        "iceberg.jdbc-catalog.catalog-name": "schemahub",
        "iceberg.jdbc-catalog.schema-version": "V1",
        "iceberg.jdbc-catalog.default-warehouse-dir": "file:///data/lake",
        "fs.native-local.enabled": "true",
        "local.location": "/",
    }


def test_trino_opens_a_bucket_through_glue() -> None:
    assert settings(trino_conf(BUCKET, IRELAND), "=") == {
        "connector.name": "iceberg",
        "iceberg.security": "read_only",
        "iceberg.catalog.type": "glue",
        "hive.metastore.glue.region": "eu-west-1",
        "fs.native-s3.enabled": "true",
        "s3.region": "eu-west-1",
    }


def test_addresses_other_than_those_of_aws_are_passed_on() -> None:
    catalog = "spark.sql.catalog.schemahub"
    assert settings(spark_conf(BUCKET, ELSEWHERE), " ").items() >= {
        (f"{catalog}.glue.endpoint", "http://127.0.0.1:5001"),
        (f"{catalog}.s3.endpoint", "http://127.0.0.1:5002"),
        (f"{catalog}.s3.path-style-access", "true"),
    }
    assert settings(trino_conf(BUCKET, ELSEWHERE), "=").items() >= {
        ("hive.metastore.glue.endpoint-url", "http://127.0.0.1:5001"),
        ("s3.endpoint", "http://127.0.0.1:5002"),
        ("s3.path-style-access", "true"),
    }


def test_an_unknown_region_is_left_to_the_engines() -> None:
    assert "region" not in spark_conf(BUCKET, Aws())
    assert "region" not in trino_conf(BUCKET, Aws())


@pytest.mark.parametrize("conf", [spark_conf, trino_conf])
def test_the_first_lines_name_the_lake_and_its_tables(
    conf: Callable[[str, Aws | None], str],
) -> None:
    for location, aws in ((FOLDER, None), (BUCKET, IRELAND)):
        comments = [line for line in conf(location, aws).splitlines() if line.startswith("# ")]
        assert location in comments[0]
        assert "schemahub.schemahub.<table>" in comments[1]


def test_the_jar_that_trino_lacks_is_named() -> None:
    assert "org.xerial:sqlite-jdbc:" in trino_conf(FOLDER, None)
    assert "sqlite" not in trino_conf(BUCKET, IRELAND)


def test_paths_are_written_as_java_reads_them() -> None:
    written = settings(trino_conf("file:///data/Jos\u00e9's lake\\\U0001f40b", None), "=")
    expected = r"jdbc:sqlite:/data/Jos\u00e9's lake\\\ud83d\udc0b/catalog.db?open_mode=1"
    assert written["iceberg.jdbc-catalog.connection-url"] == expected


@pytest.mark.parametrize(
    ("variables", "glue", "s3"),
    [
        ({}, None, None),
        ({"AWS_ENDPOINT_URL": "http://a"}, "http://a", "http://a"),
        ({"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_S3": "http://b"}, "http://a", "http://b"),
        ({"AWS_ENDPOINT_URL_GLUE": "http://c"}, "http://c", None),
    ],
    ids=["none", "all", "all and S3", "Glue"],
)
def test_region_and_addresses_are_those_that_boto3_uses(
    monkeypatch: pytest.MonkeyPatch,
    s3_home: LakeHome,
    variables: dict[str, str],
    glue: str | None,
    s3: str | None,
) -> None:
    lake = s3_home.open()
    for name in ("AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_GLUE", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"AWS_DEFAULT_REGION": "eu-west-1", **variables}.items():
        monkeypatch.setenv(name, value)
    assert aws_in_use(lake) == Aws("eu-west-1", glue, s3)


def test_a_lake_in_a_folder_needs_no_settings_of_aws(lake: LocalLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert aws_in_use(lake) is None


@pytest.fixture(scope="module")
def landed(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("landed") / "lake"
    finished = cli("run", "ingest", "kraken", "--symbols", "BTC-USD", lake=lake)
    assert finished.returncode == 0, finished.stderr
    return lake


CONFS = {"spark-conf": spark_conf, "trino-conf": trino_conf}


@pytest.mark.parametrize("command", CONFS)
def test_a_command_prints_the_file_and_nothing_else(cli: Cli, landed: Path, command: str) -> None:
    printed = cli(command, lake=landed, **SECRETS, AWS_PROFILE="nobody")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout == CONFS[command](f"file://{landed}", None)


@pytest.mark.parametrize("command", CONFS)
def test_no_secret_is_printed_for_a_lake_in_a_bucket(cli: Cli, aws: LocalAws, tmp_path: Path, command: str) -> None:
    home = glue_home(aws.new_bucket(), tmp_path)
    printed = cli(command, lake=home.location, **{**home.environment, **aws.environment, **SECRETS})
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout == CONFS[command](home.location, Aws("us-east-1", aws.endpoint, aws.s3_endpoint))
    assert not any(secret in printed.stdout for secret in SECRETS.values())
