"""The lake on S3 and Glue: where it gets its credentials, and how it reports that AWS refuses."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest

from lakehouse.errors import LakeUnavailable, Misconfigured
from lakehouse.glue import GlueLake
from lakehouse.open import open_lake
from lakehouse.tables import ensure_table
from simulator.aws.local_aws import LocalAws
from tests.support.connectors import CONNECTORS
from tests.support.lakes import LakeHome
from tests.support.landings import every_id_once, land_up_to, landed_ids

SECRET = "wJalrXUtnFEMIsecretKEY"


def test_tables_are_readable_by_athena(s3_home: LakeHome) -> None:
    lake = s3_home.open()
    table = ensure_table(lake, CONNECTORS["binance"].raw.table)
    found = boto3.client("glue").get_table(DatabaseName="schemahub", Name="raw_binance_trades")["Table"]
    assert found["TableType"] == "EXTERNAL_TABLE"
    assert found["Parameters"]["table_type"] == "ICEBERG"
    assert found["Parameters"]["metadata_location"] == table.metadata_location
    assert found["StorageDescriptor"]["Location"] == f"{s3_home.location}/schemahub/raw_binance_trades"
    types = {column["Name"]: column["Type"] for column in found["StorageDescriptor"]["Columns"]}
    assert (types["time"], types["price"], types["is_buyer_maker"]) == ("timestamp", "double", "boolean")


def test_a_trailing_slash_names_the_same_lake(s3_home: LakeHome) -> None:
    assert open_lake(s3_home.location + "/").location == s3_home.location


def test_credentials_come_from_a_profile(s3_home: LakeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text(f"[trader]\naws_access_key_id=AKIAPROFILE\naws_secret_access_key={SECRET}\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "trader")
    table = ensure_table(s3_home.open(), CONNECTORS["kraken"].raw.table)
    assert table.io.properties["s3.access-key-id"] == "AKIAPROFILE"
    stored = str(boto3.Session().client("glue").get_table(DatabaseName="schemahub", Name="raw_kraken_trades"))
    assert SECRET not in stored + table.metadata.model_dump_json()


def test_a_service_description_is_read_once_and_not_by_each_session(s3_home: LakeHome) -> None:
    loaders = {id(boto3.Session()._session.get_component("data_loader")) for _ in range(2)}
    assert len(loaders) == 1


def test_renewed_credentials_reach_the_file_system(s3_home: LakeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = s3_home.open()
    assert isinstance(lake, GlueLake)
    first = lake.catalog
    assert lake.catalog is first
    monkeypatch.setattr(lake._session.get_credentials(), "access_key", "RENEWED")
    assert lake.catalog.properties["s3.access-key-id"] == "RENEWED"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "no AWS credentials were found for s3://"),
        ({"AWS_SECRET_ACCESS_KEY": None}, "no AWS credentials were found for s3://"),
        ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found; AWS_PROFILE names it"),
        ({"AWS_REGION": None, "AWS_DEFAULT_REGION": None}, "no AWS region was found"),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"}, "AWS can't be reached for s3://"),
        ({"AWS_ENDPOINT_URL_S3": "localhost:4566"}, "no request can be sent to AWS for s3://"),
    ],
    ids=["none", "half", "profile", "region", "unreachable", "no address"],
)
def test_missing_aws_settings_are_reported_in_one_line(
    s3_home: LakeHome, changes: dict[str, str | None], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for name, value in changes.items():
        monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    with pytest.raises(LakeUnavailable) as caught:
        s3_home.open()
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


def test_a_missing_bucket_is_reported_in_one_line(s3_home: LakeHome) -> None:
    with pytest.raises(LakeUnavailable, match="there is no such bucket for s3://nowhere-at-all/prefix; `make aws-boot"):
        open_lake("s3://nowhere-at-all/prefix")


@pytest.mark.parametrize(
    "location",
    ["s3://", "s3:///prefix", "s3://bucket?x=1", "s3://b/p", "s3://Bucket/p", "s3://bucket//p", "s3://bucket/a//b",
     "s3://bucket/a/../b", "s3://bucket/./a", "s3://bucket/a%20b", "s3://bucket/prefix?x=1", "s3://bucket/a\nb",
     "s3:/bucket/prefix", "s3a://bucket/prefix", "S3://bucket/prefix"],
)  # fmt: skip
def test_an_invalid_address_is_refused(aws: LocalAws, location: str) -> None:
    with pytest.raises(Misconfigured, match=r"expected (a folder, such as ./lake, or )?s3://bucket/prefix"):
        open_lake(location)


def test_keys_in_an_address_are_not_repeated(aws: LocalAws) -> None:
    with pytest.raises(Misconfigured) as caught:
        open_lake(f"s3://AKIAIOSFODNN7EXAMPLE:{SECRET}@bucket/prefix")
    assert str(caught.value) == "lake 's3://…@bucket/prefix': expected s3://bucket/prefix, with the name of a bucket"


@pytest.mark.parametrize("prefix", ["", "a b", "ünï", "a+b", "a=1/b&c"])
def test_rows_landed_under_any_prefix_are_read_back(s3_home: LakeHome, prefix: str) -> None:
    bucket = s3_home.location.split("/")[2]
    lake = open_lake(f"s3://{bucket}/{prefix}")
    land_up_to(lake, 10)
    land_up_to(lake, 20)
    assert landed_ids(lake) == every_id_once(20)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ExpiredToken", "AWS does not accept the credentials for s3://bucket/prefix (ExpiredToken); name a profile"),
        ("InvalidAccessKeyId", "AWS does not accept the credentials for s3://bucket/prefix (InvalidAccessKeyId); name"),
        ("AccessDenied", "AWS refuses ListObjectsV2 for s3://bucket/prefix: not you; the role or user needs perm"),
    ],
)
def test_the_reason_of_a_refusal_is_requested_if_s3_gives_only_a_status(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    class S3(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(400 if code == "ExpiredToken" else 403)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(400 if code == "ExpiredToken" else 403)
            self.end_headers()
            self.wfile.write(f"<Error><Code>{code}</Code><Message>not you</Message></Error>".encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), S3) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(LakeUnavailable) as caught:
            open_lake("s3://bucket/prefix")
        server.shutdown()
    assert str(caught.value).startswith(reason)


def test_an_endpoint_of_a_vpc_reaches_the_file_system(s3_home: LakeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = s3_home.open()
    assert isinstance(lake, GlueLake)
    for endpoint, handed_on in (
        ("https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com", True),
        ("https://s3.eu-central-1.amazonaws.com", False),
        ("https://s3.amazonaws.com", False),
        ("https://s3.cn-north-1.amazonaws.com.cn", False),
    ):
        monkeypatch.setattr(lake._s3.meta, "_endpoint_url", endpoint)
        assert ("s3.endpoint" in lake._file_system(None)) == handed_on


def test_a_work_folder_that_can_not_be_created_is_named(
    s3_home: LakeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(LakeUnavailable, match="name another with XDG_CACHE_HOME"):
        _ = s3_home.open().work_folder
