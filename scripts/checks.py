"""What must hold before a change is done. Each check is one command; `make help` names the groups."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scripts import page
from scripts.command import ROOT, Outcome, capture
from scripts.python_env import VENV

BIN = VENV / "bin"
STOP_GRACE_S = 30.0
WORKERS_PER_CORE = 2


@dataclass(frozen=True)
class Check:
    name: str
    command: Sequence[str | Path]
    cwd: Path = ROOT
    env: Mapping[str, str] | None = None


def web_checks(node: page.Node) -> list[Check]:
    return [Check("web: npm run check", [*node.npm, "run", "check"], page.WEB, node.environment())]


def python_checks() -> list[Check]:
    return [
        Check("ruff format", [BIN / "ruff", "format", "--check", "."]),
        Check("ruff check", [BIN / "ruff", "check", "."]),
        Check("import-linter", [BIN / "lint-imports"]),
        Check("mypy", [BIN / "mypy"]),
    ]


def unit_tests() -> Check:
    return Check("pytest tests/unit", [BIN / "python", "-m", "pytest", "-q", "tests/unit"])


def run_lanes(*lanes: Sequence[Check]) -> list[str]:
    """Run each lane's checks in order and the lanes side by side; return the names of those that failed.

    A check's result is printed in one piece when it ends, so that two lanes never mix their lines.
    """
    failed: list[str] = []
    printing = threading.Lock()

    def run(lane: Sequence[Check]) -> None:
        for check in lane:
            outcome = capture(check.command, cwd=check.cwd, env=check.env)
            with printing:
                _report(check, outcome)
                if outcome.code != 0:
                    failed.append(check.name)

    # Daemons: Ctrl-C must not wait for the checks it interrupts.
    threads = [threading.Thread(target=run, args=(lane,), daemon=True) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def _report(check: Check, outcome: Outcome) -> None:
    if outcome.code == 0:
        print(f"ok      {check.name:<20} {outcome.seconds:5.1f} s  {_counted(outcome.output)}", flush=True)
    else:
        print(f"FAILED  {check.name:<20} {outcome.seconds:5.1f} s  code {outcome.code}", flush=True)
        print(outcome.tail(), flush=True)
        print(f"------  end of {check.name}", flush=True)


def _counted(output: str) -> str:
    """The line in which a tool says how much it looked at, without its colours."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip(" =") for line in output.splitlines()]
    return next((line for line in reversed(lines) if re.search(r"\d+ (passed|files?|source files|kept)\b", line)), "")


def side_by_side() -> list[str]:
    """Options for several workers: twice the cores, because most of a test's time is waiting. ARGS="-n 0" undoes it."""
    return [
        "-n",
        str(WORKERS_PER_CORE * (os.cpu_count() or 1)),
        "--dist",
        "loadgroup",
        "--no-loadscope-reorder",
        "--durations",
        "10",
    ]


def run_pytest(arguments: Sequence[str], programs: Mapping[str, str]) -> bool:
    """All the tests, printing as they go."""
    process = subprocess.Popen([BIN / "python", "-m", "pytest", *arguments], cwd=ROOT, env={**os.environ, **programs})
    try:
        return process.wait() == 0
    except BaseException as stopped:
        # Ctrl-C reaches pytest by itself, SIGTERM does not. Either way it may end the servers it started.
        if not isinstance(stopped, KeyboardInterrupt):
            process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_GRACE_S)
        process.kill()
        raise
