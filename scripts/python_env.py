"""`.venv`: the project and its locked packages, by uv when it is on the PATH, else by pip.

There are two levels, `run` (what the server needs) and `dev` (that and the tools). An environment that has
been raised to `dev` stays there, so that `make run` and `make test` do not undo each other's work.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Literal

from scripts import page, stamp
from scripts.command import ROOT, Failure, step

Level = Literal["run", "dev"]

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
SERVER = VENV / "bin" / "asocial"
STAMP = VENV / ".asocial-stamp"


def lock_file(level: str) -> Path:
    return ROOT / "requirements" / f"{level}.txt"


def ensure(level: Level) -> None:
    done = _finished()
    if done.get("level") == "dev":
        level = "dev"
    wanted = {"level": level, "place": _place(), "made_from": _made_from(level)}
    if done == wanted and PYTHON.exists() and SERVER.exists():
        return
    # No stamp: an interrupted install. Another place: scripts in bin/ name the directory they were made in,
    # and packages lie under the Python version they were installed for. Neither can be brought up to date.
    if done.get("place") != _place() or not PYTHON.exists() or not _can_install():
        shutil.rmtree(VENV, ignore_errors=True)
        _create()
    STAMP.unlink(missing_ok=True)
    install(lock_file(level), f"installing the locked Python packages ({level})", sync=True)
    _install_project()
    stamp.write(STAMP, json.dumps({**wanted, "place": _place()}))


def _finished() -> dict[str, object]:
    text = stamp.read(STAMP)
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def _place() -> list[str]:
    return [str(ROOT), os.path.realpath(PYTHON)]


def _made_from(level: Level) -> str:
    # Of pyproject.toml only what an install writes down: a new lint rule is no reason to install anything.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    installed = json.dumps([project["project"], project["build-system"]], sort_keys=True)
    return stamp.fingerprint([lock_file(level).read_bytes(), installed.encode()])


def uv() -> str | None:
    return shutil.which("uv")


def _has_pip() -> bool:
    return any(VENV.glob("lib/python*/site-packages/pip/__main__.py"))


def _can_install() -> bool:
    return uv() is not None or _has_pip() or importlib.util.find_spec("pip") is not None


def _create() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    doing = f"creating .venv with Python {version}"
    fix = f"{sys.executable} -m venv .venv (to see it fail by itself)"
    if found := uv():
        step(doing, [found, "venv", "--quiet", "--python", sys.executable, VENV], fix=fix)
    elif importlib.util.find_spec("ensurepip"):
        step(doing, [sys.executable, "-m", "venv", VENV], fix=fix)
    elif importlib.util.find_spec("pip"):
        # Debian without python3-venv: no pip to put into .venv, but the system's own can install into it.
        step(doing, [sys.executable, "-m", "venv", "--without-pip", VENV], fix=fix)
    else:
        raise Failure(
            "no environment can be made",
            f"{sys.executable} comes without ensurepip and pip, and there is no uv",
            f"sudo apt-get install python{version}-venv (Debian, Ubuntu) or install uv, then the same again",
        )


def _installer(command: str) -> list[str | Path]:
    if found := uv():
        return [found, "pip", command, "--quiet", "--python", PYTHON]
    pip: list[str | Path] = [PYTHON, "-m", "pip"] if _has_pip() else [sys.executable, "-m", "pip", "--python", PYTHON]
    return [*pip, "--disable-pip-version-check", "--no-input", "install"]


def install(lock: Path, doing: str, *, sync: bool = False, target: Path | None = None) -> None:
    """Install exactly what `lock` lists, every file checked against its hash."""
    command = _installer("sync" if sync else "install")
    if uv():
        # pip compiles anyway; without it the first start of the server would pay.
        command.append("--compile-bytecode")
    if target:
        command += ["--target", target]
    source = [lock] if uv() and sync else ["-r", lock]
    step(
        f"{doing} with {'uv' if uv() else 'pip'}",
        [*command, "--require-hashes", *source],
        network=True,
        fix="the same make target again, once the package index answers",
    )


def _install_project() -> None:
    step(
        "installing asocial itself, editable",
        [*_installer("install"), "--no-deps", "--no-build-isolation", "--editable", ROOT],
        fix="make clean, then the same make target again",
    )


def ensure_node() -> page.Node:
    """Node from wherever `page` finds it, else installed into `.node`."""
    if found := page.find_node():
        return found
    shutil.rmtree(page.NODE_HOME, ignore_errors=True)
    doing = f"no {page.NODE_NEEDED} on the PATH: fetching Node into .node"
    install(page.NODE_LOCK, doing, target=page.NODE_HOME)
    stamp.write(page.NODE_HOME / ".stamp", page.node_fingerprint())
    if found := page.find_node():
        return found
    raise Failure(
        "Node was fetched and does not work here",
        f"{page.NODE_HOME} holds no npm",
        f"rm -r .node; or install {page.NODE_NEEDED} and put it on the PATH",
    )
