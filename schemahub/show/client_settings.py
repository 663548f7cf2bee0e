"""The settings with which Spark and Trino read a lake, as the text of their own files.

    spark_conf("s3://bucket/prefix", Aws("eu-west-1"))    spark-defaults.conf
    trino_conf("file:///data/lake", None)                 schemahub.properties, a Trino catalog

In both, tables are `schemahub.schemahub.<table>`. No credentials are written: both engines find AWS's by the standard
chain themselves.

Written from https://iceberg.apache.org/docs/latest/jdbc/ and …/aws/, and for Trino from
https://trino.io/docs/current/object-storage/metastores.html, …/file-system-s3.html and …/file-system-local.html
(November 2026); releases after the one named here use the name `fs.s3.enabled` for `fs.native-s3.enabled`.
"""

from collections.abc import Iterable
from pathlib import Path

from lakehouse.layout import CATALOG, NAMESPACE

from ..runs.aws_in_use import Aws

_ICEBERG = "1.10.0"
_TRINO = "476"
_SPARK_RUNTIME = f"org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:{_ICEBERG}"
_AWS_BUNDLE = f"org.apache.iceberg:iceberg-aws-bundle:{_ICEBERG}"
_SQLITE_DRIVER = "org.xerial:sqlite-jdbc:3.50.3.0"

_SPARK_CATALOG = f"spark.sql.catalog.{CATALOG}"  # its rows in SQLite carry this name too

_TABLES = f"Tables are {CATALOG}.{NAMESPACE}.<table>; times are UTC."

_LAYOUT = "V1"
"""The layout of the SQL catalog: Iceberg knows two, and pyiceberg uses the one with the column `iceberg_type`."""

_READ_ONLY = "1"
"""SQLITE_OPEN_READONLY. Without it a missing file would be created as an empty catalog."""

_Settings = dict[str, str | None]


def spark_conf(location: str, aws: Aws | None) -> str:
    """Lines of spark-defaults.conf, for the lake at `file://` and a folder, or in `aws` at `s3://bucket/prefix`."""
    if aws is None:
        packages, catalog = [_SPARK_RUNTIME, _SQLITE_DRIVER], _spark_on_sqlite(location)
    else:
        packages, catalog = [_SPARK_RUNTIME, _AWS_BUNDLE], _spark_on_glue(aws)
    settings = {
        "spark.jars.packages": ",".join(packages),
        _SPARK_CATALOG: "org.apache.iceberg.spark.SparkCatalog",
        **{f"{_SPARK_CATALOG}.{name}": value for name, value in catalog.items()},
        f"{_SPARK_CATALOG}.warehouse": location,
        "spark.sql.session.timeZone": "UTC",
    }
    comments = [
        f"Spark 4.0 on {location}: lines of spark-defaults.conf.",
        _TABLES,
        "spark.jars.packages is what --packages names; take it out where Spark has these jars already.",
    ]
    return _text(comments, settings, separator=" ")


def trino_conf(location: str, aws: Aws | None) -> str:
    """A Trino catalog file, for the lake at `file://` and a folder, or in `aws` at `s3://bucket/prefix`."""
    comments = [f"Trino {_TRINO} on {location}: save as etc/catalog/{CATALOG}.properties.", _TABLES]
    if aws is None:
        comments.append(
            f"Trino has no driver for SQLite: put the jar of {_SQLITE_DRIVER} in its folder plugin/iceberg."
        )
        catalog = _trino_on_sqlite(location)
    else:
        catalog = _trino_on_glue(aws)
    settings = {"connector.name": "iceberg", "iceberg.security": "read_only", **catalog}
    return _text(comments, settings, separator="=")


def _spark_on_sqlite(location: str) -> _Settings:
    return {
        "type": "jdbc",
        "uri": f"jdbc:sqlite:{_catalog_file(location)}",
        "jdbc.schema-version": _LAYOUT,
        "jdbc.open_mode": _READ_ONLY,
    }


def _spark_on_glue(aws: Aws) -> _Settings:
    return {
        "type": "glue",
        "client.region": aws.region,
        "glue.endpoint": aws.glue_endpoint,
        "s3.endpoint": aws.s3_endpoint,
        "s3.path-style-access": _by_path(aws),
    }


def _trino_on_sqlite(location: str) -> _Settings:
    return {
        "iceberg.catalog.type": "jdbc",
        "iceberg.jdbc-catalog.driver-class": "org.sqlite.JDBC",
        "iceberg.jdbc-catalog.connection-url": f"jdbc:sqlite:{_catalog_file(location)}?open_mode={_READ_ONLY}",
        "iceberg.jdbc-catalog.catalog-name": CATALOG,
        "iceberg.jdbc-catalog.schema-version": _LAYOUT,
        "iceberg.jdbc-catalog.default-warehouse-dir": location,
        "fs.native-local.enabled": "true",
        "local.location": "/",  # where the paths of `file://` addresses begin
    }


def _trino_on_glue(aws: Aws) -> _Settings:
    return {
        "iceberg.catalog.type": "glue",
        "hive.metastore.glue.region": aws.region,
        "hive.metastore.glue.endpoint-url": aws.glue_endpoint,
        "fs.native-s3.enabled": "true",
        "s3.region": aws.region,
        "s3.endpoint": aws.s3_endpoint,
        "s3.path-style-access": _by_path(aws),
    }


def _catalog_file(location: str) -> Path:
    return Path(location.removeprefix("file://"), "catalog.db")


# a substitute for S3 has no host name for each bucket
def _by_path(aws: Aws) -> str | None:
    return "true" if aws.s3_endpoint else None


def _text(comments: Iterable[str], settings: _Settings, *, separator: str) -> str:
    lines = [f"# {comment}" for comment in comments]
    lines += [f"{name}{separator}{_escaped(value)}" for name, value in settings.items() if value is not None]
    return "\n".join(lines) + "\n"


# both are files of Java properties, which Trino reads as Latin-1
def _escaped(value: str) -> str:
    utf_16 = value.replace("\\", "\\\\").encode("utf-16-be")
    units = [int.from_bytes(utf_16[at : at + 2], "big") for at in range(0, len(utf_16), 2)]
    return "".join(chr(unit) if unit < 128 else f"\\u{unit:04x}" for unit in units)
