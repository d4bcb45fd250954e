# Everything that is done with Erebus, by one name each. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
PORT ?= 5000
export FLASK_APP := wsgi
unexport PYTHONDONTWRITEBYTECODE
V := .venv/bin

.PHONY: help demo check test soak bench pictures lint types contracts templates lock clean

help:  ## list what there is
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(V)/erebus-base: requirements/base.txt
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Erebus needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv .venv
	$(V)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/base.txt
	touch $@

$(V)/erebus-dev: requirements/dev.txt $(V)/erebus-base
	$(V)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.txt
	touch $@

demo: $(V)/erebus-base  ## set up a demo and serve it (PORT, EREBUS_DATABASE_URL, EREBUS_DEMO_PASSWORD)
	@$(V)/python -c 'import socket, sys; socket.create_server(("127.0.0.1", int(sys.argv[1]))).close()' '$(PORT)' 2>/dev/null \
	  || { echo "Port $(PORT) cannot be had: it is taken, or no number up to 65535. Choose another one: PORT=5001 make demo"; exit 1; }
	@$(V)/flask erebus upgrade
	@$(V)/flask erebus demo --address http://127.0.0.1:$(PORT)
	@exec $(V)/gunicorn --bind 127.0.0.1:$(PORT) wsgi:app

lint: $(V)/erebus-dev  ## ruff, for faults and form
	$(V)/ruff check .
	$(V)/ruff format --check .

types: $(V)/erebus-dev  ## mypy, strictly
	$(V)/mypy

contracts: $(V)/erebus-dev  ## which way imports run, and which packages are needed
	$(V)/lint-imports --no-cache
	$(V)/deptry .

templates: $(V)/erebus-dev  ## djlint
	$(V)/djlint --lint --quiet erebus/templates examples

check: lint types contracts templates  ## lint, types, contracts, and the tests on SQLite
	$(V)/pytest -m 'not browser and not crash and not soak'

test: lint types contracts templates  ## everything: both databases and a real browser
	EREBUS_TEST_DATABASE=postgresql $(V)/pytest -m 'not browser and not soak and not pure'
	$(V)/pytest

soak: $(V)/erebus-dev  ## what takes minutes, on both databases: a real server killed again and again
	for database in sqlite postgresql; do EREBUS_TEST_DATABASE=$$database $(V)/pytest -m soak; done

$(V)/erebus-bench: requirements/bench.txt $(V)/erebus-dev
	$(V)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/bench.txt
	touch $@

bench: $(V)/erebus-bench  ## what the trail costs, beside others; goes on where it was stopped, writes docs/benchmarks.md
	$(V)/python -W ignore -m benchmarks

pictures: $(V)/erebus-dev  ## screenshots of the main pages, dark, light and on a phone, into pictures/
	$(V)/python -m tests.pictures

lock: $(V)/erebus-dev  ## choose the newest versions of all dependencies that fit
	$(V)/uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements/base.txt
	$(V)/uv pip compile pyproject.toml --upgrade --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements/dev.txt -c requirements/base.txt
	$(V)/uv pip compile pyproject.toml --upgrade --group bench --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements/bench.txt -c requirements/dev.txt

clean:  ## remove what can be made again; instance/ stays
	rm -rf .venv pictures .mypy_cache .ruff_cache .pytest_cache .hypothesis
