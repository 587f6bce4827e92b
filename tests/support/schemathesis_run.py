"""Schemathesis against a running server.

It makes requests from the OpenAPI document, valid and invalid ones, and checks that each answer is a documented one.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from asocial.adapters.http import channels, key_guard
from asocial.adapters.http.auth import GuestTokens
from asocial.domain.api_keys import OPERATOR
from tests.support.api_keys import create
from tests.support.server import Server, StartServer

HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
SECRET = "the secret of these tests, long enough"
OPERATOR_KEY, OPERATOR_TEXT = create("ann", OPERATOR, ["*"])
WRITER_KEY, WRITER_TEXT = create("ci", "write", ["*"])
ELSEWHERE_KEY, ELSEWHERE_TEXT = create("elsewhere", "read", ["elsewhere"])
SETTINGS = {
    "secret": SECRET,
    "api_keys": f"{OPERATOR_KEY.entry},{WRITER_KEY.entry},{ELSEWHERE_KEY.entry}",
    "rate_limit_per_minute": 0,
}
CONFIGURATION = f"""
[[operations]]
include-path-regex = "^/api/operator"
headers = {{ Authorization = "Bearer {OPERATOR_TEXT}" }}

[[operations]]
include-path-regex = "/(messages|members)$"
headers = {{ Authorization = "Bearer {WRITER_TEXT}" }}

# A text may break rules that JSON Schema cannot express: nothing visible, too many marks (W8, W44).
[[operations]]
include-path-regex = "/(messages|notices)$"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 413]

# A stream does not end. This key may not read it, so every answer is an error.
[[operations]]
include-path-regex = "/events$"
headers = {{ Authorization = "Bearer {ELSEWHERE_TEXT}" }}

# Whether it may be claimed depends on who is there; some ids are reserved (W105).
[[operations]]
include-path-regex = "^/api/channels/.channel.(/invitations)?$"
headers = {{ Authorization = "Bearer {GuestTokens(SECRET).issue("g-schemathesis")}" }}
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 409]

# Without an upgrade every request is refused.
[[operations]]
include-path-regex = "^/api/chat$"
checks.positive_data_acceptance.expected-statuses = [426]
checks.negative_data_rejection.expected-statuses = [400, 426]
"""


async def start(start_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server whose limits do not hide its other answers."""
    monkeypatch.setattr(key_guard, "REQUESTS_PER_MINUTE", 0)
    monkeypatch.setattr(key_guard, "FAILURES_PER_MINUTE", 0)
    monkeypatch.setattr(channels, "REQUESTS_PER_MINUTE", 0)
    monkeypatch.setattr(channels, "REQUESTS_PER_MINUTE_PER_ADDRESS", 0)
    return await start_server(**SETTINGS)


async def run(server: Server, folder: Path, *options: str, examples: int, seed: int) -> tuple[int, str]:
    """The exit code, 0 if nothing was found, and what was printed. `examples`: for each endpoint and phase."""
    configuration = folder / "schemathesis.toml"
    # The hooks are read as a file, which nothing else imports: they change this process's Schemathesis too.
    configuration.write_text(f"hooks = {json.dumps(str(HOOKS))}\n{CONFIGURATION}")
    process = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).parent / "schemathesis", "--config-file", configuration),
        *("run", f"{server.origin}/api/openapi.json", "--no-color", "--seed", str(seed)),
        *("--max-examples", str(examples), "--request-timeout", "60", "--suppress-health-check", "all"),
        *options,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode(errors="replace")
