"""500 people in one channel, 400 messages a second for 10 s: counted, not timed.

The server and the load generator (tests/support/load_generator.py) are processes of their own. The generator checks
every frame of every client against what its sender sent.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.support.lifted_limits import FLAGS
from tests.support.source import SOURCE

ROOT = Path(__file__).resolve().parents[2]
CLIENTS, RATE, SECONDS = 500, 400, 10
# The same environment in a clean checkout and an installed one: the sources come first.
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{SOURCE}{os.pathsep}{ROOT}"}


async def test_w14_500_clients_400_messages_a_second_none_lost_none_doubled_order_kept() -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "asocial.cli", "serve", "--host", "127.0.0.1", "--port", "0", "--env", "production",
        "--rate-limit-per-minute", "0", "--drain-notice-seconds", "0", *FLAGS,
        env=ENVIRONMENT, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert server.stderr is not None
    try:
        url = await _url(server.stderr)
        # Its log is read to the end: a full pipe would stop the server.
        log = asyncio.create_task(server.stderr.read())
        crowd = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.load_generator", f"{url}/api/chat?channel=crowd",
            "--clients", str(CLIENTS), "--rate", str(RATE), "--seconds", str(SECONDS),
            env=ENVIRONMENT, cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(crowd.communicate(), 180)
    finally:
        if server.returncode is None:
            server.terminate()
    result = json.loads(out)
    print(result)
    assert result["faults"] == []
    assert result["sent"] == result["acked"] == RATE * SECONDS
    assert result["deliveries"] == result["expected"] == RATE * SECONDS * (CLIENTS - 1)
    assert result["closed"] == 0
    assert await asyncio.wait_for(server.wait(), 30) == 0
    assert b"Traceback" not in await log


async def _url(log: asyncio.StreamReader) -> str:
    while line := await asyncio.wait_for(log.readline(), 30):
        entry = json.loads(line)
        if entry["event"] == "listening":
            return str(entry["url"]).replace("http://", "ws://")
    raise AssertionError("the server ended before it listened")
