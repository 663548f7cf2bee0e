# A person and CI call the same targets. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
LAKE ?= $(or $(SCHEMAHUB_LAKE),lake)
SETUP := .venv/.is-set-up
ENGINES := .venv/.has-engines

.PHONY: help setup demo test lint format generate pipeline status docs docs-serve bench clean
.PHONY: test-athena test-kills athena-up athena-down
.PHONY: aws-bootstrap aws-destroy aws-smoke glue-package

help: ## List the targets.
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Begin

setup: $(SETUP) ## Make .venv with everything that is needed.

# dbt's start is twice as fast with compiled bytecode, and some machines keep pip from writing it
$(SETUP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"error: Python 3.11 to 3.13 is needed, and $(PYTHON) is {v[0]}.{v[1]}; name another with make PYTHON=python3.11")'
	@echo "setting up .venv (once; a minute or two)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q -j 0 $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') >/dev/null || true
	@touch $@

$(ENGINES): $(SETUP)
	@echo "adding what runs Trino and Spark (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,engines]'
	@touch $@

demo: $(SETUP) ## Run the whole pipeline twice against simulated exchanges.
	@$(BIN)/schemahub demo --lake $(LAKE)

test: $(SETUP) ## Run all tests; no network.
	@$(BIN)/python -m pytest -q -n 2 --dist loadscope --max-worker-restart 0

test-athena: $(ENGINES) ## Run the tests on a real Trino; Maven fetches it once, 800 MB.
	@$(BIN)/python -m simulator.aws.trino_install
	@$(BIN)/python -m pytest -q -m athena -n 2 --dist loadscope --max-worker-restart 0

test-kills: $(SETUP) ## Kill loads and runs at any moment, with faults and wrong clocks; some minutes.
	@$(BIN)/python -m pytest -q -m kills -n 2 --dist loadscope --max-worker-restart 0

athena-up: $(ENGINES) ## Leave a local Athena running, on 127.0.0.1; says what to export.
	@$(BIN)/python -m simulator.aws.background_athena up

athena-down: $(ENGINES) ## Stop the local Athena.
	@$(BIN)/python -m simulator.aws.background_athena down

##@ Run

pipeline: $(SETUP) ## Ingest the real exchanges, unify, test, build the docs.
	@$(BIN)/schemahub run pipeline trades_unified --lake $(LAKE)
	@$(BIN)/schemahub --lake $(LAKE) dbt --quiet test
	@$(BIN)/schemahub docs --lake $(LAKE)

status: $(SETUP) ## Show what the lake holds.
	@$(BIN)/schemahub status --lake $(LAKE)

docs: $(SETUP) ## Build the dbt docs site.
	@$(BIN)/schemahub docs --lake $(LAKE)

docs-serve: $(SETUP) ## Show the dbt docs site on http://127.0.0.1:8080.
	@$(BIN)/schemahub docs --serve --lake $(LAKE)

##@ AWS

aws-bootstrap: $(SETUP) ## Make what an AWS account needs, or bring it up to date; ARGS="--dry-run" shows it.
	@$(BIN)/python -m infrastructure.stack bootstrap $(ARGS)

aws-destroy: $(SETUP) ## Remove it all; refused while tables hold rows, unless ARGS="--even-with-data".
	@$(BIN)/python -m infrastructure.stack destroy $(ARGS)

aws-smoke: $(SETUP) ## Try in a real account what can't be tried elsewhere: YES=<account>/<region>.
	@$(BIN)/python -m infrastructure.smoke --yes "$(YES)" $(ARGS)

glue-package: $(SETUP) ## Pack what the Glue jobs run, in build/glue.
	@$(BIN)/python -m infrastructure.package

##@ Develop

generate: $(SETUP) ## Write the generated dbt files from config/.
	@$(BIN)/schemahub generate

lint: $(SETUP) ## Check style, types, SQL and the generated files.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --disable-progress-bar dbt_project
	@$(BIN)/schemahub generate --check

format: $(SETUP) ## Format the code and the SQL.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/sqlfluff fix --disable-progress-bar dbt_project

bench: $(SETUP) ## Measure speed as ratios against yardsticks of the same run.
	@$(BIN)/python -m benchmarks

clean: ## Remove what was built; lakes stay.
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache build *.egg-info dbt_project/target dbt_project/logs logs
