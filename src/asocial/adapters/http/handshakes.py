"""Answers the handshakes that come first on their connection, which aiohttp never sees (first_request.py).

What server.py and aiohttp do for other requests is done here: refusals, headers, metrics, and errors of ours.
"""

from __future__ import annotations

import asyncio
import time

from ... import logs
from ...domain.errors import Refusal
from .first_request import FirstRequest
from .handshake import http_date
from .headers import ResponseHeaders
from .metrics import Metrics
from .refusal_log import RefusalLog
from .refusals import ANSWERS, bytes_of
from .request_head import CHAT_PATH, HandshakeRequest
from .websocket import ChatEndpoint

log = logs.get(__name__)


class Handshakes:
    def __init__(
        self,
        endpoint: ChatEndpoint,
        headers: ResponseHeaders,
        metrics: Metrics,
        refusals: RefusalLog,
    ) -> None:
        self._endpoint = endpoint
        self._headers = headers
        self._metrics = metrics
        self._refusals = refusals

    async def answer(self, request: HandshakeRequest, http: FirstRequest) -> None:
        """Upgrade the connection, or answer why not."""
        started = time.perf_counter()
        try:
            # 400: the client left before its upgrade, and nobody reads an answer.
            status = 101 if await self._endpoint.upgrade(request, http) else 400
        except Refusal as refusal:
            self._refusals.count(refusal)
            status = self._refuse(request, http, refusal)
        except Exception as error:
            log.exception("unexpected error while handling a request", method=request.method, path=request.path)
            code = "timeout" if isinstance(error, TimeoutError) else "internal"
            status = self._refuse(request, http, Refusal(code, "internal server error"), close=True)
        self._metrics.observe(CHAT_PATH, status, started)

    def track(self, answering: asyncio.Task[None]) -> None:
        """An answer has to wait: `answering` does the rest, and ends before the process does."""
        self._endpoint.track(answering)

    def _refuse(self, request: HandshakeRequest, http: FirstRequest, refusal: Refusal, *, close: bool = False) -> int:
        headers = {**self._headers.for_data(request), "Date": http_date()}
        http.refuse(bytes_of(refusal, headers, close=close), close=close)
        return ANSWERS[refusal.code].status
