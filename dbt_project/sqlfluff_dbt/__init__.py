"""Stand-ins for the macros that models call, with which sqlfluff renders SQL without dbt and without a database.

sqlfluff itself provides ref, source, config, this and is_incremental, and reads the generated transforms. Every macro
in `macros/` that models call needs a stand-in here that returns SQL of the same shape.
"""

_RANGE = {"start": "2026-01-01 00:00:00", "end": "2026-01-02 00:00:00"}


class adapter:
    @staticmethod
    def dispatch(name, package=None):
        return lambda *values: values[0]


class exceptions:
    @staticmethod
    def warn(message):
        return ""


def waiting_loads(sources):
    return "select * from schemahub_loads"


def landing_ranges(loads):
    return {"raw_binance_trades": _RANGE}


def waiting_reads(sources, landings):
    return [(sources[0], _RANGE)]


def pending_reads(target, sources):
    return [("stg_example__trades", _RANGE)]


def pending_event_ranges(target):
    return [_RANGE]


def within(column, range_):
    return f"{column} >= timestamp '{range_['start']}'"


def one_of(column, values):
    return f"{column} in ('a_name')"


def lines_of(value, ordered_by):
    return f"string_agg({value}, ',' order by {ordered_by})"


def in_order_of(_column):
    return ""  # a line of its own, whose indentation would be checked against the template's


def manifest_rows(relation):
    return f"select count(*) as row_count from {relation}"


def loads_to_unify(target):
    return "select load_id from pending_loads"


def recorded_loads():
    return "unified_loads"


def built_targets(targets):
    return targets

def stored_reads(targets):
    return [(target, _RANGE) for target in targets]


def run_started():
    return "timestamp '2026-01-01 00:00:00.000000'"


def seconds_between(earlier, later):
    return f"epoch({later}) - epoch({earlier})"


def json_elements(array):
    return f"cross join unnest(json_extract({array}, '$[*]')) as elements (element)"


def json_text(array, position):
    return f"json_extract_string({array}, '$[{position}]')"


def time_of_us(microseconds):
    return f"make_timestamp({microseconds})"


def days_between(first, last):
    return f"cross join unnest(generate_series({first}, {last}, interval '1' day)) as days (day)"


def event_versions():
    return ["first_versions", "second_versions"]


def event_ranges():
    return [_RANGE]


def hours_to_add():
    return "select base_asset, hour_start, trade_count from event_hours"


def us_of_time(timestamp):
    return f"epoch_us({timestamp})"
