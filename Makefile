# The commands of this project; `make help` lists them. They need make and Python 3.11 or later.
# Everything else goes into the checkout: Python packages from uv.lock into .venv, the page's from
# web/package-lock.json into web/node_modules. No system package is installed except by `make system`.

# uv from the PATH if it is recent enough for pyproject.toml; else the one that scripts/uv.txt pins, in .uv.
ifndef UV
UV := $(or $(shell uv export --quiet --frozen --only-group uv >/dev/null 2>&1 && command -v uv),.uv/bin/uv)
endif
export UV
UV_INSTALLED = $(filter .uv/bin/uv,$(UV))
RUN = $(UV) run --no-sync
# An activated environment is not ours.
unexport VIRTUAL_ENV
# Some containers set it. Then each process compiles all that it imports, and the tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE
# `make PYTHON=/path/to/python3 ...` chooses the interpreter.
ifdef PYTHON
export UV_PYTHON = $(PYTHON)
else
PYTHON = python3
endif

# uv.lock names files on pypi.org, and `uv sync --frozen` asks there whatever index is set. Where one is set, the same
# files come from it, by version and hash. $(1) chooses groups; $(2) may be --inexact, which this way always is.
UV_DEFAULT_INDEX ?= $(or $(UV_INDEX_URL),$(PIP_INDEX_URL))
ifneq ($(UV_DEFAULT_INDEX),)
export UV_DEFAULT_INDEX
export PIP_INDEX_URL = $(UV_DEFAULT_INDEX)
define sync
{ test -x .venv/bin/python || $(UV) venv --quiet; } \
&& $(UV) export --quiet --frozen --no-emit-project --output-file .venv/locked.txt $(1) $(NODE) \
&& $(UV) pip install --require-hashes --requirements .venv/locked.txt \
&& $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
endef
else
sync = $(UV) sync --frozen $(1) $(2) $(NODE)
endif

# Node from the PATH when it is recent enough, else from PyPI into .venv.
NODE = $(shell case "$$(command -v npm)" in ("" | "$(CURDIR)"/.venv/*) echo --group node;; \
	(*) node web/scripts/node-version.mjs 2>/dev/null || echo --group node;; esac)
NODE_MODULES = web/node_modules/.package-lock.json
NPM = $(RUN) npm --prefix web

CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# Side by side, each command's output in one piece. The environment is there, and must not change meanwhile.
PARALLEL = $(MAKE) --no-print-directory --keep-going --old-file=env-run --jobs=$(CORES) \
	$(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
PYTEST = $(RUN) pytest
# Two workers for each core, one of them with a browser, and one more (tests/support/scheduling.py). ARGS="-n 0" undoes it.
PYTEST_PARALLEL = -n $(shell expr 2 \* $(CORES) + 1) --dist loadgroup --no-loadscope-reorder --durations 10
CHECKS = check-web-lint check-types check-web-tests check-web-types check-imports check-lint check-format check-lock check-prose check-client-frames
ACTIONLINT = $(if $(shell command -v actionlint 2>/dev/null),,.tools/actionlint)
MEASURE = PYTHONPATH="$(CURDIR)/src:$(CURDIR)" $(RUN) python -m
PEERS = benchmarks/peers
PEERS_NODE = $(PEERS)/node/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test run-tests test-repeats test-compiled compile test-full test-runtimes test-deploy test-deploy-full check $(CHECKS) check-unit client-frames audit format page types env env-run \
	system system-full system-deploy need need-full need-deploy need-deploy-full screenshots icons bench bench-full bench-tools lock dist clean

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 26

run: page  ## start the server on http://localhost:8080 (ARGS="--port 9000" or ASOCIAL_PORT=9000 for another port)
	@exec .venv/bin/asocial serve $(ARGS)

test: need  ## the page, all checks beside its build, and the tests (ARGS="-k words" selects tests)
	@$(PARALLEL) run-tests $(CHECKS) || { echo "make test: failed, see each line with *** above" >&2; exit 1; }

check-web-lint check-web-tests check-web-types check-prose check-unit: $(NODE_MODULES)
# Both the build and this check keep what they know of the types in one file.
check-web-types: | $(if $(filter run-tests,$(MAKECMDGOALS)),page)

# "+": its output comes as it is written, and not in one piece (make's manual, "Output During Parallel Execution").
# Commands that tests start are no part of this make.
run-tests: page
	+@env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS $(PYTEST) $(PYTEST_PARALLEL) -m "not repeats" $(ARGS)

test-repeats: need page  ## tests again with more languages, screen sizes and seeds; three minutes (ARGS="-k words" selects tests)
	@$(PYTEST) $(PYTEST_PARALLEL) -m repeats $(ARGS)

# Elsewhere than the sources: `make run` and `make test` go on with what is written in src.
COMPILED = build/compiled
COMPILED_FROM = $(shell find src/asocial -name '*.py') scripts/compile.py scripts/compile_checks.py uv.lock
$(COMPILED)/asocial: $(COMPILED_FROM) | env
	@$(RUN) python -m scripts.compile $(COMPILED)
	@touch $@

compile: env page $(COMPILED)/asocial  ## compile the path of a message to C, into build/compiled; two minutes, needs gcc or clang and Python's headers
	@rm -rf $(COMPILED)/asocial/page && cp -R src/asocial/page $(COMPILED)/asocial/
	@echo "to run it: PYTHONPATH=$(COMPILED) .venv/bin/asocial serve"

test-compiled: need compile  ## the tests of the server and its clients on the compiled package (ARGS="-k words" selects tests)
	@$(PYTEST) $(PYTEST_PARALLEL) -o pythonpath="$(COMPILED) packages/python/src ." \
	tests/unit tests/contract tests/integration tests/faults $(ARGS)

test-full: need-full page  ## tests that take long: ten minutes of faults, many HTTP requests, Firefox (ARGS="-k words" selects tests)
	@$(PYTEST) -s $(filter-out tests/deploy/%,$(wildcard tests/*/full_*.py)) $(ARGS)

