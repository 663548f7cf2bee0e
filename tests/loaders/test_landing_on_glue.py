"""Landing on Glue if responses get lost, others write at the same moment, or the table belongs to another lake."""

import json
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lakehouse.errors import ConcurrentWriter, LakeUnavailable, Misconfigured
from lakehouse.glue import _PROMPT, GlueLake
from lakehouse.lake import identifier
from lakehouse.ledger import LEDGER, loads
from lakehouse.locks.s3_lock import LEASE
from loaders.landing.dlt_job import land
from simulator.aws.local_aws import LocalAws
from tests.support.lakes import LakeHome
from tests.support.landing_program import MARKETS, RAW, pieces
from tests.support.landings import DATA, every_id_once, land_up_to, landed_ids, load_in_progress, run_program
from tests.support.lost_answers import Answer, lost_answers

LOST = {"__type": "InternalServiceException", "Message": "try again"}


class LosesCommits:
    """Loses the responses to the first `times` commits of a table."""

    def __init__(self, table: str, times: int) -> None:
        self._table, self._left = table, times

    def __call__(self, operation: str, request: Answer, _: Answer) -> Answer | None:
        is_commit = operation == "UpdateTable" and request["TableInput"]["Name"] == self._table
        if not is_commit or not self._left:
            return None
        self._left -= 1
        return LOST


def assert_landed_once(s3_home: LakeHome, last_id: int) -> None:
    lake = s3_home.open()
    assert landed_ids(lake) == every_id_once(last_id)
    ledger = loads(lake)
    for market in MARKETS:
        spans = sorted((int(row.first_id), int(row.last_id)) for row in ledger if row.stream == market)
        assert [first for first, _ in spans] == [1, *(last + 1 for _, last in spans[:-1])]
        assert spans[-1][1] == last_id


@pytest.mark.parametrize("table", [RAW.name, LEDGER])
def test_a_commit_whose_response_was_lost_is_kept(
    aws: LocalAws, s3_home: LakeHome, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_up_to(s3_home.open(), 50)
    with lost_answers(aws.endpoint, LosesCommits(table, 1)) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        land_up_to(s3_home.open(), 100)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
    land_up_to(s3_home.open(), 150)
    assert_landed_once(s3_home, 150)


def test_a_commit_all_of_whose_responses_are_lost_is_found_in_the_table(
    aws: LocalAws, s3_home: LakeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_up_to(s3_home.open(), 50)
    monkeypatch.setattr("lakehouse.glue._RETRIES", _PROMPT)  # otherwise giving up takes a while
    with lost_answers(aws.endpoint, LosesCommits(RAW.name, 1_000)) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        land_up_to(s3_home.open(), 100)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
    land_up_to(s3_home.open(), 150)
    assert_landed_once(s3_home, 150)


class FallsSilent:
    """Carries out the first commit of a table, and then answers nothing any more."""

    def __init__(self, table: str) -> None:
        self._table, self._is_silent = table, False

    def __call__(self, operation: str, request: Answer, _: Answer) -> Answer | None:
        self._is_silent |= operation == "UpdateTable" and request["TableInput"]["Name"] == self._table
        return LOST if self._is_silent else None


@pytest.mark.slow
@pytest.mark.parametrize("fresh_folder", [False, True], ids=["same working folder", "fresh working folder"])
def test_a_commit_with_an_unknown_outcome_is_found_by_the_next_load(
    aws: LocalAws, s3_home: LakeHome, fresh_folder: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_up_to(s3_home.open(), 50)
    monkeypatch.setattr("lakehouse.glue._RETRIES", _PROMPT)  # otherwise giving up takes a while
    monkeypatch.setattr("loaders.landing.commit._PATIENCE", 2)
    with lost_answers(aws.endpoint, FallsSilent(RAW.name)) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(ClientError):
            land_up_to(s3_home.open(), 100)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
    if fresh_folder:
        s3_home.forget_work()
    assert run_program(s3_home, 150) == 0
    assert_landed_once(s3_home, 150)


def test_glue_refuses_the_second_of_two_commits_at_the_same_moment(
    s3_home: LakeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = s3_home.open()
    land_up_to(lake, 50)
    late, lacking = load_in_progress(lake), list(pieces(lake, 120))
    catalog: Any = lake.catalog
    update = catalog.glue.update_table

    def update_table(**request: Any) -> Any:
        monkeypatch.setattr(catalog.glue, "update_table", update)
        with pytest.MonkeyPatch.context() as elsewhere:  # another machine, which is slightly faster
            elsewhere.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
            land_up_to(s3_home.open(), 100)
        return update(**request)

    monkeypatch.setattr(catalog.glue, "update_table", update_table)
    rows = land(late, iter(lacking))
    assert {(row.first_id, row.last_id) for row in rows} == {("101", "120")}
    assert_landed_once(s3_home, 120)
    table = lake.catalog.load_table(identifier(RAW.name))
    assert s3_home.files(DATA) == {Path(file["file_path"]).name for file in table.inspect.files().to_pylist()}


def test_a_table_of_another_lake_is_neither_written_nor_read(aws: LocalAws, s3_home: LakeHome) -> None:
    land_up_to(s3_home.open(), 50)
    for other in (f"s3://{aws.new_bucket()}/some/prefix", s3_home.location + "/deeper"):
        with pytest.raises(Misconfigured, match=f"belongs to another lake: its files are in {s3_home.location}/schema"):
            land_up_to(LakeHome(other, {}).open(), 100)
        with pytest.raises(Misconfigured, match="`schemahub_loads` belongs to another lake"):
            loads(LakeHome(other, {}).open())
    assert_landed_once(s3_home, 50)


def test_a_lease_that_ran_out_lets_no_other_run_of_this_machine_in(s3_home: LakeHome) -> None:
    lake = s3_home.open()
    assert isinstance(lake, GlueLake)
    with lake.writing(RAW.name):
        lock = f"some/prefix/.schemahub/locks/{RAW.name}.json"
        boto3.client("s3").put_object(Bucket=lake.bucket, Key=lock, Body=json.dumps({}))
        with pytest.raises(ConcurrentWriter, match="is being written by another process"):
            ExitStack().enter_context(s3_home.open().writing(RAW.name))


def test_an_attempt_to_renew_the_lease_ends_well_before_the_lease() -> None:
    settings: Any = _PROMPT
    longest = settings.retries["total_max_attempts"] * (settings.connect_timeout + settings.read_timeout)
    assert timedelta(seconds=longest) < LEASE / 4


def test_files_that_cannot_be_removed_are_named(s3_home: LakeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = s3_home.open()
    assert isinstance(lake, GlueLake)
    lake._s3.put_object(Bucket=lake.bucket, Key="some/prefix/x/a-1", Body=b"")
    refusal = {"Errors": [{"Key": "some/prefix/x/a-1", "Code": "AccessDenied"}]}
    monkeypatch.setattr(lake._s3, "delete_objects", lambda **_: refusal)
    with pytest.raises(LakeUnavailable, match=r"AWS refuses to remove s3://.*/some/prefix/x/a-1: AccessDenied"):
        lake.remove_files(f"{lake.location}/x", "a-")
