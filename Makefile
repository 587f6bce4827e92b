# The front door of Asocial. What each target does is in scripts/workshop.py; here is only the list.
# Needs Python 3.11 or later and make; everything else is fetched into .venv, .node and web/node_modules.

# The first Python that is new enough; `make PYTHON=/path/to/python3 ...` puts another one first.
FIND_PYTHON = for each in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$each; break; fi; done
NO_PYTHON = Asocial needs Python 3.11 or later, and none of python3, python3.14 ... python3.11 is. \
	Type: sudo apt-get install python3 python3-venv (Debian 12, Ubuntu 24.04 or later), \
	brew install python3 (macOS), or make PYTHON=/path/to/python3 with one that is
WORKSHOP = $(or $(shell $(FIND_PYTHON)),$(error $(NO_PYTHON))) -m scripts.workshop

.DEFAULT_GOAL := help
.PHONY: help run test test-full test-deploy test-deploy-full check audit format page env system screenshots icons bench bench-full lock clean

help:  ## this list
	@grep -E '^[a-z-]+: *##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+): *## */  make \1\t/' | expand -t 26

run:  ## start the server on http://localhost:8080 (ARGS="--port 9000" or ASOCIAL_PORT=9000 for another port)
	@exec $(WORKSHOP) run $(ARGS)

test:  ## everything: all checks, then all tests (ARGS="-k words" picks some tests)
	@exec $(WORKSHOP) test $(ARGS)

test-full:  ## what takes long: ten minutes of faults (ARGS="-k words" picks some tests)
	@exec $(WORKSHOP) test-full $(ARGS)

test-deploy:  ## deploy/: manifests, images, rules, dashboard, workflows; in about a minute
	@exec $(WORKSHOP) test-deploy $(ARGS)

test-deploy-full:  ## a real Prometheus, nginx and HAProxy, a rolling restart, the image's commands; about 20 minutes
	@exec $(WORKSHOP) test-deploy-full $(ARGS)

check:  ## format, lint, types, import rules and unit tests, in under a minute
	@exec $(WORKSHOP) check

audit:  ## known vulnerabilities of the locked packages (ARGS=--strict fails where the databases cannot be asked)
	@exec $(WORKSHOP) audit $(ARGS)

format:  ## format the code, and mend what the linters can mend
	@exec $(WORKSHOP) format

page:  ## build the page, web/ into src/asocial/page
	@exec $(WORKSHOP) page

env:  ## .venv with the locked packages, the tools for development included
	@exec $(WORKSHOP) env dev

system:  ## Redis and Chromium for the tests, from the system's packages
	@exec $(WORKSHOP) system

screenshots:  ## pictures of the page as it is, into docs/screenshots
	@exec $(WORKSHOP) screenshots $(ARGS)

icons:  ## the icons and the preview of a link, from web/public/icon.svg and the start page
	@exec $(WORKSHOP) icons

bench:  ## measure everything in about seven minutes and print the tables (needs Linux and cargo; go for two of the peers)
	@exec $(WORKSHOP) bench $(ARGS)

bench-full:  ## measure everything thoroughly, for hours, and write docs/performance.md (ARGS="--only fanout" for a part)
	@exec $(WORKSHOP) bench-full $(ARGS)

lock:  ## write the lock files anew from pyproject.toml and web/package.json (ARGS=--upgrade for newer versions)
	@exec $(WORKSHOP) lock $(ARGS)

clean:  ## remove all that was installed and built
	@exec $(WORKSHOP) clean
