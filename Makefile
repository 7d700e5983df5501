# make book | make test | make lab, on a machine with Python 3.11 to 3.13 and make. Everything else is set up here.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready
OLDEST := .oldest
PAGES  := _build/html
WORKERS ?= 2

# One thread a process: the matrices are small, and tests already run side by side.
export OPENBLAS_NUM_THREADS = 1

.NOTPARALLEL:
.PHONY: build book test lab check unit notebooks pages browser oldest bench normalise clean

# Always from scratch: Sphinx does not see a change in twobox or in a style sheet.
build: $(READY)
	rm -rf _build
	$(BIN)/jupyter-book build . -n -W --keep-going

book: build
	@$(BIN)/python -m tests.open_book $(PAGES)/index.html

# In the order of what is quick to know.
test: check unit notebooks pages browser
	@echo "All checks passed."

lab: $(READY)
	$(BIN)/jupyter lab --notebook-dir=book

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/pytest -n $(WORKERS) tests twobox --doctest-modules --ignore=tests/browser --ignore-glob='tests/test_pages*.py'

notebooks: $(READY)
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --nbval book -p no:cacheprovider

pages: build
	$(BIN)/pytest $(wildcard tests/test_pages*.py)

browser: $(READY)
	@test -e $(PAGES)/index.html || { echo "Build the pages first: make pages"; exit 1; }
	$(BIN)/python -m tests.browser.chromium
	$(BIN)/pytest -n $(WORKERS) --dist loadfile tests/browser

# The laws with the oldest NumPy and SciPy that pyproject.toml allows, and without what only the book needs.
oldest: $(OLDEST)/ready
	$(OLDEST)/bin/pytest -n $(WORKERS) $(filter-out $(BEYOND),$(wildcard tests/test_*.py)) twobox \
		--doctest-modules --ignore=twobox/widgets --ignore=twobox/figures.py

# What looks at pages, notebooks or widgets.
BEYOND := $(wildcard tests/test_pages*.py) $(addprefix tests/test_,notebooks.py numbers.py tables.py packaging.py api_reference.py typing.py) $(wildcard tests/test_widget*.py)

bench: $(READY)
	$(BIN)/python benchmarks/covariance_map.py
	$(BIN)/python benchmarks/long_chains.py
	$(BIN)/python benchmarks/jumps.py
	$(BIN)/python benchmarks/page_weight.py
	$(BIN)/python benchmarks/widget_frame.py

# Run every chapter and bring its notebook into the form that is committed.
normalise: $(READY)
	$(BIN)/python -m tests.normalise book

clean:
	rm -rf _build

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c "import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit('Python 3.11 to 3.13 is needed, this is ' + sys.version.split()[0] + '. Name another one: make PYTHON=python3.12')"
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	$(BIN)/python -m pip check
	touch $@

$(OLDEST)/ready: requirements.txt pyproject.toml
	$(PYTHON) -c "import sys; (3, 11) <= sys.version_info < (3, 13) or sys.exit('The oldest NumPy is made for Python 3.11 and 3.12, this is ' + sys.version.split()[0] + '. Name another one: make oldest PYTHON=python3.12')"
	test -x $(OLDEST)/bin/pip || $(PYTHON) -m venv $(OLDEST)
	grep -Ev '^(numpy|scipy)==' requirements.txt > $(OLDEST)/pins.txt
	$(OLDEST)/bin/python -c "import tomllib; needs = tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies']; print('\n'.join(need.replace('>=', '==') for need in needs))" > $(OLDEST)/oldest.txt
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check -r $(OLDEST)/oldest.txt -c $(OLDEST)/pins.txt pytest pytest-xdist hypothesis mpmath sympy
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@
