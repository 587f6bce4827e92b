"""A port that a test has reserved: no other test gets it, and a server that asks for it does."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from tests.support import ports
from tests.support.ports import BUS_OFFSET, can_listen, reserve_node_port, reserve_port, reserved_port


class Owner:
    pass


def is_taken(port: int) -> bool:
    """Whether it goes to nobody but servers, which set SO_REUSEADDR."""
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


LINUX = pytest.mark.skipif(not ports.HOLDS, reason="only Linux binds two sockets to one port")


@LINUX
@pytest.mark.parametrize(("reserve", "offsets"), [(reserve_port, [0]), (reserve_node_port, [0, BUS_OFFSET])])
def test_a_port_is_reserved_as_long_as_its_owner_exists(reserve: Callable[[object], int], offsets: list[int]) -> None:
    owner = Owner()
    numbers = [reserve(owner) + offset for offset in offsets]
    for port in numbers:
        for _ in "first", "after a restart":
            assert is_taken(port)
            with socket.create_server(("127.0.0.1", port)):
                assert not can_listen(port)
            assert can_listen(port)
    del owner
    assert not any(map(is_taken, numbers))


@LINUX
def test_a_port_is_reserved_for_the_length_of_a_block() -> None:
    with reserved_port() as port:
        assert is_taken(port)
    assert not is_taken(port)


def test_where_a_port_cannot_be_held_it_is_only_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "HOLDS", False)
    owner = Owner()
    with reserved_port() as lent:
        for port in (lent, reserve_port(owner), reserve_node_port(owner)):
            assert port in ports.NEVER_CHOSEN
            assert not is_taken(port)
