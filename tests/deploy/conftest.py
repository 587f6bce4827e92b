"""A server for the tests that compare with one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from asocial.app import build
from asocial.config import load
from tests.support.server import Server


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    app = build(load({"port": 0, "host": "127.0.0.1", "trusted_proxies": "127.0.0.1"}, {}))
    await app.start()
    yield Server(app)
    await app.drain()
