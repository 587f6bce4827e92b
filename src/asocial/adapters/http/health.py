"""Health checks. `/health`: the process is alive. `/ready`: it should get new connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from aiohttp import web

from ...domain.checks import is_healthy

Checks = Callable[[], Mapping[str, str]]
"""The state of each dependency of this process: "ok", or a word for what is wrong."""


class Health:
    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    async def health(self, _request: web.Request) -> web.Response:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return _uncached({"status": "ok", "timestamp": now})

    async def ready(self, _request: web.Request) -> web.Response:
        checks = dict(self._checks())
        ready = all(map(is_healthy, checks.values()))
        return _uncached({"status": "ready" if ready else "not_ready", "checks": checks}, status=200 if ready else 503)


def _uncached(body: dict[str, object], status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})
