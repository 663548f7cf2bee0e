# A person and CI call the same targets. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
LAKE ?= $(or $(SCHEMAHUB_LAKE),lake)
SETUP := .venv/.is-set-up
ENGINES := .venv/.has-engines
PEERS := .venv/.has-peers

# a variable that keeps Python from writing bytecode would make every process compile what was changed since the set-up
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -q --dist loadscope --no-loadscope-reorder --max-worker-restart 0

.PHONY: help setup demo test test-slow test-web test-athena test-kills athena-up athena-down
.PHONY: pipeline status serve docs docs-serve screenshots
.PHONY: aws-bootstrap aws-destroy aws-smoke glue-package
.PHONY: generate lint format ci coverage bench bench-small bench-large clean

help: ## List the targets.
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Start here

setup: $(SETUP) ## Create .venv with everything that is needed.

PACKAGES := advisor lakehouse loaders macros_gen profiles registry schemahub simulator web

# dbt starts twice as fast with compiled bytecode, and some machines keep pip from writing it
$(SETUP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"error: Python 3.11 to 3.13 is needed, and $(PYTHON) is {v[0]}.{v[1]}; name another with make PYTHON=python3.11")'
	@echo "setting up .venv (once; a minute or two)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q -j 0 $(PACKAGES) $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') >/dev/null || true
	@touch $@

$(ENGINES): $(SETUP)
	@echo "adding what Trino and Spark need (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,engines]'
	@touch $@

$(PEERS): $(SETUP)
	@echo "adding what benchmarks compare with (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,peers]'
	@touch $@

demo: $(SETUP) ## Run the whole pipeline twice against simulated exchanges.
	@$(BIN)/schemahub demo --lake $(LAKE)

test: $(SETUP) ## Run the usual tests; they need no network.
	@$(PYTEST) -n auto

test-slow: $(SETUP) ## Run the tests of many commands, runs of dbt or responses in turn; takes minutes.
	@$(PYTEST) -n auto -m 'slow and not athena and not kills'

test-web: $(SETUP) ## Open every page in a real browser, Chromium; takes minutes.
	@command -v chromium >/dev/null || { echo "error: \`make test-web\` needs Chromium; install it with: apt-get install chromium" >&2; exit 1; }
	@$(PYTEST) -n 1 -m web

test-athena: $(ENGINES) ## Run the tests of the AWS part on a real Trino; Maven downloads it once, 800 MB.
	@$(BIN)/python -m simulator.aws.trino_install
	@$(PYTEST) -n 2 -m athena # each worker starts a Trino

test-kills: $(SETUP) ## Kill loads and runs at random moments, with faults and wrong clocks; takes minutes.
	@$(PYTEST) -n 3 -m kills # which wait, too, for processes and for random moments

athena-up: $(ENGINES) ## Start a local Athena on 127.0.0.1 and print what to export.
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

serve: $(SETUP) ## Show the lake and the live quotes in a browser, on http://127.0.0.1:8700.
	@$(BIN)/schemahub serve --lake $(LAKE) $(ARGS)

docs: $(SETUP) ## Build the dbt docs site.
	@$(BIN)/schemahub docs --lake $(LAKE)

docs-serve: $(SETUP) ## Show the dbt docs site on http://127.0.0.1:8080.
	@$(BIN)/schemahub docs --serve --lake $(LAKE)

##@ AWS

aws-bootstrap: $(SETUP) ## Create or update what an AWS account needs; ARGS="--dry-run" only shows it.
	@$(BIN)/python -m infrastructure.deploy.stack bootstrap $(ARGS)

aws-destroy: $(SETUP) ## Remove what aws-bootstrap created; refused while tables hold rows, unless ARGS="--even-with-data".
	@$(BIN)/python -m infrastructure.deploy.stack destroy $(ARGS)

aws-smoke: $(SETUP) ## Check that a new account works: YES=<account>/<region>.
	@$(BIN)/python -m infrastructure.smoke --yes "$(YES)" $(ARGS)

glue-package: $(SETUP) ## Build the package that the Glue jobs run, in build/glue.
	@$(BIN)/python -m infrastructure.deploy.package

##@ Develop

generate: $(SETUP) ## Write the generated dbt files, JSON Schemas and docs/mappings.md from config/.
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

ci: $(SETUP) ## Run everything that must pass before a change is merged: lint, demo, benchmarks, tests.
	@$(MAKE) lint
	@lake=$$(mktemp -d) && trap 'rm -rf "$$lake"' EXIT && $(MAKE) demo LAKE="$$lake/lake"
	@$(MAKE) bench-small
	@$(MAKE) test
	@$(MAKE) test-slow
	@$(MAKE) test-web
	@$(MAKE) test-kills
	@$(MAKE) test-athena

screenshots: $(SETUP) ## Take the screenshots in docs/screenshots/ of a lake that `make demo` has filled.
	@$(BIN)/python -m tests.support.screenshots $(LAKE)

coverage: $(SETUP) ## Run the tests and report the lines that none of them reaches.
	@$(PYTEST) -n auto --cov --cov-report=term-missing --cov-report=html:build/coverage

bench: $(PEERS) ## Measure speed, as ratios to yardsticks in the same run.
	@$(BIN)/python -m benchmarks

bench-small: $(SETUP) ## Run every benchmark at a small size, to see that it works; no speed makes it fail.
	@$(BIN)/python -m benchmarks --size small --skip-missing-peers

bench-large: $(SETUP) ## Measure unifying at 50 M rows, and commands at 11 M; needs 8 GB of disk and 5 of memory.
	@$(BIN)/python -m benchmarks --size large backfill unify commands

clean: ## Remove what was built; .venv and lakes stay.
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .coverage* build *.egg-info dbt_project/target dbt_project/logs logs
