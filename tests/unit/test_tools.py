"""The project's tools: lock files, make targets, and the checks in scripts/."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scripts import audit, prose, system

ROOT = Path(__file__).resolve().parents[2]
PUBLIC_HOSTS = {"pypi.org", "files.pythonhosted.org"}
UV_LOCKS = ("uv.lock", "benchmarks/peers/python/uv.lock")
NPM_LOCKS = ("web/package-lock.json", "benchmarks/peers/node/package-lock.json")


def make(*arguments: str, **variables: str) -> str:
    """What make would run, without running it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "UV_", "PIP_"))}
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("name", UV_LOCKS)
def test_a_lock_names_no_host_but_pypi(name: str) -> None:
    """One that was written behind a mirror would send everybody there."""
    urls = re.findall(r'"(\w+://[^"]+)"', (ROOT / name).read_text())
    assert len(urls) > 50
    assert {urlsplit(url).hostname for url in urls} == PUBLIC_HOSTS


@pytest.mark.parametrize("name", UV_LOCKS)
def test_every_locked_file_has_a_hash(name: str) -> None:
    for package in tomllib.loads((ROOT / name).read_text())["package"]:
        for file in (*package.get("wheels", ()), *filter(None, [package.get("sdist")])):
            assert file["hash"].startswith("sha256:"), file["url"]


@pytest.mark.parametrize("name", NPM_LOCKS)
def test_the_lock_of_npm_names_no_host(name: str) -> None:
    packages = json.loads((ROOT / name).read_text())["packages"]
    assert not [path for path, package in packages.items() if "resolved" in package]


def test_the_uv_that_make_installs_is_the_locked_one() -> None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    locked = next(package for package in packages if package["name"] == "uv")
    pinned = (ROOT / "scripts" / "uv.txt").read_text()
    assert pinned.startswith(f"uv=={locked['version']} ")
    hashes = {file["hash"] for file in (locked["sdist"], *locked["wheels"])}
    assert set(re.findall(r"--hash=(sha256:\w+)", pinned)) == hashes


@pytest.mark.parametrize("target", ["run", "check", "test", "test-full", "test-deploy", "test-deploy-full", "page"])
def test_only_make_system_installs_system_packages(target: str) -> None:
    assert "scripts.system install" in make("--dry-run", "system")
    assert "scripts.system install" not in make("--dry-run", target)


def test_behind_a_mirror_the_locked_files_come_from_it() -> None:
    """`uv sync --frozen` ignores the index that is set."""
    assert "sync --frozen" in make("--dry-run", "env")
    mirrored = make("--dry-run", "env", UV_DEFAULT_INDEX="http://127.0.0.1:9/simple")
    assert "sync --frozen" not in mirrored
    assert "pip install --require-hashes" in mirrored
    assert "--inexact" not in make("--dry-run", "env-run", UV_DEFAULT_INDEX="http://127.0.0.1:9/simple")


