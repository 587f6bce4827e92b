"""Who is at the other end of a request, and by which address they know us: what trusted proxies say is believed.

`X-Forwarded-For`, `-Proto` and `-Host` count only when the connection comes from a network in `trusted_proxies`.
Of the last two the right-most value counts: the nearest proxy wrote it. `Forwarded` (RFC 7239) is not read: two headers
that say the same can say it differently, and every proxy we know writes the older ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from aiohttp import web

from ... import logs
from ...domain.addresses import Networks, client_of, counted_as, parse_address
from ...domain.origins import OriginPatterns, read_origin

log = logs.get(__name__)


class Visitor(NamedTuple):
    """`address`: as far as it is known. `counted`: what limits count it as. `origin`: ours, as they see it.

    `proxied`: the request came from a trusted proxy.
    """

    address: str
    counted: str
    origin: str
    proxied: bool = False

    @property
    def encrypted(self) -> bool:
        return self.origin.startswith("https:")


class Visitors:
    """`behind_tls`: every request reaches us over TLS, whatever a trusted proxy says."""

    def __init__(self, trusted: Networks, *, behind_tls: bool) -> None:
        self._trusted = trusted
        self._behind_tls = behind_tls
        self._told_of_unlisted_proxy = False

    def see(self, request: web.BaseRequest) -> Visitor:
        peer = parse_address(request.remote or "")
        scheme, host = "http", request.headers.get("Host", "")
        forwarded_for: list[str] = []
        proxied = peer in self._trusted
        if proxied:
            forwarded_for = _items(request, "X-Forwarded-For")
            # Some proxies tell a WebSocket's scheme, some tell HTTP's.
            scheme = {"wss": "https", "ws": "http"}.get(
                told := _nearest(request, "X-Forwarded-Proto").lower(), told or scheme
            )
            host = _nearest(request, "X-Forwarded-Host") or host
        elif "X-Forwarded-For" in request.headers and not self._told_of_unlisted_proxy:
            # Once: whoever likes may send the header.
            self._told_of_unlisted_proxy = True
            log.warning(
                "X-Forwarded-For is ignored: it came from an address that is not in trusted_proxies", peer=str(peer)
            )
        if self._behind_tls:
            scheme = "https"
        address = client_of(peer, forwarded_for, self._trusted)
        return Visitor(str(address or ""), counted_as(address), origin_of(scheme, host), proxied)


class Origins:
    """Whose pages may speak with us: our own, and the listed ones. `*` lists all."""

    def __init__(self, allowed: Iterable[str], *, public_url: str = "") -> None:
        """`public_url`: where people find us, which is our own origin however a request came. Raises ValueError."""
        self._allowed = OriginPatterns(tuple(allowed))
        self._public = read_origin(public_url)

    @property
    def any_allowed(self) -> bool:
        return self._allowed.every

    def listed(self, origin: str) -> bool:
        return read_origin(origin) in self._allowed

    def allows(self, origin: str, visitor: Visitor) -> bool:
        """Scheme, host and port must all be ours, or listed."""
        page = read_origin(origin)
        if page is not None and page in (read_origin(visitor.origin), self._public):
            return True
        return page in self._allowed


def origin_of(scheme: str, host: str) -> str:
    """As a browser writes it, where `host` is one; else as it came."""
    text = f"{scheme}://{host.lower()}"
    return str(read_origin(text) or text)


def _items(request: web.BaseRequest, header: str) -> list[str]:
    """The items of a list header, over all its lines."""
    return [item for line in request.headers.getall(header, []) for item in line.split(",")]


def _nearest(request: web.BaseRequest, header: str) -> str:
    return next(reversed(_items(request, header)), "").strip()
