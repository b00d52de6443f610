# The targets that people and CI run. Each makes .venv and installs what it needs.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

# Hundreds of tests start Python. What it compiles is to be kept, even where the machine is told otherwise.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: test quality demo lint browser clean

test: lint browser
	$(BIN)/pytest -q -n auto --dist worksteal -m "not long"

quality: $(INSTALLED)
	$(BIN)/pytest -q -n auto --dist worksteal -m long

demo: $(INSTALLED)
	$(BIN)/isofuzz demo

# The page is tried in a real browser.
browser:
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	    { apt-get update -qq; apt-get install -qq --yes --no-install-recommends chromium >/dev/null; }; } || \
	  echo "There is no Chromium: install one, or the tests of the page are skipped"

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