RUNTIMES = .tools/runtimes/node_modules
test-runtimes: env $(NODE_MODULES) $(RUNTIMES)  ## the TypeScript client on Node 22 and on Deno, which npm puts into .tools (ARGS="-k words" selects tests)
	@ASOCIAL_TEST_NODE=$(RUNTIMES)/node/bin/node ASOCIAL_TEST_DENO=$(RUNTIMES)/deno/deno \
	$(PYTEST) tests/integration/test_typescript_client.py $(ARGS)

test-deploy: need-deploy page $(ACTIONLINT)  ## deploy/: manifests, images, rules, dashboard, workflows; about a minute
	@ASOCIAL_TEST_DEPLOY=1 $(PYTEST) tests/deploy $(ARGS)

test-deploy-full: need-deploy-full page $(ACTIONLINT)  ## a real Prometheus, nginx and HAProxy, a rolling restart, the image's commands; about 20 minutes
	@ASOCIAL_TEST_DEPLOY=1 $(PYTEST) -s $(wildcard tests/deploy/full_*.py) $(ARGS)

check: env  ## format, lint, types, import rules, prose and unit tests; under a minute
	@$(PARALLEL) $(CHECKS) check-unit || { echo "make check: failed, see each line with *** above" >&2; exit 1; }

check-web-lint:  # prettier, eslint, dependency-cruiser
	@$(NPM) run lint

check-web-types:  # tsc, and the size of the client
	@$(NPM) run check-types

check-web-tests:  # vitest
	@$(NPM) run test

check-types:
	@$(RUN) mypy

check-imports:
	@$(RUN) lint-imports --no-logo

check-lint:
	@$(RUN) ruff check .

check-format:
	@$(RUN) ruff format --check .

check-lock:  # both locks fit their pyproject.toml
	@$(UV) lock --check --offline --default-index https://pypi.org/simple
	@$(UV) lock --check --offline --default-index https://pypi.org/simple --project $(PEERS)/python

check-prose:
	@$(RUN) codespell
	@$(RUN) node web/node_modules/.bin/markdownlint-cli2 $$(git ls-files '*.md')
	@$(RUN) python -m scripts.prose

check-client-frames:  # the Python client's frame types are those of the server
	@PYTHONPATH=src $(RUN) python -m scripts.client_frames --check

check-unit:
	@$(PYTEST) -q tests/unit

client-frames: env  ## write the Python client's frame types from the server's
	@PYTHONPATH=src $(RUN) python -m scripts.client_frames

audit: env $(NODE_MODULES)  ## known vulnerabilities of the locked packages (ARGS=--strict fails where a database cannot be reached)
	@$(RUN) python -m scripts.audit $(ARGS)

format: env $(NODE_MODULES)  ## format the code and fix what the linters can fix
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix-only .
	@$(NPM) run format

page: env-run $(NODE_MODULES)  ## build the page, web/ and packages/client into src/asocial/page
	@$(RUN) python -m scripts.page

env: $(UV_INSTALLED)  ## .venv with the locked packages, development tools included
	@$(call sync)

env-run: $(UV_INSTALLED)  # only what the server and the page's build need; removes nothing
	@$(call sync,--no-dev,--inexact)

