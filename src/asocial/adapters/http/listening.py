"""The sockets a server listens on."""

from __future__ import annotations

import contextlib
import socket


def listen(host: str, port: int) -> list[socket.socket]:
    """Bound sockets for every address of `host`, all on one port, also when `port` is 0. Raises OSError."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    try:
        for family, kind, proto, _, address in dict.fromkeys(infos):
            sock = socket.socket(family, kind, proto)
            bound.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            taken = bound[0].getsockname()[1] if len(bound) > 1 else port
            sock.bind((address[0], taken, *address[2:]))
    except OSError:
        with contextlib.ExitStack() as stack:
            for sock in bound:
                stack.callback(sock.close)
        raise
    return bound
