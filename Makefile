# Everything here works on a machine that has only git, make and Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SELDOM := /(litellm/proxy|botocore|boto3|huggingface_hub|pygments|mypy|mypyc|setuptools|pkg_resources|wcwidth)/
# a developer's shell may switch bytecode off, which doubles every start
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml tests/language_servers/package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "loomkin needs Python 3.11 or newer; say which with: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@# the servers that tests speak with come from npm, and node from PyPI where the machine has none
	@sh tests/language_servers/install $(BIN)/python $(VENV)/language-servers & echo $$! >$(VENV)/npm.pid
	@# pip works on one core; the lock names every package, so two halves of it go in side by side
	@for half in 0 1; do \
		awk -v half=$$half '/^[^ ]/ {n++} n % 2 == half' requirements.lock >$(VENV)/half-$$half.txt; done
	$(PIP) --no-compile --no-deps --require-hashes -r $(VENV)/half-0.txt & first=$$!; \
		$(PIP) --no-compile --no-deps --require-hashes -r $(VENV)/half-1.txt; second=$$?; \
		wait $$first && exit $$second
	$(PIP) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q loomkin
	@while kill -0 $$(cat $(VENV)/npm.pid) 2>/dev/null; do sleep 0.2; done
	@# like pip, pass over what does not compile; what is large and seldom imported is left for its first use
	$(BIN)/python -m compileall -qq -j 0 -x '$(SELDOM)' $(VENV)/lib || true
	@touch $@

venv: $(READY) ## .venv with loomkin and all it needs

demo: $(READY) ## the whole job on a sample repository, offline, with recorded model answers
	@$(BIN)/loomkin demo

lint: $(READY) ## ruff, format check, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(READY) ## the tests that take under ten seconds each
	$(BIN)/pytest -q -n auto --dist loadgroup

slow: $(READY) ## the longer tests: kill -9, litellm, big repositories
	$(BIN)/pytest -q -n auto --dist loadgroup -m slow --timeout 170

test: $(READY) ## lint, then all tests
	@# mypy leaves a core free: meanwhile the tests are compiled, once for all workers
	@$(BIN)/pytest -qq --collect-only -m "slow or not slow" >/dev/null 2>&1 & compiled=$$!; \
		$(MAKE) --no-print-directory lint; linted=$$?; wait $$compiled; exit $$linted
	$(BIN)/pytest -q -n auto --dist loadgroup -m "slow or not slow" --timeout 170

bench: $(READY) ## speed and memory, as ratios and distributions
	$(BIN)/python -m benchmarks

lock: $(READY) ## resolve the dependencies anew
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group dev --all-extras --universal --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links --generate-hashes --no-header --quiet -o requirements.lock

binary: $(READY) ## one folder with loomkin and its own Python, in dist/loomkin
	$(BIN)/python -m pip install --quiet "pyinstaller>=6.22,<7"
	$(BIN)/pyinstaller --noconfirm --distpath dist --workpath build packaging/loomkin.spec

clean: ## take away what was made
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help venv demo lint unit slow test bench lock binary clean
