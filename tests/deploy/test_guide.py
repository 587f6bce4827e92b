"""docs/guide/deploy.md: what needs no Docker and no cluster is run; the rest is checked with the files it names.

The proxies that it sends its readers to, in docs/operations.md, are checked too.
"""

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
from tests.deploy.tools import DEPLOY, ROOT, run, tool
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


def test_nginx_and_haproxy_accept_the_configurations_of_the_manual(tmp_path: Path) -> None:
    certificate, key, both = (tmp_path / name for name in ("certificate.pem", "key.pem", "both.pem"))
    subject = ("-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=talk.example")
    run("openssl", "req", "-x509", *subject, "-keyout", key, "-out", certificate)
    both.write_text(certificate.read_text() + key.read_text())
    found = {block.language: block.text for block in blocks(ROOT / "docs" / "operations.md")}
    nginx, haproxy = tmp_path / "nginx.conf", tmp_path / "haproxy.cfg"
    text = found["nginx"].replace("/etc/ssl/talk.example.pem", str(certificate))
    text = text.replace("/etc/ssl/talk.example.key", str(key)).replace("listen 443", "listen 127.0.0.1:8443")
    # Not the folders of a server that runs as root.
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "\n".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
    nginx.write_text(f"pid {tmp_path}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{folders}\n{text}}}\n")
    haproxy.write_text(found["haproxy"].replace("/etc/ssl/talk.example.pem", str(both)))
    run("nginx", "-t", "-e", "stderr", "-c", nginx, "-p", tmp_path)
    run("haproxy", "-c", "-f", haproxy)
