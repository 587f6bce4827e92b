"""Running other programs: quiet while they go well, everything they said when they do not.

Every quiet command runs in a session of its own, so that a time limit, Ctrl-C or SIGTERM ends it with all its
children: npm, pip and apt-get start several processes each, and one left behind would keep writing into a
directory that the next try is about to replace.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

OUTPUT_LINES_SHOWN = 200
PAUSES_BETWEEN_TRIES_S = (3.0, 10.0)
# What npm and pip say when a lock file is at fault, and trying again would only take longer.
NOT_THE_NETWORK = ("npm error code EUSAGE", "DO NOT MATCH THE HASHES")
STOP_GRACE_S = 2.0


class Failure(Exception):
    """Something the person at the keyboard has to know: what failed, why, and what to type."""

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__(f"asocial: {what}\n  why: {why}\n  type: {fix}")


@dataclass(frozen=True)
class Outcome:
    code: int
    output: str
    seconds: float

    def tail(self) -> str:
        lines = self.output.rstrip().splitlines()
        hidden = len(lines) - OUTPUT_LINES_SHOWN
        if hidden > 0:
            lines = [f"... {hidden} lines before these", *lines[hidden:]]
        return "\n".join(lines)


_running: set[subprocess.Popen[bytes]] = set()


def say(text: str) -> None:
    print(f"asocial: {text}", flush=True)


def stop_running() -> None:
    """End every command still running, with its children."""
    for process in tuple(_running):
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    # The group outlives its first process when that one dies before its children do, hence both signals.
    for name in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, name)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_GRACE_S)


def capture(
    command: Sequence[str | Path],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    limit_s: float | None = None,
) -> Outcome:
    """Run `command` with no standard input and keep what it prints; past `limit_s` it ends with code 124."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _running.add(process)
        try:
            code = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            _stop(process)
            code = 124
        except BaseException:
            _stop(process)
            raise
        finally:
            _running.discard(process)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return Outcome(code, text, time.monotonic() - started)


def step(
    doing: str,
    command: Sequence[str | Path],
    *,
    fix: str,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    network: bool = False,
    limit_s: float = 900.0,
) -> None:
    """Say `doing` and do it; what uses the network is tried three times, all within `limit_s`."""
    say(f"{doing} ...")
    deadline = time.monotonic() + limit_s
    pauses = list(PAUSES_BETWEEN_TRIES_S) if network else []
    while True:
        outcome = capture(command, cwd=cwd, env=env, limit_s=deadline - time.monotonic())
        if outcome.code == 0:
            return
        if not pauses or time.monotonic() + pauses[0] >= deadline:
            break
        if any(words in outcome.output for words in NOT_THE_NETWORK):
            break
        say(f"{doing}: ended with code {outcome.code}, trying again in {pauses[0]:.0f} s")
        time.sleep(pauses.pop(0))
    sys.stdout.flush()
    print(outcome.tail(), file=sys.stderr)
    shown = shlex.join(str(part) for part in command)
    reason = f"took longer than {limit_s:.0f} s" if outcome.code == 124 else f"ended with code {outcome.code}"
    raise Failure(f"{doing}: failed", f"`{shown}` {reason}; what it printed is above", fix)
