"""`asocial serve` with its defaults, for benchmarks that read its process or log. (servers.py runs it among peers.)"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.machine import ROOT, SOURCE
from tests.support.waiting import until

UNLIMITED = (
    *("--rate-limit-per-minute-per-ip", "0", "--channel-messages-per-second", "0"),
    *("--volatile-per-second-per-ip", "0", "--connections-per-ip", "0"),
    # Few people send what the whole channel carries: more than the server reads of one person, or of one address.
    *("--frames-per-second", "0", "--read-bytes-per-second", "0"),
    *("--frames-per-second-per-ip", "0", "--read-bytes-per-second-per-ip", "0"),
    # The clients of most benchmarks do not say what they see.
    *("--crowd-threshold", "0"),
)
"""What a crowd from one address, in one channel, would meet."""


def environment() -> dict[str, str]:
    """This one's without settings, and with the package of SOURCE first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASOCIAL_")}
    return kept | {"PYTHONPATH": f"{SOURCE}{os.pathsep}{ROOT}"}


@contextlib.contextmanager
def served(log: Path, *flags: str, settings: Mapping[str, str] | None = None) -> Iterator[tuple[int, str]]:
    """(pid, url) of a server in production, its output in `log`. `flags` are added to the command.

    `settings`: environment variables; one that this checkout does not know is a warning in the log.
    """
    command = [
        *(sys.executable, "-m", "asocial.cli", "serve", "--env", "production", "--host", "127.0.0.1", "--port", "0"),
        *("--connections-per-minute-per-ip", "0", "--drain-notice-seconds", "0", *flags),
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env={**environment(), **(settings or {})}, stdout=out, stderr=out)
    try:
        until(lambda: "listening" in log.read_text(), f"the server listening; its log: {log}")
        entries = [json.loads(line) for line in log.read_text().splitlines()]
        url = next(str(entry["url"]) for entry in entries if entry["event"] == "listening")
        yield process.pid, url.replace("http://", "ws://") + "/api/chat?channel=benchmark"
    finally:
        process.terminate()
        process.wait(40)
