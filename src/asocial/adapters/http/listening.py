"""The sockets a server listens on, and the addresses at which it can be reached through them."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

EVERY_ADDRESS = {"::": socket.AF_INET6, "0.0.0.0": socket.AF_INET}  # noqa: S104 (listening there is what is asked for)
PORT_ATTEMPTS = 8
"""With port 0 the first socket gets a free port, which may be in use in the other address family."""
ANSWER_S = 0.5

_NO_SUCH_FAMILY = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)
_TEST_NETS = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses that no real host has (RFC 5737, RFC 3849)."""

RECEIVE_BUFFER_BYTES = 8 * 1024
"""The kernel's receive buffer of each connection (the kernel doubles this for its own use). One read returns no more,
so this also bounds what a connection that sends too fast makes us hold.

Clients send a few KiB a second. By default the kernel would keep megabytes for each one that floods, and return a
quarter of a megabyte in one read.
"""


class CannotListen(Exception):
    """The server can listen on none of the configured addresses. The message is the system's reason."""


_BindAddress: TypeAlias = tuple[socket.AddressFamily, Sequence[object]]
Create: TypeAlias = Callable[[socket.AddressFamily, socket.SocketKind], socket.socket]


def listen(host: str, port: int, *, share: bool = False, create: Create = socket.socket) -> list[socket.socket]:
    """Bound sockets for every address of `host`, all on one port, also when `port` is 0. Raises CannotListen.

    `::` is every IPv6 and every IPv4 address, `0.0.0.0` every IPv4 address. Each family has a socket of its own, so
    that IPv4 clients have IPv4 addresses. An address family that this machine does not have is skipped.

    `share`: other sockets of this user may be bound to the same port, if they share too. The kernel gives each new
    connection to one of those that listen.
    """
    host = host.removeprefix("[").removesuffix("]")
    for attempt in range(PORT_ATTEMPTS):
        try:
            return _bind(_bind_addresses(host, port), port, create, share=share)
        except OSError as error:
            if port or error.errno != errno.EADDRINUSE or attempt == PORT_ATTEMPTS - 1:
                raise CannotListen(error.strerror or str(error)) from None
        except UnicodeError:
            raise CannotListen("this is not a valid host name") from None
    raise AssertionError


def reserve(host: str, port: int) -> list[socket.socket]:
    """As `listen` with `share`, but not if another server has the port, even one that would share it."""
    exclusive = listen(host, port)
    taken: int = exclusive[0].getsockname()[1]
    for sock in exclusive:
        sock.close()
    return listen(host, taken, share=True)


def reachable(sockets: Iterable[socket.socket]) -> list[str]:
    """Addresses of this machine at which the listening `sockets` accept connections, loopback first.

    A socket for every address has two: the loopback address, and the one that other machines use.
    """
    found: dict[str, None] = {}
    for sock in sorted(sockets, key=lambda sock: sock.family != socket.AF_INET):
        address, port = sock.getsockname()[:2]
        if address in EVERY_ADDRESS:
            loopback = "127.0.0.1" if sock.family == socket.AF_INET else "::1"
            candidates = [loopback, _own_address(sock.family)]
        else:
            candidates = [address]
        found |= {each: None for each in candidates if each and _accepts(sock.family, each, port)}
    return sorted(found, key=lambda address: not is_loopback(address))


def is_loopback(address: str) -> bool:
    return address == "::1" or address.startswith("127.")


def _bind_addresses(host: str, port: int) -> list[_BindAddress]:
    """The addresses to bind, as (family, address), each once and in the resolver's order."""
    if host == "::":
        return [(socket.AF_INET6, ("::", port)), (socket.AF_INET, ("0.0.0.0", port))]  # noqa: S104
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in infos))


def _bind(addresses: Sequence[_BindAddress], port: int, create: Create, *, share: bool) -> list[socket.socket]:
    bound: list[socket.socket] = []
    missing: OSError | None = None
    with contextlib.ExitStack() as unless_all_bound:
        for family, address in addresses:
            try:
                sock = create(family, socket.SOCK_STREAM)
            except OSError as error:
                if error.errno not in _NO_SUCH_FAMILY:
                    raise
                missing = error
                continue
            unless_all_bound.callback(sock.close)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if share:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)  # inherited when accepting
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            taken = bound[0].getsockname()[1] if bound else port
            try:
                sock.bind((address[0], taken, *address[2:]))
            except OSError as error:
                if error.errno not in _NO_SUCH_FAMILY:
                    raise
                missing = error
                sock.close()
                continue
            bound.append(sock)
        if not bound:
            raise missing or OSError(errno.EADDRNOTAVAIL, "the host has no address")
        unless_all_bound.pop_all()
    return bound


def _own_address(family: int) -> str:
    """This machine's address as other machines use it, or empty. Connecting a UDP socket sends nothing."""
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((_TEST_NETS[socket.AddressFamily(family)], 9))
        address: str = probe.getsockname()[0]
        return address
    return ""


def _accepts(family: int, address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(ANSWER_S)
        probe.connect((address, port))
        return True
    return False
