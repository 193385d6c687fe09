# Two commands do all the set-up: `make run` runs the bot, `make test` runs every check.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test answers answers-calibrate bench lock clean

run: $(VENV)/.run
	$(BIN)/python bot.py

test: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto --cov --cov-report=term
	$(BIN)/coverage report --include='content/*,models/*,reports/*' --fail-under=90

bench: $(VENV)/.run
	$(BIN)/python -m benchmarks

# How well questions of our own are answered, by language and kind; and, after an edit of example questions, what that is decided by.
answers: $(VENV)/.run
	$(BIN)/python -m tests.content.measure

answers-calibrate: $(VENV)/.run
	$(BIN)/python -m content.calibrate content/valley tests/content/questions.toml --part tuned

$(VENV)/.run: requirements/run.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/run.txt
	touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/test.txt
	touch $@

# Pins every dependency with its hashes; needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras pyproject.toml --output-file requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras pyproject.toml --extra test --constraint requirements/run.txt --output-file requirements/test.txt

clean:
	rm -rf $(VENV) .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