# PyPI's uv in .uv, by pip. Debian's Python without python3-venv has no pip to put there; its own can install into it.
.uv/bin/uv: scripts/uv.txt
	@command -v "$(PYTHON)" >/dev/null || { echo "no $(PYTHON): install Python 3.11 or later, or say make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "no recent uv on the PATH: installing it into .uv"
	@rm -rf .uv
	@if "$(PYTHON)" -c 'import ensurepip' 2>/dev/null; \
	then "$(PYTHON)" -m venv .uv && set -- .uv/bin/python -m pip install; \
	else set -- "$(PYTHON)" -m pip install --target .uv; fi; \
	"$$@" --quiet --disable-pip-version-check --no-input --only-binary :all: --require-hashes -r scripts/uv.txt || { \
	echo "uv was not installed, see above. Python needs venv or pip for it (Debian: apt-get install python3-venv);" \
	"or install uv yourself: https://docs.astral.sh/uv" >&2; exit 1; }
	@touch $@

$(NODE_MODULES): web/package-lock.json web/package.json web/.npmrc | env-run
	$(NPM) ci

system: env  ## install what the tests need with apt-get: Redis and Chromium
	@$(RUN) python -m scripts.system install test

system-full: env  ## install what `make test-full` needs: Redis, Chromium and Firefox
	@$(RUN) python -m scripts.system install test-full

system-deploy: env  ## install what `make test-deploy` and `make test-deploy-full` need: Prometheus, nginx, HAProxy, debootstrap
	@$(RUN) python -m scripts.system install deploy-full

need: env
	@$(RUN) python -m scripts.system check test

need-full: env
	@$(RUN) python -m scripts.system check test-full

need-deploy: env
	@$(RUN) python -m scripts.system check deploy

need-deploy-full: env
	@$(RUN) python -m scripts.system check deploy-full

screenshots: need page  ## pictures of the page and of the terminal, into docs/screenshots
	@$(RUN) python -m tests.integration.terminal_picture docs/screenshots
	@$(RUN) python -m tests.browser.screenshots docs/screenshots $(ARGS)

types: env  ## write the frames' TypeScript types, from src/asocial/protocol/schema.py into packages/client
	@$(RUN) python -m scripts.client_types

icons: need page  ## the icons and the link preview, from web/public/icon.svg and the start page
	@$(RUN) python -m tests.browser.icons web/public

bench: bench-tools need page  ## measure everything in about seven minutes and print the tables (needs Linux and cargo; go for two of the peers)
ifdef ARGS
	$(MEASURE) benchmarks.suite $(ARGS)
else
	$(MEASURE) benchmarks.suite
	$(MEASURE) benchmarks.page --loads 3 --keys 15 --name quick/page
	$(MEASURE) benchmarks.soak --minutes 0.4 --people 200 --every 2 --name quick/soak --no-verdict
endif
	$(MEASURE) benchmarks.report --quick

bench-full: bench-tools need page  ## measure everything thoroughly, for hours, and write docs/performance.md (ARGS="--only fanout" for a part)
	$(MEASURE) benchmarks.suite --full $(ARGS)
ifndef ARGS
	$(MEASURE) benchmarks.page
	$(MEASURE) benchmarks.soak
endif
	$(MEASURE) benchmarks.report

# The load generator, and the servers that Asocial is compared with. Each is built from its own lock file.
bench-tools: env $(PEERS_NODE)
	@test "$$(uname)" = Linux || { echo "the benchmarks run on Linux only: they use epoll and sched_setaffinity" >&2; exit 1; }
	@command -v cargo >/dev/null || { echo "no cargo on the PATH: sudo apt-get install cargo, or https://rustup.rs" >&2; exit 1; }
	cargo build --release --locked --manifest-path benchmarks/crowd/Cargo.toml
	@command -v go >/dev/null || echo "no go on the PATH: gin_melody and centrifugo are left out (https://go.dev/dl)"
	@! command -v go >/dev/null || { set -x; go build -C $(PEERS)/gin_melody -mod=readonly -o bin/hub . \
	&& go build -C $(PEERS)/centrifugo -mod=readonly -o bin/centrifugo github.com/centrifugal/centrifugo/v6; }
	$(UV) sync --frozen --project $(PEERS)/python

# Neither is built here: the packages bring the programs for each system.
$(RUNTIMES): | env-run
	$(RUN) npm install --no-audit --no-fund --no-save --prefix .tools/runtimes node@22 deno@2

$(PEERS_NODE): $(PEERS)/node/package-lock.json | env-run
	$(RUN) npm --prefix $(PEERS)/node ci --no-audit --no-fund

.tools/actionlint:
	@command -v go >/dev/null || { echo "no actionlint, and no go to build it with: put either on the PATH" >&2; exit 1; }
	GOBIN="$(CURDIR)/.tools" go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.7

lock: $(UV_INSTALLED)  ## write the lock files anew from pyproject.toml and package.json (ARGS=--upgrade for newer versions)
	$(UV) lock --default-index https://pypi.org/simple $(ARGS)
	$(UV) lock --default-index https://pypi.org/simple --project $(PEERS)/python $(ARGS)
	$(UV) export --quiet --frozen --only-group uv --no-header --no-annotate --output-file scripts/uv.txt
	$(MAKE) env
	$(NPM) install --package-lock-only
	@# npm writes it as if it had installed what is in the new lock.
	rm -f $(NODE_MODULES)
	@# npm leaves a package that the registry lacks out of the lock, then refuses to install from it.
	$(NPM) ci --dry-run

dist: env page  ## a wheel and an sdist, with the page inside, into dist
	$(UV) build

clean:  ## remove everything that was installed and built
	rm -rf .venv .uv .tools dist $(COMPILED) test-results .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
	src/asocial/page web/node_modules packages/client/dist benchmarks/crowd/target $(PEERS)/*/bin $(PEERS)/python/.venv $(PEERS)/node/node_modules
