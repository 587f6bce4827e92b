"""A RedisBackend as a process has it, with settings that a test changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from asocial.adapters.redis.backend import RedisBackend
from asocial.config import load
from asocial.service.runtime import Runtime
from tests.support.runtime import make_runtime

ANSWER_S = 5.0
"""How long a reply may take, where a test says nothing. The product waits 1 s; a server here shares two busy cores."""


def make_backend(url: str, *, runtime: Runtime | None = None, **changes: Any) -> RedisBackend:
    """`changes`: of RedisSettings."""
    settings = replace(load({}, {}).redis, url=url, **({"timeout_s": ANSWER_S} | changes))
    return RedisBackend(settings, "asocial", runtime or make_runtime())
