"""Every table, view and seed has a name of its own, and a stored mart is a model that exists."""

import pytest

from registry.registry import PROJECT
from tests.support.spoilable_project import Project

TARGET = "config/targets/trades_unified.yaml"
SECOND = "config/targets/trades_two.yaml"
OWNERS = {
    "trades_unified": f"the table of {TARGET}",
    "stg_okx__trades": "the staging model of config/mappings/okx_trades.yaml",
    "raw_okx_trades": "the raw table of config/mappings/okx_trades.yaml",
    "schemahub_loads": "a table in config/lake.yaml",
    "pending_loads": "a generated model or seed",
    "products": "a generated model or seed",
    "completeness": "dbt_project/models/loads/completeness.sql",
    "trades_1m": "dbt_project/models/marts/trades_1m.sql",
}
"""What has each name, as a message says it."""


def with_another_name(name: str) -> str:
    return (PROJECT / TARGET).read_text().replace("target_table: trades_unified", f"target_table: {name}")


@pytest.mark.parametrize("name", OWNERS)
def test_a_view_of_rejected_rows_has_a_name_of_its_own(project: Project, name: str) -> None:
    project.replace(TARGET, "table: trades_rejected", f"table: {name}")
    assert project.problems() == [
        f"{TARGET}: rejected.table: the view `{name}` has the name of {OWNERS[name]}; choose another name"
    ]


def test_a_target_is_not_named_like_a_model_of_the_project(project: Project) -> None:
    project.write(SECOND, with_another_name("trades_two").replace("trades_rejected", "two_rejected"))
    project.load()
    project.write("dbt_project/models/marts/trades_two.sql", "select 1 as one")
    assert project.problems() == [
        f"{SECOND}: target_table: the table `trades_two` has the name of dbt_project/models/marts/trades_two.sql; "
        "choose another name"
    ]


def test_two_targets_do_not_share_the_view_of_their_rejected_rows(project: Project) -> None:
    project.write(SECOND, with_another_name("trades_two"))
    assert project.problems() == [
        f"{TARGET}: rejected.table: the view `trades_rejected` has the name of the view of {SECOND}; "
        "choose another name"
    ]


def test_a_staging_model_is_not_named_like_a_model_of_the_project(project: Project) -> None:
    project.write("dbt_project/models/marts/stg_okx__trades.sql", "select 1 as one")
    assert project.problems() == [
        "config/mappings/okx_trades.yaml: source: the staging model `stg_okx__trades` has the name of "
        "dbt_project/models/marts/stg_okx__trades.sql; choose another name"
    ]


@pytest.mark.parametrize("mart", ["trades_1m_version", "trades_1m"])
def test_a_stored_mart_that_is_not_stored_is_named(project: Project, mart: str) -> None:
    project.replace(TARGET, "stored_marts: [trades_1m_versions]", f"stored_marts: [{mart}]")
    assert project.problems() == [
        f"{TARGET}: stored_marts: `{mart}` is no model in dbt_project/models/marts/stored; "
        "did you mean `trades_1m_versions`? use one of: trades_1m_versions"
    ]
