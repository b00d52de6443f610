# The targets that people and CI run. Each makes .venv and installs what it needs.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: test demo lint clean

test: lint
	$(BIN)/pytest -q -n auto --dist worksteal

demo: $(INSTALLED)
	$(BIN)/isofuzz demo

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv .isofuzz .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
