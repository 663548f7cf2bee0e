"""What a model's template calls, as far as sqlfluff needs it to render SQL without dbt and without a database.

sqlfluff brings ref, source, config, this and is_incremental, and reads the generated transforms itself. A macro of
`macros/` that models call needs a stand-in here, which returns SQL of the same shape.
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


def pending_reads(sources):
    return [("stg_example__trades", _RANGE)]


def pending_event_ranges(raw_tables=None):
    return [_RANGE]


def within(column, range_):
    return f"{column} >= timestamp '{range_['start']}'"


def loads_to_unify():
    return "select load_id from pending_loads"


def recorded_loads(tables):
    return "unified_loads"


def are_selected(models):
    return True


def run_started():
    return "timestamp '2026-01-01 00:00:00.000000'"


def seconds_between(earlier, later):
    return f"epoch({later}) - epoch({earlier})"
