# Every target does its own set-up. `make help` lists them.

VENV ?= .venv
# Tried in this order; the first one of 3.11 or newer that can make environments is taken.
PYTHON ?= python3 python3.13 python3.12 python3.11
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Tests of one file go to the same one of two processes, in the order of tests/conftest.py. Those that start Ray run one
# after the other, since two Rays at once would each believe that they own every core.
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# One thread for each process: results do not depend on it, and processes then share the cores fairly.
export OMP_NUM_THREADS := 1

.PHONY: help demo test quick check soak explore faults format clean
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /\1\t/' | while IFS='	' read -r name meaning; do \
		printf '  make %-8s %s\n' "$$name" "$$meaning"; \
	done

demo: $(READY) ## Train, measure and report the default study (handwritten digits)
	@$(BIN)/python -m raysweep.run

test: check ## Style, types, layers and the tests; stops at the first that fails
	$(call group,Tests,$(PYTEST) -m 'not ray and not soak')
	$(call group,Tests on Ray,$(BIN)/pytest -m ray --ignore tests/system)

quick: check ## The same without the tests that start Ray or are slow
	$(call group,Quick tests,$(PYTEST) -m 'not ray and not slow')

soak: $(READY) ## Ray in several processes and on several nodes: kills, clusters from nothing, each fault once (half an hour)
	$(call group,Several processes and nodes,$(BIN)/pytest -m 'ray or soak' tests/system)
	$(call group,Faults,$(BIN)/python tests/system/faults.py --times 1 || [ $$? -eq 2 ]) # 2: it says why not here

explore: $(READY) ## Property tests on other random examples than those of `make test`
	@HYPOTHESIS_PROFILE=explore $(PYTEST) -m 'not ray and not soak' $$(grep -rl '^@given' tests)

faults: $(READY) ## Break a running sweep on three nodes in every way, and compare its tables (Linux, root; a quarter of an hour)
	@$(BIN)/python tests/system/faults.py

check: $(READY)
	$(call group,Style,$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .)
	$(call group,Dockerfile,if [ -x $(BIN)/hadolint ]; then $(BIN)/hadolint Dockerfile; else echo "skipped: no hadolint for this machine"; fi)
	$(call group,Types,$(BIN)/mypy && $(BIN)/mypy .ci/check_tables.py)
	$(call group,Layers,$(BIN)/lint-imports)

format: $(READY) ## Format the code, and fix what ruff can fix
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean: ## Remove caches and build outputs; results and the environment stay
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt
	@if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		for python in $(PYTHON) none; do \
			$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
		done; \
		if [ $$python = none ]; then \
			echo "No Python 3.11 or newer with venv found (tried: $(PYTHON))."; \
			echo "Install one (on Debian and Ubuntu: python3 and python3-venv), or name it: make PYTHON=/path/to/python3"; \
			exit 1; \
		fi; \
		$$python -m venv --clear $(VENV); \
	fi
	@echo "Installing raysweep and what it needs into $(VENV) (the first time about 6 GB with PyTorch: several minutes)"
	@start=$$(date +%s); $(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[dev]' -c constraints.txt \
		&& touch $@ && echo "Installed in $$(($$(date +%s) - start)) s."

# $(call group,NAME,COMMAND): runs COMMAND under a heading, and says which group failed
define group
@printf '\n=== %s ===\n' '$(1)'; { $(2); } || { printf '\n=== %s: FAILED ===\n' '$(1)'; exit 1; }
endef
