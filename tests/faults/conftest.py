"""Every test here starts its own servers: what it breaks is its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.redis_server import Server, running, temporary_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder() as path:
        yield path


@pytest.fixture
def redis(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    with running(server):
        yield server
