"""A RedisBackend as a process has it, with settings that a test changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from asocial.adapters.redis.backend import RedisBackend
from asocial.config import load
from asocial.service.runtime import Runtime
from tests.support.runtime import make_runtime


def make_backend(url: str, *, runtime: Runtime | None = None, **changes: Any) -> RedisBackend:
    """`changes`: of RedisSettings."""
    settings = replace(load({}, {}).redis, url=url, **changes)
    return RedisBackend(settings, "asocial", runtime or make_runtime())
