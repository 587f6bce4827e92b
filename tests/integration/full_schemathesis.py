"""Many requests that Schemathesis makes from the OpenAPI document, with several seeds; `-s` shows its summary."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import schemathesis_run
from tests.support.server import StartServer


@pytest.mark.parametrize("seed", range(4))
async def test_w151_w152_every_answer_is_a_documented_one(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seed: int
) -> None:
    server = await schemathesis_run.start(start_server, monkeypatch)
    code, output = await schemathesis_run.run(server, tmp_path, examples=100, seed=seed)
    print(output[output.rfind("= SUMMARY") :])
    assert code == 0, output
