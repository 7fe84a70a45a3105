# Every target bootstraps uv from PyPI into .venv, syncs the one lock, then runs one line.
PYTHON ?= python3
UV := .venv/bin/uv
RUN := $(UV) run --frozen --no-sync
export UV_PYTHON_DOWNLOADS := never
export PULUMI_SKIP_UPDATE_CHECK := true

.PHONY: up down test soak lint docs bench upgrade-states

up: .venv/.synced
	$(RUN) mlops up

down: .venv/.synced
	$(RUN) mlops down

test: .venv/.synced
	$(RUN) pytest -n 2
	$(RUN) pytest -m quiet

soak: .venv/.synced
	$(RUN) pytest -m soak -o log_cli=true -o log_cli_level=INFO

lint: .venv/.synced
	$(RUN) ruff format --check && $(RUN) ruff check && $(RUN) mypy && $(RUN) lint-imports

docs: .venv/.synced
	$(RUN) python docs/serving_reference.py
	$(RUN) python docs/aws_environments.py
	$(RUN) python docs/policies.py

upgrade-states: .venv/.synced
	$(RUN) python tests/upgrade/record.py

bench: .venv/.synced
	$(RUN) python bench/run.py

.venv/.synced: uv.lock pyproject.toml $(wildcard */pyproject.toml)
	test -x $(UV) || { $(PYTHON) -m venv .venv && .venv/bin/python -m pip install --quiet uv==0.13.9; }
	$(UV) sync --frozen --all-packages --quiet
	touch $@
