"""What docs/aws.md and the examples name exists."""

import re
from typing import Any

import pytest
import yaml

from infrastructure.deploy.stack import _SEE_THE_DOCS, TEMPLATE, _TemplateLoader
from infrastructure.smoke_checks import CHECKS
from schemahub.settings import PROJECT

DOCS = (PROJECT / "docs" / "aws.md").read_text()
MAKEFILE = (PROJECT / "Makefile").read_text()
TEMPLATE_TEXT: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader=_TemplateLoader)


@pytest.mark.parametrize("parameter", TEMPLATE_TEXT["Parameters"])
def test_every_parameter_is_documented(parameter: str) -> None:
    assert f"`{parameter}`" in DOCS


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_is_documented_with_what_it_proves(check: str) -> None:
    assert f'"{check}"' in DOCS


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"(?:`|^    )make ([a-z-]+)", DOCS, re.MULTILINE))
    assert {"aws-bootstrap", "aws-destroy", "aws-smoke", "glue-package"} <= targets
    missing = {name for name in targets if not re.search(rf"^{name}:", MAKEFILE, re.MULTILINE)}
    assert missing - {"test-athena"} == set()


def test_every_file_exists() -> None:
    named = set(re.findall(r"`((?:infrastructure|tests)/[\w./-]+)`", DOCS)) | set(re.findall(r"\]\((.+?\.md)\)", DOCS))
    missing = {name for name in named if not (PROJECT / name).exists() and not (PROJECT / "docs" / name).exists()}
    assert missing == set()


def test_what_is_read_from_the_stack_is_an_output() -> None:
    example = (PROJECT / "infrastructure" / "examples" / "github-actions.yml").read_text()
    named = set(re.findall(r"<(\w+(?:Role|Policy))>", DOCS))
    assert named == {"LoaderRole", "DbtRole", "AnalystRole", "DbtPolicy", "JobPolicy"}
    assert named <= TEMPLATE_TEXT["Outputs"].keys()
    assert (
        yaml.safe_load(example)["jobs"]["unify"]["steps"][2]["with"]["role-to-assume"]
        == "${{ vars.SCHEMAHUB_DBT_ROLE }}"
    )


def test_github_reports_the_success_that_the_alarm_watches() -> None:
    example = yaml.safe_load((PROJECT / "infrastructure" / "examples" / "github-actions.yml").read_text())
    commands = [step.get("run", "") for step in example["jobs"]["unify"]["steps"]]
    (reported,) = (command for command in commands if "put-metric-data" in command)
    watched = TEMPLATE_TEXT["Resources"]["UnifyIsStale"]["Properties"]
    assert f"--namespace {watched['Namespace']} --metric-name {watched['MetricName']} " in reported
    assert f"--dimensions Run={watched['Dimensions'][0]['Value']} " in reported
    assert commands.index(reported) > commands.index(".venv/bin/schemahub run unify trades_unified")


def test_a_refusal_names_an_existing_section() -> None:
    assert f"\n## {_SEE_THE_DOCS.split('`')[1]}\n" in DOCS


def test_no_command_of_the_docs_leaves_its_reader_under_another_role() -> None:
    assert "export AWS_PROFILE" not in DOCS


def test_image_holds_every_package_that_is_installed() -> None:
    dockerfile = (PROJECT / "infrastructure" / "job" / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (\w+) ", dockerfile, re.MULTILINE))
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"benchmarks"}
    assert copied == packages | {"config", "dbt_project"}
