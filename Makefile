# Tools come from .venv; `make check BIN=DIR` takes them from another environment.
BIN ?= .venv/bin
ifeq ($(BIN),.venv/bin)
VENV = venv
endif

.DEFAULT_GOAL = help
.PHONY: help venv check lint style types imports format test test-full bench safety-report lock first-run ci

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: ## make .venv with what checks and tests need
	@sh .ci/venv.sh dev

check: lint test ## everything a change must pass

lint: style types imports ## format, lint, types and import contracts

style: $(VENV) ## ruff, as a formatter and as a linter
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .

types: $(VENV) ## mypy, strict
	$(BIN)/python -m mypy

imports: $(VENV) ## who may import whom
	$(BIN)/lint-imports --no-logo

format: $(VENV) ## rewrite the files as ruff wants them
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

test: $(VENV) ## run the tests
	$(BIN)/python -m pytest --numprocesses auto

test-full: $(VENV) ## run the tests with every property at its full size
	RICKCTL_TEST_SIZE=full $(BIN)/python -m pytest --numprocesses auto

bench: $(VENV) ## measure what the project promises, as ratios
	$(BIN)/python -m bench

safety-report: $(VENV) ## prove at full size what the project promises of orders, with seeds; up to 25 minutes
	$(BIN)/python -m bench.safety

lock: $(VENV) ## choose the versions of requirements.lock anew
	$(BIN)/python -m pip install --quiet "uv>=0.9,<1"
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --upgrade \
		--quiet --no-annotate --custom-compile-command "make lock" --output-file requirements.lock

first-run: ## install rickctl and do its main job once
	@sh examples/first-run.sh

ci: ## what the continuous integration runs
	@.ci/run
