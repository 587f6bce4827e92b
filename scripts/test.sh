#!/bin/sh
# Runs all checks and tests: `make test`. Arguments go to pytest, as in: scripts/test.sh -k "words or others"
set -eu
cd "$(dirname "$0")/.."
args=
for each in "$@"; do
  # Quoted for the shell that make starts; make itself reads $$ as $.
  args="$args '$(printf %s "$each" | sed "s/'/'\\\\''/g; s/[$]/\$\$/g")'"
done
exec make test ARGS="$args"
