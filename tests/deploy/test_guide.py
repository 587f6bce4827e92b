"""docs/guide/deploy.md: what needs no Docker and no cluster is run; the rest is checked with the files it names."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from asocial.config import load
from tests.deploy.tools import DEPLOY, ROOT, tool
from tests.support.guide_server import GuideServer
from tests.support.markdown_blocks import blocks, run_shell

GUIDE = ROOT / "docs" / "guide" / "deploy.md"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A reader's checkout, with a Docker that only notes how it was called, and a kubectl without a cluster."""
    ignored = shutil.ignore_patterns("*.env", "*.new")
    shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=ignored)
    programs = {
        "docker": 'echo "$@" >> docker.log',
        "kubectl": f"""echo "$@" >> kubectl.log
case "$1 $2" in
  "apply -k") exec {tool("kubectl")} kustomize "$3" ;;
  *) case "$*" in *"get secret"*) echo NotFound >&2; exit 1 ;; esac ;;
esac""",
    }
    (tmp_path / "bin").mkdir()
    for name, script in programs.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


@pytest.fixture
def guide_server(checkout: Path) -> Iterator[GuideServer]:
    made = GuideServer(checkout)
    made.env["PATH"] = f"{checkout / 'bin'}:{made.env['PATH']}"
    yield made
    made.end()


async def test_the_guide_to_a_deployment(checkout: Path, guide_server: GuideServer) -> None:
    up, config, setting, secret, serve, check, apply, forward = blocks(GUIDE)
    env, addresses = guide_server.env, guide_server.addresses

    # One process: everything is run.
    run_shell(secret, cwd=checkout, env=env)
    assert (checkout / "asocial.secret").stat().st_mode & 0o077 == 0
    await guide_server.start(serve, addresses)
    checked = await asyncio.to_thread(run_shell, check, cwd=checkout, env=env, replace=addresses)
    assert checked.startswith('{"status":"ready"')
    assert str(guide_server.port) in checked.partition("\n")[2], "the table of `asocial top`"
    answer = await asyncio.to_thread(run_shell, config, cwd=checkout, env=env, replace=addresses)
    assert answer.startswith('{"auth":"guest"')
    assert json.loads(answer)["auth"] == "guest"

    # Compose: the files that the commands name, and the setting that a reader writes.
    for block in (up, setting):
        run_shell(block, cwd=checkout, env=env)
    for line in (checkout / "docker.log").read_text().splitlines():
        [file] = re.findall(r"^compose -f (\S+) (?:up|ps)\b", line)
        assert {"traefik", "secret"} <= set(yaml.safe_load((ROOT / file).read_text())["services"])
    name, _, value = (checkout / "deploy/compose/settings.env").read_text().strip().partition("=")
    assert load({name.removeprefix("ASOCIAL_").lower(): value}, {}).api_keys == (value,)

    # Kubernetes: the manifests can be made once the secrets are there.
    printed = run_shell(apply, cwd=checkout, env=env)
    kinds = {manifest["kind"] for manifest in yaml.safe_load_all(printed[printed.index("apiVersion") :])}
    assert {"Deployment", "Service", "Secret"} <= kinds
    run_shell(forward, cwd=checkout, env=env)
    assert (checkout / "kubectl.log").read_text().splitlines()[-1].endswith("port-forward svc/backend 8080")
