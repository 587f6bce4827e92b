"""Forked commands behave as those with an interpreter of their own (tests/support/fork_server.py)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fork_server import FORK_SERVER, ROOT
from tests.support.source import SOURCE
from tests.support.waiting import PATIENCE_S, until

SERVE = ["serve", "--host", "127.0.0.1", "--port", "0"]


def test_the_output_goes_to_the_log_and_the_exit_code_is_the_commands(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert FORK_SERVER.start(["keys", "create", "ci", "--channels", "garden"], {}, log).wait(PATIENCE_S) == 0
    assert "The key" in log.read_text()
    assert FORK_SERVER.start(["serve", "--port", "many"], {}, log).wait(PATIENCE_S) == 2


def test_it_has_the_variables_that_it_is_given_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASOCIAL_PORT", "many")
    log = tmp_path / "log"
    server = FORK_SERVER.start(["serve", "--host", "127.0.0.1"], {"ASOCIAL_PORT": "0"}, log)
    until(lambda: log.exists() and "Asocial" in log.read_text(), "it listens")
    server.kill()
    assert server.wait(PATIENCE_S) == -signal.SIGKILL
    server.send_signal(signal.SIGTERM)  # nobody has this pid now


def test_sigterm_drains_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    server = FORK_SERVER.start(SERVE, {"ASOCIAL_DRAIN_NOTICE_SECONDS": "0"}, log)
    until(lambda: log.exists() and "Asocial" in log.read_text(), "it listens")
    server.send_signal(signal.SIGTERM)
    assert server.wait(PATIENCE_S) == 0


def test_nothing_is_left_of_a_test_process_that_was_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "import pathlib, sys, tests.support.fork_server as it\n"
        "server = it.FORK_SERVER.start(sys.argv[2:], {}, pathlib.Path(sys.argv[1]))\n"
        "print(server.pid, flush=True)\n"
        "sys.stdin.read()"
    )
    tests = subprocess.Popen(
        [sys.executable, "-c", code, str(log), *SERVE],
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(SOURCE), str(ROOT)))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with tests:
        assert tests.stdout is not None
        pid = int(tests.stdout.readline())
        until(lambda: log.exists() and "Asocial" in log.read_text(), "it listens")
        tests.kill()
    until(lambda: not Path(f"/proc/{pid}").exists(), "the server is gone")
