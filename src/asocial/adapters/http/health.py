"""Health checks. `/health`: the process is alive. `/ready`: it should get new connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from aiohttp import web

from ...domain.checks import is_healthy
from .api_types import HealthBody, ReadyBody
from .bodies import json_response

Checks = Callable[[], Mapping[str, str]]
"""The state of each dependency of this process: "ok", or a word for what is wrong."""


class Health:
    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    async def health(self, _request: web.Request) -> web.Response:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json_response(HealthBody("ok", now), cache="no-store")

    async def ready(self, _request: web.Request) -> web.Response:
        checks = dict(self._checks())
        ready = all(map(is_healthy, checks.values()))
        body = ReadyBody("ready" if ready else "not_ready", checks)
        return json_response(body, status=200 if ready else 503, cache="no-store")
