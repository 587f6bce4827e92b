"""Few requests that Schemathesis makes from the OpenAPI document; full_schemathesis.py makes many."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from asocial.adapters.http import openapi
from tests.support import schemathesis_run
from tests.support.server import StartServer


@pytest.mark.repeats
async def test_w151_w152_every_answer_is_a_documented_one(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = await schemathesis_run.start(start_server, monkeypatch)
    with capture_logs() as logs:
        code, output = await schemathesis_run.run(server, tmp_path, examples=3, seed=1)
    assert code == 0, output
    assert "Tested: 18" in output
    assert [line for line in logs if line["log_level"] in ("error", "critical")] == []


async def test_w151_an_undocumented_answer_is_found(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Guards this file: a run that checks nothing would pass."""
    health = replace(openapi.OPERATIONS[0], statuses=(204,))
    monkeypatch.setattr(openapi, "OPERATIONS", (health, *openapi.OPERATIONS[1:]))
    server = await schemathesis_run.start(start_server, monkeypatch)
    code, output = await schemathesis_run.run(server, tmp_path, "--include-path", "/health", examples=1, seed=1)
    assert code == 1, output
    assert "GET /health" in output
    assert "Received: 200" in output
