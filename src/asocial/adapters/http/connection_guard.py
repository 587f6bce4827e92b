"""Limits on each TCP connection: how slow, how fast and how many it may be, before and after its first request.

- Its first request is complete within `handshake_s`, or the connection is cut off, whether it is silent or slow.
- It takes its answer within `answer_s`, or it is cut off. (websocket.py closes WebSockets that do not read.)
- It is read at `bytes_per_s`. What a client sends faster waits in its socket; nothing is lost, and no kind of flood
  (endless fragments, empty frames, oversized frames) is parsed faster than that. All connections of one address share
  `bytes_per_s_per_address`; above that, those that send the most are slowed down (domain/limits.py, Share).
- One address has a limited number of connections: connection_counter.py.

The limits are applied in quota.py and by the protocols of a connection; this file watches all connections together.
"""

from __future__ import annotations

import asyncio
import resource

from aiohttp import web

from ... import logs
from ...domain.addresses import Networks, peer_of
from ...domain.limits import Budgets, Share
from .client_info import ClientInfoReader
from .connection_counter import ConnectionCounter
from .first_request import FirstRequest, Handshakes
from .guarded_connection import GuardedConnection, GuardLimits, Watched
from .headers import DATA_HEADERS
from .quota import Quota
from .refusal_log import RefusalLog
from .refusals import bytes_of, too_many_connections
from .request_head import RequestHead

SPARE_DESCRIPTORS = 16
"""An error is logged when fewer file descriptors than this are left."""
ASSURED_BYTES_PER_S = 16 * 1024
"""The rate that every connection gets, however much others of its address send."""
STEP_BYTES = 16 * 1024
"""After so many bytes of a connection, its share is computed again."""
CHECK_S = 1.0


log = logs.get(__name__)


class ConnectionGuard:
    """A protocol factory: call it for each connection."""

    def __init__(
        self,
        runner: web.AppRunner,
        trusted: Networks,
        clients: ClientInfoReader,
        limits: GuardLimits,
        connections: ConnectionCounter,
        refusals: RefusalLog,
        handshakes: Handshakes,
    ) -> None:
        """`runner`: of the application that handles the requests. Set it up before you listen.

        `handshakes`: answers the requests for WebSockets that come first on their connection.
        """
        self.limits = limits
        self.refusals = refusals
        self._clients = clients
        self._connections = connections
        self._bytes = Budgets(limits.bytes_per_s_per_address, limits.bytes_per_s_per_address)
        self._trusted = trusted
        self._runner = runner
        self._handshakes = handshakes
        self._watched: set[Watched] = set()
        self._descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._warned_of_descriptors = False
        runner.app.on_response_prepare.append(self._on_response)

    def __call__(self) -> FirstRequest:
        return FirstRequest(self, self._handshakes, asyncio.get_running_loop())

    def http(self, quota: Quota, deadline: float) -> GuardedConnection:
        """The protocol for a connection whose first request is no handshake, or was refused."""
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner is not set up")
        return GuardedConnection(self, server, quota, deadline, asyncio.get_running_loop())

    def connection_made(self, connection: FirstRequest, transport: asyncio.Transport, now: float) -> None:
        """A connection was accepted. One too many from its address is answered and closed, its request unread."""
        # The kernel assigns the lowest free number, so the number shows how many are in use.
        if transport.get_extra_info("socket").fileno() >= self._descriptors - SPARE_DESCRIPTORS:
            self._warn_of_descriptors()
        address, limit_key = peer_of(connection.remote or "")
        if address is not None and address not in self._trusted:
            if not connection.quota.count_for(limit_key, self._connections):
                self.refusals.note(
                    _TOO_MANY.code,
                    "too many connections from one address; if it is a proxy, list it in ASOCIAL_TRUSTED_PROXIES",
                    remote=str(address),
                    limit=self._connections.limit,
                )
                transport.write(_TOO_MANY_BYTES)
                connection.force_close()
                return
            self._share_rate(connection.quota, now)
        self._watched.add(connection)

    def watch(self, connection: Watched) -> None:
        self._watched.add(connection)

    def unwatch(self, connection: Watched) -> None:
        self._watched.discard(connection)

    def upgraded(self, connection: Watched, request: RequestHead) -> None:
        """It is a WebSocket from here on: websocket.py pings it, and closes it if it does not read."""
        self._watched.discard(connection)
        if not connection.quota.limit_key:  # it came through a trusted proxy
            connection.quota.count_for(self._clients.read(request).limit_key, self._connections)
            self._share_rate(connection.quota, asyncio.get_running_loop().time())

    def request_received(self, request: web.Request) -> None:
        """A request is complete: its answer is due from now on."""
        if isinstance(request.protocol, GuardedConnection):
            request.protocol.deadline = asyncio.get_running_loop().time() + self.limits.answer_s

    def _share_rate(self, quota: Quota, now: float) -> None:
        quota.share_rate(Share(self._bytes, quota.limit_key, assured=ASSURED_BYTES_PER_S, step=STEP_BYTES, now=now))

    def _warn_of_descriptors(self) -> None:
        """File descriptors are running out: log it once. Without one, a new connection is closed at once."""
        if not self._warned_of_descriptors:
            self._warned_of_descriptors = True
            log.error(
                "too many open files: new connections are closed until others end; raise the limit "
                "(ulimit -n, LimitNOFILE= of systemd, ulimits of Docker) or lower connections_per_ip",
                limit=self._descriptors,
            )

    def close(self) -> None:
        """Cut off the connections without a complete request. aiohttp closes the others."""
        for connection in list(self._watched):
            if isinstance(connection, FirstRequest):
                connection.cut_off()

    async def cut_off_slow(self) -> None:
        """Cut off connections that take too long. Runs until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(CHECK_S, self.limits.handshake_s / 4))
            self._cut_off_overdue(loop.time())

    def _cut_off_overdue(self, now: float) -> None:
        # Not in the task above: between two checks, its frame would hold the last connection.
        for connection in list(self._watched):
            if connection.deadline < now:
                connection.cut_off()

    async def _on_response(self, request: web.Request, response: web.StreamResponse) -> None:
        connection = request.protocol
        if not isinstance(connection, GuardedConnection):
            return
        if response.content_type == "text/event-stream":
            self._watched.discard(connection)  # its answer does not end; api.py closes it if it does not read
        if response.status != 101 and not request.content.is_eof():
            response.force_close()
            response.headers["Connection"] = "close"
            connection.ignore_body()


_TOO_MANY = too_many_connections()
_TOO_MANY_BYTES = bytes_of(_TOO_MANY, DATA_HEADERS)
