# Everything runs in .venv, installed from the hashed locks. Needs only Python >= 3.11 and make.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV   := .venv
BIN    := $(VENV)/bin
UV     := UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip
# More than the two cores: a test that waits for another process leaves its core to the next.
JOBS   ?= 3

.PHONY: demo serve test gate lint types bench load quality chaos lock clean screens surfaces strings help
.DEFAULT_GOAL := help

help:  ## What can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(BIN)/uv: requirements/uv.lock
	@test -n "$(PYTHON)" || { echo "Chargehand needs Python 3.11 or newer. Install it, or set PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock
	@touch $@

$(VENV)/.runtime: requirements/runtime.lock pyproject.toml $(BIN)/uv
	$(UV) install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/runtime.lock
	$(UV) install --quiet --python $(BIN)/python --require-hashes --no-deps -r requirements/build.lock
	$(UV) install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.runtime
	$(UV) install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.lock
	@touch $@

demo: $(VENV)/.runtime  ## Play the day on a demo firm, then serve it; ONCE=1 plays and stops
	@$(BIN)/chargehand demo $(if $(ONCE),--once)

serve: $(VENV)/.runtime  ## Serve what is already set up
	@$(BIN)/chargehand serve

test: lint types  ## Lint, types, layers and tests
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(JOBS)  # the workers use the cores; threads of theirs would only wait

gate: $(VENV)/.dev  ## Small suites against their limits and the shipped baselines (docs/evals.md)
	OMP_NUM_THREADS=1 $(BIN)/chargehand eval gate --small

lint: $(VENV)/.dev  ## Style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev  ## Types
	$(BIN)/mypy

bench: $(VENV)/.dev  ## Performance beside named baselines
	$(BIN)/python -m evals.bench
	$(BIN)/python -m api.cli.page_times

load: $(VENV)/.dev  ## Slow: 500 people chatting and 50 deciding for 10 minutes, then the same with a bare service
	$(BIN)/python -m evals.bench.load --out load-report $(LOAD)

quality: $(VENV)/.dev  ## Slow: the suites, then what is predicted beside baselines; CHARGEHAND_DATA adds own records
	$(BIN)/pytest -m quality -n 0 tests
	$(BIN)/chargehand eval run --all
	$(BIN)/python -m evals.quality

chaos: $(VENV)/.dev  ## Slow outage and kill -9 runs of the workflow
	$(BIN)/pytest -m chaos -n 0 -rP --log-level=INFO tests  # -rP tells what was killed

screens: $(VENV)/.dev  ## Pictures of the pages for docs/
	$(BIN)/python -m api.cli.screens

strings: $(VENV)/.runtime  ## Every string of the pages, for translators
	@$(BIN)/python -m api.cli.strings

surfaces: $(VENV)/.dev  ## Drive Teams in the Agents Playground; needs npm, whose licence keeps it out of CI
	$(BIN)/python -m api.cli.surfaces

lock: $(BIN)/uv  ## Resolve the locks again
	$(UV) compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -q \
	  pyproject.toml -o requirements/runtime.lock
	$(UV) compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url -q \
	  --extra dev --extra evals -c requirements/runtime.lock pyproject.toml -o requirements/dev.lock
	printf 'hatchling\neditables\n' | $(UV) compile --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url -q - -o requirements/build.lock
	printf 'uv\n' | $(UV) compile --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url -q - -o requirements/uv.lock

clean:  ## Remove the virtual environment and caches (not CHARGEHAND_HOME)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
