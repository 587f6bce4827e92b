"""The front end's nginx serves the same page with the same headers as the server."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from asocial.adapters.http.page import PAGE_DIR
from asocial.app import build
from asocial.config import load
from tests.deploy.dockerfile import parse
from tests.deploy.tools import DEPLOY, ROOT, run, tool
from tests.support.ports import reserve_port
from tests.support.server import MANGLED, Server, http_get
from tests.support.waiting import until

SAME = (
    "content-type", "content-encoding", "cache-control", "content-security-policy", "x-content-type-options",
    "referrer-policy", "permissions-policy", "cross-origin-resource-policy", "cross-origin-opener-policy",
    "x-frame-options", "strict-transport-security", "access-control-allow-origin",
)  # fmt: skip


class Nginx:
    def __init__(self, log: Path) -> None:
        self.port = reserve_port(self)
        self.log = log


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    with front_end(tmp_path) as running:
        yield running


@contextmanager
def front_end(tmp_path: Path, settings: Mapping[str, str] | None = None, routes: str = "") -> Iterator[Nginx]:
    """deploy/docker/nginx.conf as it is, but for where it listens, writes and finds the page.

    `settings`: variables of the server, from which `asocial page-headers` makes the headers. `routes`: locations, as a
    proxy in front of the page has them.
    """
    binary, running = tool("nginx"), Nginx(tmp_path / "access.log")
    settings_folder = tmp_path / "run"
    settings_folder.mkdir()
    if settings is not None:
        command = [sys.executable, "-m", "asocial.cli", "page-headers", "--output", str(settings_folder / "page.map")]
        subprocess.run(command, env=dict(settings), check=True)
    assert (PAGE_DIR / "index.html").is_file(), "the page is not built: run `make page`"
    page = shutil.copytree(PAGE_DIR, tmp_path / "page")
    text = (DEPLOY / "docker" / "nginx.conf").read_text()
    for old, new in {
        "listen 3000": f"listen 127.0.0.1:{running.port}",
        "/tmp/": f"{tmp_path}/",
        "/usr/share/nginx/html": str(page),
        "/dev/stdout": str(running.log),
        "/run/asocial": str(settings_folder),
        "    location / {": f"{routes}\n    location / {{",
    }.items():
        assert old in text
        text = text.replace(old, new)
    config = tmp_path / "nginx.conf"
    config.write_text(text)
    for each in tmp_path, settings_folder, *settings_folder.iterdir(), page, *page.rglob("*"):
        each.chmod(0o755 if each.is_dir() else 0o644)
    for each in tmp_path.parents:
        if "pytest" in str(each):
            each.chmod(0o755)  # a worker of an nginx that root starts is nobody
    arguments = [binary, "-e", "stderr", "-c", str(config), "-p", str(tmp_path), "-g", "daemon off;"]
    with (tmp_path / "stderr.log").open("wb") as stderr:
        process = subprocess.Popen(arguments, stderr=stderr)
    try:
        until(lambda: _answers(running.port), "nginx answers")
        yield running
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    import socket

    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


def _asset() -> str:
    return next(each.name for each in (PAGE_DIR / "assets").iterdir() if each.suffix == ".js")


@pytest.mark.parametrize(
    "path", ["/", "/c/garden", "/c/a%20b", "/s/", "/icon.svg", "/embed.js", "/embed.json", "EMBED", "ASSET"]
)
@pytest.mark.parametrize("accept", ["", "gzip"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_front_end_answers_as_the_server_does(
    nginx: Nginx, server: Server, path: str, accept: str, scheme: str
) -> None:
    if path == "EMBED":
        path = json.loads((PAGE_DIR / "embed.json").read_text())["src"]
    path = f"/assets/{_asset()}" if path == "ASSET" else path
    headers = {"X-Forwarded-Proto": scheme} | ({"Accept-Encoding": accept} if accept else {})
    theirs, ours = await _head(nginx.port, path, headers), await _head(server.port, path, headers)
    assert theirs[0] == ours[0] == 200
    for name in SAME:
        assert _plain(theirs[1].get(name)) == _plain(ours[1].get(name)), name


def _plain(value: str | None) -> str:
    return (value or "").lower().replace("application/javascript", "text/javascript").removesuffix("; charset=utf-8")


async def _head(port: int, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    import http.client

    def ask() -> tuple[int, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}

    return await asyncio.to_thread(ask)


SIGN_IN = {"ASOCIAL_AUTH": "jwt", "ASOCIAL_JWT_PRESET": "firebase:garden", "ASOCIAL_FIREBASE_API_KEY": "public"}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        SIGN_IN,
        SIGN_IN | {"ASOCIAL_FIREBASE_AUTH_DOMAIN": "login.example.org"},
        {"ASOCIAL_FRAME_ANCESTORS": "https://school.example,https://*.example.org"},
        {"ASOCIAL_HSTS_SECONDS": "0", "ASOCIAL_OFFLINE_PAGE": "withdrawn"},
    ],
    ids=["defaults", "firebase", "own-domain", "embedded", "no-hsts"],
)
async def test_the_front_end_answers_as_a_server_with_the_same_settings(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    app = build(load({"port": 0, "host": "127.0.0.1", "trusted_proxies": "127.0.0.1", "secret": "s" * 40}, settings))
    await app.start()
    try:
        with front_end(tmp_path, settings) as nginx:
            for path, scheme in itertools.product(("/c/garden", "/sw.js", "/nowhere"), ("http", "https")):
                headers = {"X-Forwarded-Proto": scheme}
                theirs, ours = await _head(nginx.port, path, headers), await _head(app.port, path, headers)
                assert theirs[0] == ours[0], path
                for name in SAME if ours[0] == 200 else ("content-security-policy", "x-frame-options"):
                    assert _plain(theirs[1].get(name)) == _plain(ours[1].get(name)), (path, scheme, name)
    finally:
        await app.drain()


async def test_a_deployment_is_proven_by_a_smoke_test(nginx: Nginx, server: Server) -> None:
    command = [sys.executable, "-m", "tests.deploy.smoke"]
    urls = [f"http://127.0.0.1:{port}" for port in (server.port, nginx.port, 9)]
    for page, code in (urls[1], 0), (urls[2], 1):
        done = await asyncio.to_thread(subprocess.run, [*command, urls[0], page], cwd=ROOT, check=False)
        assert done.returncode == code, page


def test_a_wrong_setting_stops_the_front_end_before_it_starts(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "asocial.cli", "page-headers", "--output", str(tmp_path / "page.map")]
    environ = {"ASOCIAL_AUTH": "jwt", "ASOCIAL_FIREBASE_API_KEY": "public"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "jwt_preset" in done.stderr
    assert not (tmp_path / "page.map").exists()


async def test_every_file_of_the_page_is_served_as_the_server_does(nginx: Nginx, server: Server) -> None:
    files = [each for each in PAGE_DIR.iterdir() if each.is_file() and each.suffix not in (".gz", ".br")]
    names = sorted(each.name for each in files if each.name != "index.html" and not each.name.startswith("."))
    assert len(names) > 1
    for name in names:
        theirs, ours = await _head(nginx.port, f"/{name}", {}), await _head(server.port, f"/{name}", {})
        assert theirs[0] == ours[0] == 200, name
        for header in SAME:
            assert _plain(theirs[1].get(header)) == _plain(ours[1].get(header)), f"{name}: {header}"


@pytest.mark.parametrize("path", MANGLED)
async def test_a_mangled_link_gets_the_page_from_both(nginx: Nginx, server: Server, path: str) -> None:
    assert (await _head(nginx.port, path, {}))[0] == (await _head(server.port, path, {}))[0] == 200


async def test_a_missing_path_is_404(nginx: Nginx) -> None:
    for path in ("/nowhere", "/cat", "/assets/nothing.js", "/metrics", "/ready", "/../etc/passwd"):
        assert (await http_get(nginx.port, path)).status in (400, 404), path
    assert (await http_get(nginx.port, "/health")).json == {"status": "ok"}


def test_the_health_check_of_the_image_runs_with_busybox(nginx: Nginx) -> None:
    """The slim image of nginx has no other programs."""
    stage = parse(DEPLOY / "docker" / "Dockerfile")["frontend"]
    assert stage.base.endswith("-alpine-slim")
    check = [word.replace(":3000/", f":{nginx.port}/") for word in stage.healthcheck]
    run("busybox", *check)
    with pytest.raises(AssertionError):
        run("busybox", *(word.replace("/health", "/nothing") for word in check))


async def test_w50_a_page_has_a_trace_and_its_log_line_has_it_too_but_no_channel(nginx: Nginx) -> None:
    answer = await http_get(nginx.port, "/c/secret-garden")
    found = re.fullmatch(r"trace;desc=([0-9a-f]{32})", answer.headers["server-timing"])
    assert found is not None
    until(lambda: found[1] in nginx.log.read_text(), "the line is written")
    assert "secret-garden" not in nginx.log.read_text()
