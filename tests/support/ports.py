"""Ports for servers that are bound to them later, or again after a restart.

A port that is free now can belong to another test's server, or to a connection, when a server asks for it. So a port
is reserved: a socket is bound to it and does not listen. While it is, the kernel does not choose this port for others.
A server that asks for it by number still gets it, because servers set SO_REUSEADDR.

Only Linux binds two sockets to one port like that. Elsewhere a port is taken at random from NEVER_CHOSEN.
"""

from __future__ import annotations

import contextlib
import random
import socket
import sys
import weakref
from collections.abc import Iterator

HOLDS = sys.platform == "linux"
"""Whether a reserved port is held. Otherwise it is only chosen."""
NEVER_CHOSEN = range(10_000, 32_000)
"""Ports that no kernel chooses by itself."""
BUS_OFFSET = 10_000
"""A Redis Cluster node has a second port, so much above its own."""


def reserve_port(owner: object) -> int:
    """A port of 127.0.0.1 that nobody else gets as long as `owner` exists."""
    held = _bound_to_any()
    port = _port_of(held)
    _hold(held, owner)
    return port


@contextlib.contextmanager
def reserved_port() -> Iterator[int]:
    """As `reserve_port`, for the length of a block."""
    with _bound_to_any() as held:
        port = _port_of(held)
        if not HOLDS:
            held.close()
        yield port


def reserve_node_port(owner: object) -> int:
    """As `reserve_port`, and the port of a cluster's bus with it."""
    while True:
        held = _bound_to_any()
        port = _port_of(held)
        try:
            bus = _bound(port + BUS_OFFSET)
        except (OSError, OverflowError):
            held.close()
            continue
        _hold(held, owner)
        _hold(bus, owner)
        return port


def can_listen(port: int) -> bool:
    """Whether no server listens there now."""
    try:
        with _bound(port):
            return True
    except OSError:
        return False


def _hold(bound: socket.socket, owner: object) -> None:
    if HOLDS:
        weakref.finalize(owner, bound.close)
    else:
        bound.close()


def _bound_to_any() -> socket.socket:
    if HOLDS:
        return _bound(0)
    while True:
        with contextlib.suppress(OSError):
            return _bound(random.choice(NEVER_CHOSEN))


def _bound(port: int) -> socket.socket:
    """Raises OSError if a server listens there."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(("127.0.0.1", port))
    except BaseException:
        made.close()
        raise
    return made


def _port_of(bound: socket.socket) -> int:
    port: int = bound.getsockname()[1]
    return port
