# Everything a person or CI runs. `make help` lists the targets.
.DEFAULT_GOAL := help
UV_VERSION := 0.13.9
PYTHON ?= python3
ROOT := $(CURDIR)
VENV := $(ROOT)/.venv
BIN := $(VENV)/bin
UV := $(ROOT)/.tools/bin/uv
export PATH := $(BIN):$(PATH)
export VIRTUAL_ENV := $(VENV)
unexport PYTHONPATH PYTHONHOME

.PHONY: help setup run test lint format artifacts gas lock besu clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.installed ## install uv, the interpreter and the locked packages into .venv

$(UV):
	$(PYTHON) tools/get_uv.py $(UV_VERSION) $(ROOT)/.tools

$(VENV)/.installed: requirements.lock pyproject.toml app/tanlian/web/assets/package-lock.json | $(UV)
	$(UV) venv --quiet --allow-existing --python '>=3.11,<3.13' $(VENV)
	$(UV) pip sync --quiet --require-hashes requirements.lock
	$(UV) pip install --quiet --no-deps --editable .
	$(BIN)/python tools/get_assets.py
	$(BIN)/python tools/translations.py
	@touch $@

run: setup ## run the market on the embedded chain (ONCE=1: stop after the run)
	tanlian demo $(if $(ONCE),--once)

test: setup lint ## all checks and tests
	tools/run-tests

lint: setup ## formatting, types, import direction, contract style
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	python tools/lint_contracts.py
	python tools/translations.py --check

format: setup ## format Python and Vyper sources
	ruff check --fix-only .
	ruff format .
	python tools/lint_contracts.py --fix

artifacts: setup ## compile the contracts into the package and freeze their ABIs
	python tools/build_artifacts.py

besu: setup ## fault, life and market tests on real Besu (BESU_HOME or besu on PATH; 30 minutes)
	pytest -q -p no:ape_test tests/node/besu

gas: setup ## measure gas anew and write tests/gas_snapshot.json
	TANLIAN_GAS=write pytest -q -p no:ape_test tests/unit/market/test_gas.py

lock: $(UV) ## resolve pyproject.toml into requirements.lock (versions and hashes)
	$(UV) pip compile pyproject.toml --extra ape --extra assets --extra postgres --extra test --universal \
	  --generate-hashes --no-annotate --no-header --python-version 3.11 \
	  --prerelease if-necessary-or-explicit --quiet --output-file requirements.lock

clean: ## remove what the build and the runs left
	rm -rf .build .pytest_cache .mypy_cache .ruff_cache .hypothesis var reports
