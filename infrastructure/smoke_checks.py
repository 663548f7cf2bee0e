"""What we build on and can't try without an account, one function each: it says what it saw, or raises CheckFailed.

Sources: docs.aws.amazon.com, read 2026-11-24: AmazonS3/latest/userguide/conditional-writes.html,
glue/latest/webapi/API_UpdateTable.html, athena/latest/ug/querying-iceberg.html,
athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html, lake-formation/latest/dg/change-settings.html.
"""

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import duckdb
import pyarrow as pa
from botocore.exceptions import ClientError
from pyiceberg.exceptions import CommitFailedException

from macros_gen.transforms import SQL
from registry.transforms import CATALOGUE

from .smoke_roles import roles_suffice
from .smoke_scratch import DATABASE, NARROW_WORK_GROUP, SMALLEST_LIMIT, CheckFailed, NotHere, Scratch

Check = Callable[[Scratch], str]

DAY = datetime(2026, 1, 5, 23, 59, 59, 999999)
DAYS = 3

_SAMPLES = (
    *("1", "-1.5", " 17 ", "1e-8", "9223372036854775808", "NaN", "inf", "", "True", "f", "Buy", "ASK", "1.7e18"),
    *("1770091506.7890129", "1770091506789.0129", "1770091506789012.9", "1770091506789012999", "253402300799999"),
    *("2026-02-03T04:05:06.789012999Z", "2026-02-03 06:05:06.789012+02:00", "2026-02-30T00:00:00Z", "soon"),
)


