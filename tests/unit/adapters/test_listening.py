"""Both families by default, one port, and only addresses that answer."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator

import pytest

from asocial.adapters.http.listening import CannotListen, listen, reachable, reserve


def has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        probe.bind(("::1", 0))
        return True
    return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@contextlib.contextmanager
def listening_on(host: str, port: int = 0, **options: object) -> Iterator[list[socket.socket]]:
    sockets = listen(host, port, **options)  # type: ignore[arg-type]
    try:
        for sock in sockets:
            sock.listen()
        yield sockets
    finally:
        for sock in sockets:
            sock.close()


def peer_seen(address: str, listener: socket.socket) -> str:
    with socket.create_connection((address, listener.getsockname()[1]), timeout=10):
        connection, peer = listener.accept()
        connection.close()
        return str(peer[0])


@needs_ipv6
@pytest.mark.parametrize("host", ["::", "[::]"])
def test_every_address_is_both_families_on_one_port(host: str) -> None:
    with listening_on(host) as sockets:
        assert [sock.family for sock in sockets] == [socket.AF_INET6, socket.AF_INET]
        assert len({sock.getsockname()[1] for sock in sockets}) == 1
        assert peer_seen("::1", sockets[0]) == "::1"
        assert peer_seen("127.0.0.1", sockets[1]) == "127.0.0.1", "not ::ffff:127.0.0.1, which no limit expects"
        assert {"127.0.0.1", "::1"} <= set(reachable(sockets))


def test_every_ipv4_address_is_ipv4_alone() -> None:
    with listening_on("0.0.0.0") as sockets:
        assert [sock.family for sock in sockets] == [socket.AF_INET]
        assert not [address for address in reachable(sockets) if ":" in address]


@pytest.mark.parametrize("host", ["::", "0.0.0.0", "127.0.0.1", "localhost", pytest.param("::1", marks=needs_ipv6)])
def test_each_printed_address_answers(host: str) -> None:
    with listening_on(host) as sockets:
        port = sockets[0].getsockname()[1]
        addresses = reachable(sockets)
        assert addresses
        for address in addresses:
            socket.create_connection((address, port), timeout=10).close()


def test_an_address_that_stopped_answering_is_not_printed() -> None:
    with listening_on("127.0.0.1") as sockets:
        bound_only = listen("127.0.0.1", 0)  # never listens, so nothing can connect
        assert reachable([*bound_only, *sockets]) == ["127.0.0.1"]
        assert reachable(bound_only) == []
        bound_only[0].close()


@pytest.mark.parametrize("code", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_a_machine_without_ipv6_has_ipv4(code: int) -> None:
    class NoIpv6(socket.socket):
        def __init__(self, family: int, kind: int) -> None:
            if code == errno.EAFNOSUPPORT and family == socket.AF_INET6:
                raise OSError(code, "no such family")
            super().__init__(family, kind)

        def bind(self, address: object) -> None:
            if self.family == socket.AF_INET6:
                raise OSError(code, "no such address")
            super().bind(address)  # type: ignore[arg-type]

    with listening_on("::", create=NoIpv6) as sockets:
        assert [sock.family for sock in sockets] == [socket.AF_INET]
    with pytest.raises(CannotListen, match="no such"):
        listen("::1", 0, create=NoIpv6)


@needs_ipv6
def test_a_port_that_is_taken_in_one_family_is_taken() -> None:
    with listening_on("127.0.0.1") as [taken], pytest.raises(CannotListen, match="in use"):
        listen("::", taken.getsockname()[1])


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.77", "a" * 300, "..", "host name"])
def test_a_failure_to_listen_is_explained(host: str) -> None:
    with pytest.raises(CannotListen, match=r"."):
        listen(host, 0)


def test_sockets_that_share_have_one_port_and_only_those_that_listen_get_connections() -> None:
    reserved = reserve("127.0.0.1", 0)
    port = reserved[0].getsockname()[1]
    assert reachable(reserved) == [], "nobody listens yet"
    with (
        listening_on("127.0.0.1", port, share=True) as (first,),
        listening_on("127.0.0.1", port, share=True) as (second,),
    ):
        with contextlib.ExitStack() as connections:
            for sock in (first, second):
                sock.setblocking(False)
            accepted = {first: 0, second: 0}
            for _ in range(64):
                connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            for sock in accepted:
                with contextlib.suppress(BlockingIOError):
                    while True:
                        connections.enter_context(sock.accept()[0])
                        accepted[sock] += 1
        assert sum(accepted.values()) == 64, "none waits at the reserved one"
    for sock in reserved:
        sock.close()


def test_a_port_that_another_server_shares_is_not_reserved() -> None:
    with listening_on("127.0.0.1", share=True) as (other,), pytest.raises(CannotListen):
        reserve("127.0.0.1", other.getsockname()[1])
