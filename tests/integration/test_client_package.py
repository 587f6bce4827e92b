"""The Python client's wheel, alone in a bare environment: nothing but its two dependencies is there."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.server import Join, Server
from tests.support.waiting import PATIENCE_S

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "packages/python"
DEPENDENCIES = {"msgspec", "websockets"}


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel and the dependencies that it names, each copied as installed."""
    folder = tmp_path_factory.mktemp("bare")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=PACKAGE, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=False)
    [site] = (folder / "venv/lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    for name in DEPENDENCIES:
        for file in distribution(name).files or ():
            target = site / file
            if ".." not in file.parts and "__pycache__" not in file.parts:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(Path(str(file.locate())).read_bytes())
    return folder / "venv/bin/python"


def _run(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(python), *arguments], env=environ, cwd="/", capture_output=True, text=True, timeout=PATIENCE_S
    )


def test_it_names_two_dependencies_and_the_server_does_not_need_it() -> None:
    client = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    assert {each.partition(">")[0] for each in client["dependencies"]} == DEPENDENCIES
    server = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not [each for each in server["dependencies"] if each.startswith(("asocial-client", "textual", "websockets"))]


def test_it_imports_nothing_else(bare_python: Path) -> None:
    # Debian's Python has loaded a module of its own before.
    code = (
        "import sys; before = {*sys.modules, *sys.stdlib_module_names};"
        "import asocial_client, asocial_client.commands;"
        "print(*{name.partition('.')[0] for name in sys.modules} - before)"
    )
    ran = _run(bare_python, "-c", code)
    assert set(ran.stdout.split()) - {"__mp_main__"} == {"asocial_client", *DEPENDENCIES}, ran


async def test_it_talks_to_a_server(server: Server, join: Join, bare_python: Path) -> None:
    ada: Client = await join(server, "garden")
    ran = await asyncio.to_thread(
        _run, bare_python, "-m", "asocial_client", "say", "garden", "from a bare environment", "--url", server.origin
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (await ada.receive("chat"))["payload"] == "from a bare environment"


def test_join_says_what_to_install(bare_python: Path) -> None:
    ran = _run(bare_python, "-m", "asocial_client", "join", "garden")
    assert ran.returncode == 2
    assert "pip install 'asocial-client[cli]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_server_image_does_not_contain_the_commands() -> None:
    """The image installs what this prints (deploy/docker/Dockerfile)."""
    dockerfile = (ROOT / "deploy/docker/Dockerfile").read_text()
    [export] = [line for line in dockerfile.splitlines() if "--output-file image.txt" in line]
    assert "--no-default-groups --extra otel" in export
    assert export.count("--extra") == 1
    lock = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    [server] = [package for package in lock if package["name"] == "asocial"]
    direct = {each["name"] for each in (*server["dependencies"], *server["optional-dependencies"]["otel"])}
    assert not direct & {"asocial-client", "textual", "shtab", "rich"}