def writes_are_conditional(scratch: Scratch) -> str:
    s3, key = scratch.client("s3"), f"{scratch.folder}/lock.json"
    first = s3.put_object(Bucket=scratch.bucket, Key=key, Body=b"1", IfNoneMatch="*")["ETag"]
    s3.put_object(Bucket=scratch.bucket, Key=key, Body=b"2", IfMatch=first)
    for condition in ({"IfNoneMatch": "*"}, {"IfMatch": first}):
        try:
            s3.put_object(Bucket=scratch.bucket, Key=key, Body=b"3", **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
        else:
            raise CheckFailed(f"S3 took a write with {next(iter(condition))}, which did not hold")
    return "PreconditionFailed"


def stale_version_is_refused(scratch: Scratch) -> str:
    scratch.table("stale", _rows(10))
    glue = scratch.client("glue")
    table = glue.get_table(DatabaseName=DATABASE, Name="stale")["Table"]
    known = glue.meta.service_model.shape_for("TableInput").members
    update = {"DatabaseName": DATABASE, "TableInput": {name: table[name] for name in table.keys() & known}}
    glue.update_table(**update, VersionId=table["VersionId"], SkipArchive=True)
    try:
        glue.update_table(**update, VersionId=table["VersionId"], SkipArchive=True)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    raise CheckFailed("Glue took an update with an old VersionId: of two writers, one would be lost")


def second_writer_is_refused(scratch: Scratch) -> str:
    first = scratch.table("raced", _rows(10))
    second = scratch.catalog.load_table(f"{DATABASE}.raced")
    first.append(_rows(1))
    try:
        second.append(_rows(1))
    except CommitFailedException:
        count = scratch.catalog.load_table(f"{DATABASE}.raced").scan().count()
        if count != 11:
            raise CheckFailed(f"11 rows were committed, and the table holds {count}") from None
        return "CommitFailedException"
    raise CheckFailed("two commits on the same snapshot were both acknowledged")


def work_group_is_as_made(scratch: Scratch) -> str:
    found = scratch.client("athena").get_work_group(WorkGroup=scratch.work_group)["WorkGroup"]["Configuration"]
    limit = found.get("BytesScannedCutoffPerQuery", 0)
    output = found.get("ResultConfiguration", {}).get("OutputLocation", "")
    if not found.get("EnforceWorkGroupConfiguration") or not limit or not output.startswith(f"{scratch.lake}/"):
        raise CheckFailed(f"it enforces no limit, or no place for results in {scratch.lake}")
    engine = scratch.answer("select 1").engine
    if engine != "Athena engine version 3":
        raise CheckFailed(f"statements run on {engine!r}, not on Athena engine version 3")
    return f"{engine}, at most {limit / 1e9:,.0f} GB a statement"


def athena_reads_what_we_land(scratch: Scratch) -> str:
    scratch.table("landed", _rows(1000))
    answer = scratch.answer("select count(*), max(traded_at) from landed").rows
    if answer != [("1000", str(DAY + timedelta(days=DAYS - 1)))]:
        raise CheckFailed(f"1,000 rows up to {DAY + timedelta(days=DAYS - 1)} were landed; Athena reads {answer}")
    return "rows and microseconds"


def we_read_what_athena_writes(scratch: Scratch) -> str:
    scratch.table("source", _rows(1000))
    scratch.answer(
        f"create table made with (table_type='iceberg', is_external=false, location='{scratch.location}/made/', "
        "partitioning=array['day(traded_at)']) as select * from source"
    )
    scratch.answer("insert into made select * from source")
    found = scratch.catalog.load_table(f"{DATABASE}.made").scan().to_arrow()
    if found.num_rows != 2000 or set(found["traded_at"].to_pylist()) != set(_rows(1000)["traded_at"].to_pylist()):
        raise CheckFailed(f"Athena wrote 2,000 rows; {found.num_rows:,} are read, or their times differ")
    return "CTAS and INSERT, microseconds"


def a_day_is_read_alone(scratch: Scratch) -> str:
    # what Athena sorts by days it puts in files of days
    scratch.table("unsorted", _rows(300_000))
    scratch.answer(
        f"create table days with (table_type='iceberg', is_external=false, location='{scratch.location}/days/', "
        "partitioning=array['day(traded_at)']) as select * from unsorted"
    )
    whole = scratch.answer("select sum(price) from days").scanned_bytes
    begin, end = DAY.date(), DAY.date() + timedelta(days=1)
    within = f"traded_at >= timestamp '{begin} 00:00:00.000000' and traded_at < timestamp '{end} 00:00:00.000000'"
    day = scratch.answer(f"select sum(price) from days where {within}").scanned_bytes
    if not 0 < day < whole:
        raise CheckFailed(f"one of {DAYS} days read {day:,} of {whole:,} bytes")
    return f"one of {DAYS} days read {day / 1e6:.1f} of {whole / 1e6:.1f} MB"


def limit_cancels(scratch: Scratch) -> str:
    configuration = {
        "BytesScannedCutoffPerQuery": SMALLEST_LIMIT,
        "ResultConfiguration": {"OutputLocation": f"{scratch.location}/results/"},
    }
    scratch.client("athena").create_work_group(Name=NARROW_WORK_GROUP, Configuration=configuration)
    scratch.table("large", _rows(2_000_000))
    answer = scratch.query("select sum(price) from large", work_group=NARROW_WORK_GROUP)
    if answer.state != "CANCELLED":
        raise CheckFailed(f"16 MB over a limit of 10 MB ended as {answer.state}")
    return answer.reason


def tables_can_be_tended(scratch: Scratch) -> str:
    scratch.table("tended", _rows(1000)).append(_rows(1000))
    scratch.answer("optimize tended rewrite data using bin_pack")
    scratch.answer("vacuum tended")
    count = scratch.answer("select count(*) from tended").rows
    if count != [("2000",)]:
        raise CheckFailed(f"2,000 rows were there, and after OPTIMIZE and VACUUM {count}")
    return "OPTIMIZE and VACUUM"


def transforms_agree(scratch: Scratch) -> str:
    values = ", ".join(f"({number}, '{sample}')" for number, sample in enumerate(_SAMPLES))
    relation = f"(values {values}) as samples (number, sample)"
    takes_text = {name: transform for name, transform in CATALOGUE.items() if "string" in transform.takes}

    def statement(engine: str) -> str:
        columns = ", ".join(f"cast({SQL[name].on(engine, 'sample')} as varchar)" for name in takes_text)
        return f"select {columns} from {relation} order by number"

    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        ours = connection.execute(statement("duckdb")).fetchall()
    theirs = scratch.answer(statement("athena")).rows
    if len(theirs) != len(ours):
        raise CheckFailed(f"{len(ours)} values were asked for, and {len(theirs)} answered")
    for sample, left, right in zip(_SAMPLES, ours, theirs, strict=True):
        for (name, transform), one, other in zip(takes_text.items(), left, right, strict=True):
            if _value(one, transform.gives) != _value(other, transform.gives):
                raise CheckFailed(f"{name} of {sample!r} is {one!r} on DuckDB and {other!r} on Athena")
    return f"{len(takes_text)} transforms of {len(_SAMPLES)} values, as on DuckDB"


def iam_alone_decides(scratch: Scratch) -> str:
    settings = scratch.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    for kind in ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions"):
        principals = {each["Principal"]["DataLakePrincipalIdentifier"] for each in settings.get(kind, ())}
        if "IAM_ALLOWED_PRINCIPALS" not in principals:
            raise CheckFailed(
                f"Lake Formation's {kind} leaves IAM out: grant the roles what docs/aws.md names for Lake Formation"
            )
    return "Lake Formation leaves it to IAM"


def jobs_have_run(scratch: Scratch) -> str:
    glue, seen = scratch.client("glue"), []
    for name in ("schemahub-ingest", "schemahub-unify"):
        try:
            runs = glue.get_job_runs(JobName=name, MaxResults=1)["JobRuns"]
        except glue.exceptions.EntityNotFoundException:
            raise NotHere(f"there is no Glue job {name}") from None
        if not runs:
            raise NotHere(f"{name} was never run; aws glue start-job-run --job-name {name}")
        if runs[0]["JobRunState"] in ("FAILED", "ERROR", "TIMEOUT"):
            raise CheckFailed(f"{name} {runs[0]['JobRunState']}: {runs[0].get('ErrorMessage', '')}")
        by = runs[0].get("TriggerName", "hand")
        seen.append(f"{name} {runs[0]['JobRunState']} by {by} at {runs[0]['StartedOn']:%Y-%m-%d %H:%M}")
    return "; ".join(seen)


def _rows(count: int) -> pa.Table:
    """Rows spread over `DAYS` days, whose prices can't be compressed."""
    times, prices = [DAY + timedelta(days=day) for day in range(DAYS)], random.Random(42)
    return pa.table(
        {
            "traded_at": pa.array([times[each % DAYS] for each in range(count)], pa.timestamp("us")),
            "price": pa.array([prices.random() for _ in range(count)]),
        }
    )


def _value(text: str | None, kind: str) -> object:
    # engines write the same double, and the same moment, in different digits
    if text is None:
        return None
    read: Mapping[str, Callable[[str], object]] = {"double": float, "timestamp": datetime.fromisoformat}
    return read.get(kind, str)(text)


CHECKS: Mapping[str, Check] = {
    "S3 takes a write only if its condition holds": writes_are_conditional,
    "Glue refuses an update with an old VersionId": stale_version_is_refused,
    "the second of two commits is refused": second_writer_is_refused,
    "the workgroup is as the stack makes it": work_group_is_as_made,
    "Athena reads what we land": athena_reads_what_we_land,
    "we read what Athena writes": we_read_what_athena_writes,
    "a statement about a day reads a day": a_day_is_read_alone,
    "the limit cancels a statement": limit_cancels,
    "OPTIMIZE and VACUUM are taken": tables_can_be_tended,
    "Athena runs every transform": transforms_agree,
    "Lake Formation does not interfere": iam_alone_decides,
    "the roles may do their work, and no more": roles_suffice,
    "the Glue jobs run": jobs_have_run,
}
