"""Nothing that the tests started is left when they are ended early (tests/support/leftovers.py)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.leftovers import WORKS
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
TESTS = """
import os, pathlib, subprocess, time
import pytest

@pytest.fixture
def started(request):
    name = request.node.name
    # The third process is a child of one that has ended.
    script = "sleep 600 & echo $! > {0}.child; sh -c 'sleep 600 & echo $! > {0}.orphan'; exec sleep 600".format(name)
    process = subprocess.Popen(["sh", "-c", script])
    pathlib.Path(name + ".worker").write_text(str(os.getpid()))
    yield process
    pathlib.Path(name + ".torn-down").write_text("yes")

def test_one(started):
    time.sleep(600)

def test_two(started):
    time.sleep(600)
"""
NAMES = ("test_one", "test_two")


def _pid(file: Path) -> int:
    return int(file.read_text())


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.skipif(not WORKS, reason="needs Linux: /proc lists the processes")
@pytest.mark.parametrize("signalled", ["the tests", "the workers"])
def test_nothing_is_left_of_tests_that_were_ended(tmp_path: Path, signalled: str) -> None:
    (tmp_path / "test_two.py").write_text(TESTS)
    options = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-p", "tests.conftest", "-n", "2"]
    options += ["-p", "no:cacheprovider", "--max-worker-restart", "0"]
    tests = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, "test_two.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    started = [tmp_path / f"{name}.{what}" for name in NAMES for what in ("worker", "child", "orphan")]
    try:
        until(lambda: all(file.exists() and file.read_text().strip() for file in started), "both tests wait")
        pids = [_pid(file) for file in started]
        assert all(map(_runs, pids))
        if signalled == "the tests":
            tests.send_signal(signal.SIGTERM)
        else:
            for name in NAMES:
                os.kill(_pid(tmp_path / f"{name}.worker"), signal.SIGKILL)
        until(lambda: not any(map(_runs, pids)), "all have ended")
        # A worker that is killed cannot end its fixtures.
        assert [(tmp_path / f"{name}.torn-down").exists() for name in NAMES] == [signalled == "the tests"] * 2
    finally:
        tests.kill()
        tests.communicate()
