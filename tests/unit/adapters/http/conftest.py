"""The services know no socket and no thread, so their tests run in virtual time."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.virtual_time import VirtualTimeLoop


def pytest_asyncio_loop_factories() -> Mapping[str, type[VirtualTimeLoop]]:
    return {"virtual time": VirtualTimeLoop}
