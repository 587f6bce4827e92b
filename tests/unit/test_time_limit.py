"""A test that waits for ever fails, says where it waits, and the others go on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = """
import asyncio

async def wait_for_ever():
    await asyncio.Event().wait()  # nobody sets it

async def test_waits():
    await wait_for_ever()

async def test_comes_after_it():
    await asyncio.sleep(0)
"""


def test_a_test_that_waits_for_ever_fails_with_the_place_where_it_waits(tmp_path: Path) -> None:
    (tmp_path / "test_two.py").write_text(TESTS)
    options = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-p", "tests.conftest"]
    options += ["-p", "no:cacheprovider", "-p", "no:xdist", "-o", "timeout=0.5"]
    command = [sys.executable, "-m", "pytest", *options, "test_two.py"]
    ran = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert "1 failed, 1 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "FAILED test_two.py::test_waits - Failed: Timeout" in ran.stdout
    waits = ran.stdout.partition("Tasks that wait")[2]
    assert "in test_waits: await wait_for_ever()" in waits
    assert "in wait_for_ever: await asyncio.Event().wait()" in waits
