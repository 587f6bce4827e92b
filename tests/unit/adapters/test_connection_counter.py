"""W5: connections of one address, counted once."""

from __future__ import annotations

from asocial.adapters.http.connection_counter import ConnectionCounter


def test_w5_one_too_many_is_counted_until_it_ends() -> None:
    connections = ConnectionCounter(1)
    assert connections.add("192.0.2.1")
    assert connections.is_full("192.0.2.1")
    assert not connections.is_full("192.0.2.2")
    assert not connections.add("192.0.2.1")
    connections.remove("192.0.2.1")
    assert connections.is_full("192.0.2.1")
    connections.remove("192.0.2.1")
    assert not connections.is_full("192.0.2.1")


def test_w5_no_limit() -> None:
    connections = ConnectionCounter(0)
    assert all(connections.add("192.0.2.1") for _ in range(100))
    assert not connections.is_full("192.0.2.1")
