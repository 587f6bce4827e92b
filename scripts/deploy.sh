#!/bin/sh
# Deploys Asocial: on this machine with Docker Compose, or to the cluster that kubectl points at.
#
#   scripts/deploy.sh compose [ARGUMENTS OF docker compose up]
#   scripts/deploy.sh OVERLAY [ARGUMENTS OF kubectl apply]     for example: dev, prod, prod-gateway
#
# docs/operations.md says what to set before.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
overlays=$root/deploy/kustomize/overlays
target=${1:-}
[ $# -eq 0 ] || shift

if [ "$target" = compose ]; then
  exec docker compose -f "$root/compose.yaml" up --build --detach "$@"
fi
case $target in
  "" | */*) known= ;;
  *) known=$overlays/$target/kustomization.yaml ;;
esac
if [ ! -f "$known" ]; then
  echo "deploy.sh: name what to deploy: compose $(cd "$overlays" && echo *)" >&2
  exit 2
fi
"$root/deploy/kustomize/make-secrets" "$target"
exec kubectl apply -k "$overlays/$target" "$@"
