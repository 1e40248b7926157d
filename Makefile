# Developer shortcuts. Each makes what it needs: a clean clone is enough.
.DEFAULT_GOAL := help
.PHONY: help venv demo test lint types fuzz bench bench-quick bench-planning faults lock

# The tests mostly wait for servers to start, so two workers per processor of a small
# machine; `make test WORKERS=0` runs in one process.
WORKERS ?= 4
# Faults to plant, the first of their seeds (none: a random one), and in how many
# workers; most of a fault's time is processor time.
FAULTS ?= 200
SEED ?=
FAULT_WORKERS ?= 2
# Tests are dealt out one by one, in the order that tests/conftest.py gives them.
PYTEST = .venv/bin/pytest -n $(WORKERS) --maxschedchunk 1
# More for pytest, as in `make test ARGS="-k plan"`.
ARGS ?=

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 16

venv: ## make .venv from the pinned set
	@PYTHON="$(PYTHON)" .ci/venv

demo: venv ## run plan, apply, plan on an embedded cluster
	@.venv/bin/stalplan demo

test: venv ## run the tests, real sshd and systemd included
	@.ci/prepare
	@$(PYTEST) $(ARGS)

lint: venv ## check style and format
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.ci/shell

types: venv ## check types
	@.venv/bin/mypy

fuzz: venv ## run the long searches
	@.ci/prepare
	@$(PYTEST) -m long $(ARGS)

faults: venv ## strike applies on real servers: FAULTS=2000 SEED=1 (a random one)
	@.ci/prepare
	@PYTHONPATH=.:tests .venv/bin/python -m faults \
	  --faults "$(FAULTS)" --seed "$(SEED)" --workers "$(FAULT_WORKERS)"

lock: ## write .ci/requirements.txt anew from pyproject.toml
	@.ci/lock

bench: venv ## measure reading a cluster beside pyinfra, Ansible and others
	@.ci/prepare
	@tests/bench/peers.sh
	@PYTHONPATH=tests:tests/transport .venv/bin/python -m bench --out docs/speed.md --readme README.md $(ARGS)
	@PYTHONPATH=tests .venv/bin/python -m bench.planning --append docs/speed.md

bench-quick: venv ## the same at a desk: few sizes and runs; writes no page
	@tests/bench/peers.sh
	@PYTHONPATH=tests:tests/transport .venv/bin/python -m bench --quick $(ARGS)

bench-planning: venv ## measure planning alone, with nodes from memory
	@PYTHONPATH=tests .venv/bin/python -m bench.planning $(ARGS)
