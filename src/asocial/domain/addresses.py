"""Whose address is it, and what of it is counted (W5).

Behind a load balancer every connection comes from the load balancer. It says whom it speaks for in
`X-Forwarded-For`, and so can anybody: each proxy appends the address it saw, so only what trusted ones appended is
true, and the client is the right-most address that is not one of theirs.

An IPv6 network gives each of its customers a /64 or more, so a whole /64 is counted as one address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_COUNTED_BITS_V6 = 64
_REMEMBERED = 1024
"""Addresses: a proxy's, and those of people who come again, are looked at several times for each request."""


class Networks:
    """A set of networks, as `10.0.0.0/8`, `2001:db8::/32` or single addresses. Raises ValueError for what is none."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(network) for network in networks)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


@lru_cache(_REMEMBERED)
def parse_address(text: str) -> Address | None:
    """An address as sockets and proxies write it: alone, with a port, in brackets, with a zone. None for anything else.

    An IPv4 address in IPv6 clothes (`::ffff:192.0.2.1`) is the IPv4 address.
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
    """Who is at the other end: `peer` itself, or whom trusted proxies speak for.

    `forwarded_for`: the addresses of `X-Forwarded-For`, left to right. Where a trusted proxy passed on something
    that is no address, nothing left of it can be believed, and the proxy is the client.
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
def limit_key(address: Address | None) -> str:
    """What limits count: the IPv4 address, or the /64 of the IPv6 one. Empty where there is none (Unix sockets)."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _COUNTED_BITS_V6), strict=False))
    return "" if address is None else str(address)
