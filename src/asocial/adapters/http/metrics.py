"""`/metrics`: the counters of this process, or of several, for Prometheus, and the duration of HTTP answers.

An answer's duration ends when its headers are ready: a WebSocket then lives for hours, and a download depends on the
client. The label is the route's pattern, never the path: channel names must not appear in metrics.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from ...service.counters import Counters, Histogram

Expose = Callable[[str], Awaitable[tuple[bytes, str]]]
"""Given an Accept header, the metrics and their content type."""
_STARTED = web.RequestKey("started", float)


class Metrics:
    def __init__(self, expose: Expose, counters: Counters) -> None:
        self._expose = expose
        self._http = counters.http

    def install(self, application: web.Application) -> None:
        """Answer /metrics, and time the answers of `application` to requests that `request_received` was called for."""
        application.router.add_get("/metrics", self._metrics)
        application.on_response_prepare.append(self._on_response)

    def request_received(self, request: web.Request) -> None:
        request[_STARTED] = time.perf_counter()

    async def _metrics(self, request: web.Request) -> web.Response:
        body, content_type = await self._expose(request.headers.get("Accept", ""))
        response = web.Response(body=body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})
        response.enable_compression()
        return response

    async def _on_response(self, request: web.Request, response: web.StreamResponse) -> None:
        started = request.get(_STARTED)
        if started is None:
            return
        resource = request.match_info.route.resource
        self.observe(resource.canonical if resource is not None else "none", response.status, started)

    def observe(self, route: str, status: int, started: float) -> None:
        """An answer's headers are ready. `started`: when its request was complete (`time.perf_counter`)."""
        key = (route, str(status))
        if key not in self._http:
            self._http[key] = Histogram()
        self._http[key].observe(time.perf_counter() - started)
