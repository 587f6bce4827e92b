"""The address of a client behind proxies, and the address that limits count (W5).

Behind a load balancer, every connection comes from the load balancer, which names the client in `X-Forwarded-For`. Any
client can send that header too. Each proxy appends the address that it saw, so only what trusted proxies appended is
reliable: the client is the right-most address that is not a trusted proxy.

An IPv6 network gives each customer a /64 or more, so a /64 counts as one address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_COUNTED_BITS_V6 = 64
_REMEMBERED = 1024
"""Cached addresses: each is parsed several times for each request."""


class Networks:
    """A set of networks: `10.0.0.0/8`, `2001:db8::/32` or single addresses. Raises ValueError for other entries."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(network) for network in networks)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, address: Address | None) -> bool:
        return bool(self._networks) and address is not None and any(address in network for network in self._networks)


def is_address(text: str) -> bool:
    """Whether a text is an address and nothing else: `parse_address` also takes a port, brackets and a zone."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


@lru_cache(_REMEMBERED)
def parse_address(text: str) -> Address | None:
    """An address as sockets and proxies write it: alone, with a port, in brackets, with a zone. None for anything else.

    An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) becomes the IPv4 address.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def client_of(peer: Address | None, forwarded_for: Sequence[str], trusted: Networks) -> Address | None:
    """The address of the client: `peer` itself, or the one that trusted proxies name.

    `forwarded_for`: the addresses of `X-Forwarded-For`, left to right. If a trusted proxy passed on something that is
    no address, everything left of it is unreliable, and the proxy counts as the client.
    """
    client = peer
    for item in reversed(forwarded_for):
        if client not in trusted:
            break
        before = parse_address(item)
        if before is None:
            break
        client = before
    return client


@lru_cache(_REMEMBERED)
def peer_of(text: str) -> tuple[Address | None, str]:
    """What `parse_address` and `limit_key` say of the other end of a connection."""
    address = parse_address(text)
    return address, limit_key(address)


@lru_cache(_REMEMBERED)
def limit_key(address: Address | None) -> str:
    """The address as limits count it: the IPv4 address, or the IPv6 /64. Empty if there is none (Unix sockets)."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _COUNTED_BITS_V6), strict=False))
    return "" if address is None else str(address)
