# palvelupolku: `make run` serves, `make test` tests. Needs Python 3.11 or newer with venv, and make.

PYTHON ?= python3
DATA ?= data
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup needs run test test-quick faults bench lint lock clean

setup: $(STAMP)

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: set PYTHON=..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: setup
	$(BIN)/palvelupolku run --data $(DATA) --story deploy/scenarios/orimattila.yaml --development

# Java, Maven, PostgreSQL and kcat: tests start real servers. Installs Debian's packages where it may.
needs:
	@sh deploy/local/needs.sh

# Each suite by itself, with its time.
test: setup needs
	@$(BIN)/python -m tests.suites

test-quick: setup needs
	$(BIN)/pytest tests --ignore tests/faults --ignore tests/consent --ignore tests/machines -n 2

# A night's work: each fault fifty times, and consent in thousands of interleavings, each planted fault found on servers too.
faults: needs setup
	KILLS=200 $(BIN)/pytest tests/faults -s
	FAULTS=50 KEYS_AWAY_SECONDS=60 $(BIN)/pytest tests/machines/test_faults.py -s --timeout 0
	FAULTS=50 $(BIN)/pytest tests/machines/test_dying.py --timeout 0
	CONSENT_EXAMPLES=3000 CONSENT_EXAMPLES_ON_SERVERS=200 $(BIN)/pytest tests/consent -n 2 --timeout 0

bench: needs setup
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.apart

lint: setup
	$(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports

# Pinned versions with hashes and no addresses: for work and tests, for an image, for making the wheel. Needs uv.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
lock:
	$(COMPILE) --extra dev -o requirements.txt pyproject.toml
	$(COMPILE) -c requirements.txt -o requirements-runtime.txt pyproject.toml
	echo hatchling | $(COMPILE) -c requirements.txt -o requirements-build.txt -

clean:
	rm -rf $(VENV) $(DATA)
