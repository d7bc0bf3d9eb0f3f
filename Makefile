# `make demo` and `make test` need nothing but Python 3.11+, its pip and make; everything goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEVELOPING := $(VENV)/.developing
SHARED ?= ../shared

.PHONY: demo test lint check coverage contract docs wheel clean
.DEFAULT_GOAL := demo

demo: $(INSTALLED)  ## Run the whole job on a local workspace in ./demo, without a token.
	$(BIN)/notion-pm demo

test: $(DEVELOPING)  ## Run the tests.
	$(BIN)/pytest -n auto

lint: $(DEVELOPING)  ## Style, types, import contracts, generated documents.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cog --check -I docs README.md docs/*.md

check: lint test  ## Everything that must hold before a change lands.

coverage: $(DEVELOPING)  ## Run the tests and show which lines and branches they leave out.
	$(BIN)/pytest -n auto --cov --cov-report=term:skip-covered

contract: $(DEVELOPING)  ## Hold the traffic of the tests, and recorded traffic of Notion, against the evidence in $(SHARED).
	$(BIN)/python tests/evidence.py --shared $(SHARED) $(if $(TRAFFIC),--traffic $(TRAFFIC)) --at-least 807

docs: $(DEVELOPING)  ## Write the generated parts of the documents anew.
	$(BIN)/python -m notion_pm templates schema > docs/template.schema.json
	$(BIN)/cog -r -I docs README.md docs/*.md

wheel: $(DEVELOPING)  ## Build the wheel into dist/.
	$(BIN)/pip wheel --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) dist demo

# A virtual environment without its own pip needs no python3-venv package on Debian; the system's pip fills it.
$(BIN)/python:
	$(PYTHON) -m venv --without-pip $(VENV)

$(INSTALLED): $(BIN)/python pyproject.toml constraints.txt
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(DEVELOPING): $(INSTALLED)
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]' pip
	touch $@
