# Everything happens in .venv, made from $(PYTHON) with the locked dependencies.
# Each target installs what it needs first: `make demo` works on a fresh clone.

PYTHON ?= python3
MODEL := build/digits.skops
BIN := .venv/bin
SITE := docs/_build/html
GALLERY := 1
FULL_SIZE := $(addprefix tests/contract/test_,fuzz.py interrupt.py soak.py workers.py)

.PHONY: help demo test test-all test-full test-lowest lint bench docs lock release-check clean

help:
	@echo "make demo             read a photo and a page, train on the bundled digits"
	@echo "make test             run the quick tests, in minutes"
	@echo "make test-all         run all tests"
	@echo "make test-full        run the tests that have a full size in full size"
	@echo "make test-lowest      run the tests with the lowest versions in pyproject.toml"
	@echo "make lint             check style, formatting and spelling"
	@echo "make bench NAME=...   run one benchmark"
	@echo "make docs             build the site into docs/_build/html, check its links"
	@echo "make lock             resolve the dependencies anew into requirements.lock"
	@echo "make release-check    test the wheel in a clean environment"
	@echo "make clean            delete the environment and everything built"

demo: .venv/.installed
	mkdir -p build
	$(BIN)/skmnist predict docs/images/photo.jpg
	$(BIN)/skmnist predict docs/images/page.jpg --sheet --annotate build/page.png
	$(BIN)/skmnist train --data digits --model $(MODEL) --report build/report \
		--hidden-units 512 --dropout 0.2 --augmentation elastic --epochs 100 \
		--learning-rate 0.003 --learning-rate-schedule linear
	$(BIN)/skmnist evaluate --data digits --model $(MODEL)
	@echo "See build/page.png, build/report/training.png and build/report/index.html"

test: .venv/.installed
	$(BIN)/python -m pytest -m "not slow"

test-all: .venv/.installed
	$(BIN)/python -m pytest

test-full: .venv/.installed
	$(BIN)/python -m pytest --full-size $(FULL_SIZE)

# With Python 3.11, for which the lower bounds are.
test-lowest: .venv/.installed
	$(BIN)/python -m pip install --quiet uv
	mkdir -p build
	echo "pyparsing<3.3" > build/constraints.txt  # later ones warn in matplotlib 3.6
	$(BIN)/uv pip compile pyproject.toml --extra onnx --extra test --extra bench \
		--resolution lowest-direct --constraint build/constraints.txt \
		--python $(BIN)/python --no-header --quiet -o build/lowest.txt
	$(BIN)/python -m venv --clear build/lowest
	build/lowest/bin/python -m pip install --quiet -r build/lowest.txt
	build/lowest/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	build/lowest/bin/python -m pytest

lint: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

bench: .venv/.installed
	$(BIN)/python -m benchmarks $(NAME)

# GALLERY=0 leaves the examples unrun; otherwise all run, also those unchanged.
docs: .venv/.installed
	rm -rf $(SITE) docs/generated docs/auto_examples
	$(BIN)/sphinx-build -E -W --keep-going -q -D plot_gallery=$(GALLERY) docs $(SITE)
	$(BIN)/python tools/check_links.py $(SITE)
	@echo "The site is $(SITE)/index.html"

# --upgrade: without it uv keeps the versions of the lock that is there.
lock:
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --upgrade \
		--universal --python-version 3.11 --fork-strategy fewest --no-build \
		--generate-hashes --custom-compile-command "make lock" \
		--no-emit-index-url --no-emit-find-links --quiet -o requirements.lock

# The wheel of the last commit passes the tests where no source is beside it.
release-check: .venv/.installed
	git diff --quiet HEAD || { echo "There are changes to commit first." >&2; exit 1; }
	rm -rf build dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --wheel-dir dist .
	$(PYTHON) -m venv build/clean
	build/clean/bin/python -m pip install --quiet --disable-pip-version-check \
		--only-binary :all: --require-hashes -r requirements.lock
	build/clean/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-deps dist/skmnist-*.whl
	mkdir build/outside
	git archive HEAD | tar -x -C build/outside
	rm -r build/outside/skmnist
	cd build/outside && ../clean/bin/skmnist --version
	cd build/outside && ../clean/bin/skmnist train --data digits --model m.skops
	cd build/outside && ../clean/bin/skmnist evaluate --data digits --model m.skops
	cd build/outside && ../clean/bin/python -m pytest tests --pyargs skmnist \
		-k "not test_the_wheel_has_the_package_and_nothing_else"
	@ls -l dist

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

# The version is in _version.py. Nothing is downloaded here: setuptools is locked too.
.venv/.installed: .venv/.locked pyproject.toml skmnist/_version.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation -e .
	touch $@
