"""Limits on each TCP connection: how slow, how fast and how many it may be, before and after its first request.

- Its first request is complete within `handshake_s`, or the connection is cut off, whether it is silent or slow.
- It takes its answer within `answer_s`, or it is cut off. (websocket.py closes WebSockets that do not read.)
- It is read at `bytes_per_s`. What a client sends faster waits in its socket; nothing is lost, and no kind of flood
  (endless fragments, empty frames, oversized frames) is parsed faster than that. All connections of one address share
  `bytes_per_s_per_address`; above that, those that send the most are slowed down (domain/limits.py, Share).
- One address has a limited number of connections: connection_counter.py.

The limits are applied in guarded_connection.py; this file watches all connections together.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from aiohttp import web

from ... import logs
from ...domain.addresses import Address, Networks, limit_key, parse_address
from ...domain.limits import Budgets, Share
from .client_info import ClientInfoReader
from .connection_counter import ConnectionCounter
from .guarded_connection import GuardedConnection, GuardLimits
from .headers import DATA_HEADERS
from .refusal_log import RefusalLog
from .refusals import bytes_of, too_many_connections

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
    ) -> None:
        """`runner`: of the application that handles the requests. Set it up before you listen."""
        self.limits = limits
        self.refusals = refusals
        self._clients = clients
        self._connections = connections
        self._bytes = Budgets(limits.bytes_per_s_per_address, limits.bytes_per_s_per_address)
        self._trusted = trusted
        self._runner = runner
        self._watched: set[GuardedConnection] = set()
        self._descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._warned_of_descriptors = False
        runner.app.on_response_prepare.append(self._on_response)

    def __call__(self) -> GuardedConnection:
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner is not set up")
        return GuardedConnection(self, server, asyncio.get_running_loop())

    def connection_made(self, connection: GuardedConnection, transport: asyncio.Transport) -> None:
        """A connection was accepted. One too many from its address is answered and closed, its request unread."""
        # The kernel assigns the lowest free number, so the number shows how many are in use.
        if transport.get_extra_info("socket").fileno() >= self._descriptors - SPARE_DESCRIPTORS:
            self._warn_of_descriptors()
        address = _address_of(transport)
        if address is not None and address not in self._trusted:
            connection.limit_key = limit_key(address)
            if not self._connections.add(connection.limit_key):
                self.refusals.note(
                    _TOO_MANY.code,
                    "too many connections from one address; if it is a proxy, list it in ASOCIAL_TRUSTED_PROXIES",
                    remote=str(address),
                    limit=self._connections.limit,
                )
                transport.write(_TOO_MANY_BYTES)
                connection.force_close()
                return
            connection.share_rate_of(connection.limit_key)
        self._watched.add(connection)

    def connection_lost(self, connection: GuardedConnection) -> None:
        self._watched.discard(connection)
        if connection.limit_key:
            self._connections.remove(connection.limit_key)

    def request_received(self, request: web.Request) -> None:
        """A request is complete: its answer is due from now on."""
        if isinstance(request.protocol, GuardedConnection):
            request.protocol.deadline = asyncio.get_running_loop().time() + self.limits.answer_s

    def rate_share(self, address: str, now: float) -> Share:
        return Share(self._bytes, address, assured=ASSURED_BYTES_PER_S, step=STEP_BYTES, now=now)

    def _warn_of_descriptors(self) -> None:
        """File descriptors are running out: log it once. Without one, a new connection is closed at once."""
        if not self._warned_of_descriptors:
            self._warned_of_descriptors = True
            log.error(
                "too many open files: new connections are closed until others end; raise the limit "
                "(ulimit -n, LimitNOFILE= of systemd, ulimits of Docker) or lower connections_per_ip",
                limit=self._descriptors,
            )

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
        if response.status == 101:
            # From here on websocket.py pings it, and closes it if it does not read.
            self._watched.discard(connection)
            if not connection.limit_key:  # it came through a trusted proxy
                connection.limit_key = self._clients.read(request).limit_key
                self._connections.add(connection.limit_key)
                connection.share_rate_of(connection.limit_key)
        elif not request.content.is_eof():
            response.force_close()
            response.headers["Connection"] = "close"
            connection.ignore_body()


def _address_of(transport: asyncio.Transport) -> Address | None:
    peer: Any = transport.get_extra_info("peername")
    return parse_address(peer[0]) if isinstance(peer, tuple) and peer else None


_TOO_MANY = too_many_connections()
_TOO_MANY_BYTES = bytes_of(_TOO_MANY, DATA_HEADERS)
