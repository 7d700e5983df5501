# make book | make test | make lab, on a machine with Python 3.11 to 3.14 and make. Everything else is set up here.
# The README has the same commands without make; a test compares them.

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
.PHONY: build book page student test lab format check unit notebooks pages browser browsers oldest bench normalise clean

# Always from scratch: Sphinx does not see a change in twobox or in a style sheet.
build: $(READY)
	rm -rf _build
	$(BIN)/jupyter-book build . -n -W --keep-going

book: build
	@$(BIN)/python -m tests.open_book $(PAGES)/index.html

# One chapter, in seconds, once the book is built: make page FILE=book/paper/bound.ipynb. It does not see a change in twobox.
page: $(READY)
	@test -f "$(FILE)" || { echo "Say which chapter: make page FILE=book/paper/bound.ipynb"; exit 1; }
	touch $(FILE)
	$(BIN)/jupyter-book build . -n --keep-going
	@$(BIN)/python -m tests.open_book $(PAGES)/$(basename $(FILE)).html

# Pages and notebooks without solutions, in _build/student.
student: $(READY)
	$(BIN)/python -m tools.student

# In the order of what is quick to know.
test: check unit notebooks pages browser
	@echo "All checks passed."

lab: $(READY)
	$(BIN)/python -m tools.work_copy
	$(BIN)/jupyter lab --ServerApp.root_dir=work --LabApp.default_url=/lab/tree/START.ipynb

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/pytest -n $(WORKERS) tests twobox --doctest-modules --ignore=tests/browser --ignore=tests/test_pages.py --ignore=tests/pages

notebooks: $(READY)
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --nbval book -p no:cacheprovider

pages: build
	$(BIN)/pytest tests/test_pages.py tests/pages

# Tests that have been seen passing on all pages. The others are newer than that: `make browsers`.
SEEN := tests/browser/test_every_page.py tests/browser/test_lean_pages.py -k "whole or megabyte or icon"

browsers: $(READY)
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -rs tests/browser

browser: $(READY)
	@test -e $(PAGES)/index.html || { echo "Build the pages first: make pages"; exit 1; }
	$(BIN)/python -m tests.browser.chromium
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -rs $(SEEN)

# The laws with the oldest NumPy and SciPy that pyproject.toml allows, and without what only the book needs.
oldest: $(OLDEST)/ready
	$(OLDEST)/bin/pytest -n $(WORKERS) $(filter-out $(BEYOND),$(wildcard tests/test_*.py)) twobox \
		--doctest-modules --ignore=twobox/widgets --ignore=twobox/figures.py

# What looks at pages, notebooks or widgets.
BEYOND := $(addprefix tests/test_,pages.py editions.py figures.py finding.py selftests.py notebooks.py numbers.py tables.py packaging.py api_reference.py typing.py) $(wildcard tests/test_widget*.py)

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

# The pinned environment, which needs the network, apart from the package itself, which does not.
$(READY): $(VENV)/pinned pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m pip check
	touch $@

$(VENV)/pinned: requirements.txt tools/settings.py
	@$(PYTHON) -c "import sys; (3, 11) <= sys.version_info < (3, 15) or sys.exit('Python 3.11 to 3.14 is needed, this is ' + sys.version.split()[0] + '. Name another one: make PYTHON=python3.12')"
	@echo "Setting up $(VENV): about 200 packages, 1.5 GB on disk. The first time this takes some minutes; it is done once."
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m tools.settings
	$(BIN)/python -m book._ext.formulas
	touch $@

$(OLDEST)/ready: requirements.txt pyproject.toml
	$(PYTHON) -c "import sys; (3, 11) <= sys.version_info < (3, 13) or sys.exit('The oldest NumPy is made for 3.11 and 3.12, this is ' + sys.version.split()[0] + '. Name another one: make oldest PYTHON=python3.12')"
	test -x $(OLDEST)/bin/pip || $(PYTHON) -m venv $(OLDEST)
	grep -Ev '^(numpy|scipy)==' requirements.txt > $(OLDEST)/pins.txt
	$(OLDEST)/bin/python -c "import tomllib; needs = tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies']; print('\n'.join(need.replace('>=', '==') for need in needs))" > $(OLDEST)/oldest.txt
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check -r $(OLDEST)/oldest.txt -c $(OLDEST)/pins.txt pytest pytest-xdist hypothesis mpmath sympy
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@