def test_make_help_lists_every_command() -> None:
    phony = re.search(r"^\.PHONY:((?:.*\\\n)*.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    steps = re.compile(r"run-tests|check-.*|need.*|env-run|bench-tools|\$\(CHECKS\)|\\")
    commands = {name for name in phony[1].split() if not steps.fullmatch(name)}
    assert len(commands) > 15
    assert set(re.findall(r"^  make ([a-z-]+) ", make("help"), re.MULTILINE)) == commands


def test_a_missing_program_is_named_and_nothing_is_installed(tmp_path: Path) -> None:
    for name in ("apt-get", "sudo"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n: > {tmp_path}/installed\n")
        program.chmod(0o755)
    environment = {"PATH": str(tmp_path), "ASOCIAL_TEST_CHROMIUM": str(tmp_path / "nothing")}
    for action in ("check", "install"):
        done = subprocess.run(
            [sys.executable, "-m", "scripts.system", action, "test"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "missing: Redis, Chromium" in done.stderr
        assert "make system" in done.stderr
        assert "export REDIS_SERVER=/path/to/it" in done.stderr
        assert "/nothing names no program" in done.stderr
        assert (tmp_path / "installed").exists() == (action == "install")


@pytest.mark.parametrize("known", [True, False], ids=["Debian", "a system without the package"])
def test_the_faster_browser_is_installed_where_there_is_one(tmp_path: Path, known: bool) -> None:
    scripts = {
        "apt-get": f'echo "$*" >> {tmp_path}/log; case "$*" in *headless-shell*) exit {0 if known else 100};; esac',
        "sudo": 'shift; exec "$@"',
        "redis-server": "",
        "chromium": "",
    }
    for name, script in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    command = [sys.executable, "-m", "scripts.system", "install", "test"]
    environment = {"PATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "install -y --no-install-recommends chromium-headless-shell" in (tmp_path / "log").read_text()
    assert ("not available" in done.stderr) is not known


def test_a_program_that_a_variable_names_is_the_only_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "my-redis"
    named.write_text("#!/bin/sh\n")
    named.chmod(0o755)
    monkeypatch.setenv("REDIS_SERVER", str(named))
    assert system.REDIS.find() == str(named)
    monkeypatch.setenv("REDIS_SERVER", str(tmp_path / "nothing"))
    assert system.REDIS.find() is None


@pytest.mark.parametrize(
    "turn", ["Whoever likes it.", "It may\n  be had.", "> Is it\n> well?", "a case nobody thought of"]
)
def test_a_listed_phrase_is_found_across_line_ends(turn: str) -> None:
    assert [line for line, _, _ in prose.find(f"# Title\n\n{turn}\n")] == [3]


def test_code_and_longer_words_are_not_prose() -> None:
    text = "```sh\nwhoever\n```\n\nRun `whoever`. A whoeverish heather. It is well-formed, and it is well known.\n"
    assert list(prose.find(text)) == []


def test_of_a_program_only_comments_and_docstrings_are_prose() -> None:
    program = '"""Whoever."""\n\nX = 1  # whoever\n"""May\nbe had."""\nY = ("whoever", "whoever")\n\n\ndef f():\n'
    program += '    """Whence."""\n    # It is\n    # well.\n    log("whoever")\n'
    found = {(line, turn) for line, turn, _ in prose.find(prose.prose_of("f.py", program))}
    assert found == {(1, "Whoever"), (3, "whoever"), (4, "May be had"), (10, "Whence"), (11, "It is # well")}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("board.json", '{\n  "id": "whoever",\n  "title": "Is it well?"\n}\n'),
        ("a.rules.yml", "# whoever\n    expr: whoever\n    summary: Is it well?\n"),
    ],
)
def test_of_dashboards_and_alerts_only_the_texts_are_prose(name: str, text: str) -> None:
    assert [line for line, _, _ in prose.find(prose.prose_of(name, text))] == [3]


VULNERABLE = {"left-pad": {"severity": "high", "range": "<2"}}


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ({"vulnerabilities": {}, "metadata": {"dependencies": {"total": 9}}}, audit.Answer.CLEAN),
        ({"vulnerabilities": VULNERABLE, "metadata": {"dependencies": {"total": 9}}}, audit.Answer.VULNERABLE),
        ({"message": "405 Method Not Allowed", "error": {}}, audit.Answer.UNREACHABLE),
        (None, audit.Answer.UNREACHABLE),
    ],
)
def test_an_audit_by_npm_that_was_not_answered_is_not_clean(output: object, answer: audit.Answer) -> None:
    assert audit.judge(json.dumps(output) if output else "") is answer


@pytest.mark.parametrize("answer", audit.Answer)
def test_an_audit_by_uv_that_was_not_answered_is_not_clean(
    answer: audit.Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\nexit {answer.value}\n")
    uv.chmod(0o755)
    monkeypatch.setenv("UV", str(uv))
    assert audit.python() is answer
