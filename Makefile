# Everything happens in .venv, made from $(PYTHON) with the locked dependencies.
# Each target installs what it needs first: `make demo` works on a fresh clone.

PYTHON ?= python3
MODEL := build/digits.skops
BIN := .venv/bin
SITE := docs/_build/html

.PHONY: help demo test lint bench docs lock clean

help:
	@echo "make demo             train on the bundled digits, evaluate the saved model"
	@echo "make test             run the tests"
	@echo "make lint             check style and formatting"
	@echo "make bench NAME=...   run one benchmark"
	@echo "make docs             build the site into docs/_build/html, check its links"
	@echo "make lock             resolve the dependencies anew into requirements.lock"
	@echo "make clean            delete the environment and everything built"

demo: .venv/.installed
	mkdir -p $(dir $(MODEL))
	$(BIN)/skmnist train --data digits --epochs 40 --model $(MODEL)
	$(BIN)/skmnist evaluate $(MODEL) --data digits

test: .venv/.installed
	$(BIN)/python -m pytest

lint: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: .venv/.installed
	$(BIN)/python -m benchmarks $(NAME)

docs: .venv/.installed
	$(BIN)/sphinx-build -W --keep-going -q docs $(SITE)
	$(BIN)/python docs/check_links.py $(SITE)
	@echo "The site is $(SITE)/index.html"

# --upgrade: without it uv keeps the versions of the lock that is there.
lock:
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra test --extra bench --extra docs --upgrade \
		--universal --python-version 3.11 --fork-strategy fewest --no-build \
		--generate-hashes --custom-compile-command "make lock" \
		--no-emit-index-url --no-emit-find-links --quiet -o requirements.lock

clean:
	rm -rf .venv build dist skmnist.egg-info .pytest_cache .ruff_cache \
		docs/_build docs/generated docs/auto_examples docs/sg_execution_times.rst
	find . -name __pycache__ -prune -exec rm -rf {} +

# The environment is exactly the lock: made anew when the lock changes.
.venv/.locked: requirements.lock
	@$(PYTHON) -c 'import sys; v = "%d.%d" % sys.version_info[:2]; \
		sys.version_info >= (3, 11) or sys.exit("skmnist needs Python 3.11 or newer, \
	but $(PYTHON) is Python " + v + ". Name another one: make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear .venv
	@echo "Installing the locked dependencies into .venv: a minute or a few."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--only-binary :all: --require-hashes -r requirements.lock || { \
		echo "The lock could not be installed. It is for Python 3.11 to 3.13 on" \
			"Linux (x86-64, aarch64) and macOS (arm64)." \
			"Name another Python: make PYTHON=python3.12" >&2; exit 1; }
	touch $@

# The version is in __init__.py. Nothing is downloaded here: setuptools is locked too.
.venv/.installed: .venv/.locked pyproject.toml skmnist/__init__.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation -e .
	touch $@
