"""Ten minutes of faults: `make test-full`. ASOCIAL_TEST_SEED picks another order of them."""

from __future__ import annotations

import os
from pathlib import Path

from tests.faults.chaos import run
from tests.support.redis_server import Server

SECONDS = 600


async def test_w90_ten_minutes_of_faults_lose_double_and_delay_nothing_in_calm(folder: Path, redis: Server) -> None:
    verdict = await run(folder, redis, seconds=SECONDS, seed=int(os.environ.get("ASOCIAL_TEST_SEED", "41")))
    print(verdict)
    verdict.check()
