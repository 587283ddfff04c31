# `make conformance` and `make test` need Python 3.11 or newer and nothing else.

PYTHON ?= python3
VENV ?= .venv
OUT ?= out
PROFILE ?= core
WORKERS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
REAL ?= process:rabbitmq rabbitmq:4.0 rabbitmq:4.3 process:kafka:3.9.2 kafka:4.3.1

BIN := $(VENV)/bin
READY := $(VENV)/.installed

.PHONY: help conformance conformance-real test lint mutants bench kill clean
.DEFAULT_GOAL := help

help: ## show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev,speed]'
	@touch $@

conformance: $(READY) ## run the suite on the reference broker and say where the report is
	$(BIN)/brokertck run --target reference --profile $(PROFILE) --workers $(WORKERS) --out $(OUT)

conformance-real: $(READY) ## run the suite on real brokers: make conformance-real REAL=rabbitmq:4.3
	$(BIN)/brokertck run $(addprefix --target ,$(REAL)) --profile $(PROFILE) --workers $(WORKERS) --out $(OUT)

test: $(READY) ## run the tests of both packages
	$(BIN)/python -m pytest --numprocesses $(WORKERS)

lint: $(READY) ## ruff and mypy --strict
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

mutants: $(READY) ## plant every bug and see that the suite notices it
	$(BIN)/python -m tests.mutants --out $(OUT)/mutants.json

bench: $(READY) ## measure the reference against RabbitMQ: make bench VS=rabbitmq:4.3
	$(BIN)/brokertck bench --target reference --vs $(or $(VS),process:rabbitmq)

kill: $(READY) ## SIGKILL the reference under load, 50 times, and check what it had confirmed
	$(BIN)/python -m tests.kill --times 50

clean: ## remove the environment and what runs wrote
	rm -rf $(VENV) $(OUT) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
