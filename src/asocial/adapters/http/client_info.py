"""Where a request comes from, and the origin it was sent to, as the headers of trusted proxies say.

`X-Forwarded-For`, `-Proto` and `-Host` count only when the connection comes from a network in `trusted_proxies`.
Of the last two the right-most value counts: the nearest proxy wrote it. `Forwarded` (RFC 7239) is not read: it could
contradict the older headers, and all common proxies write those.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from aiohttp import hdrs

from ... import logs
from ...domain.addresses import Networks, client_of, limit_key, parse_address
from ...domain.origins import read_origin
from .request_head import RequestHead

LONGEST_HOST = 300
_REMEMBERED = 1024

log = logs.get(__name__)


class ClientInfo(NamedTuple):
    """`address`: the client's, empty if unknown. `limit_key`: what limits count it as. `origin`: ours, as it sees it.

    `proxied`: the request came through a trusted proxy.
    """

    address: str
    limit_key: str
    origin: str
    proxied: bool = False

    @property
    def encrypted(self) -> bool:
        return self.origin.startswith("https:")


class ClientInfoReader:
    """`behind_tls`: clients reach us over TLS only, whatever a trusted proxy says."""

    def __init__(self, trusted: Networks, *, behind_tls: bool) -> None:
        self._trusted = trusted
        self._behind_tls = behind_tls
        self._warned_of_unlisted_proxy = False

    def read(self, request: RequestHead) -> ClientInfo:
        peer = parse_address(request.remote or "")
        scheme, host = "http", request.headers.get(hdrs.HOST, "")
        if peer in self._trusted:
            forwarded_for = _items(request, hdrs.X_FORWARDED_FOR)
            # Some proxies send the scheme of WebSocket, some that of HTTP.
            sent = _nearest(request, "X-Forwarded-Proto").lower()
            scheme = "https" if self._behind_tls else {"wss": "https", "ws": "http"}.get(sent, sent or scheme)
            host = _nearest(request, "X-Forwarded-Host") or host
            address = client_of(peer, forwarded_for, self._trusted)
            return ClientInfo(str(address or ""), limit_key(address), origin_of(scheme, host), proxied=True)
        if hdrs.X_FORWARDED_FOR in request.headers and not self._warned_of_unlisted_proxy:
            # Once: anybody can send the header.
            self._warned_of_unlisted_proxy = True
            log.warning(
                "X-Forwarded-For is ignored: it came from an address that is not in trusted_proxies", peer=str(peer)
            )
        # A longer host is not valid, and must not fill the memory of `_direct`.
        read = _direct if len(host) <= LONGEST_HOST else _direct.__wrapped__
        return read(request.remote or "", "https" if self._behind_tls else scheme, host)


@lru_cache(_REMEMBERED)
def _direct(remote: str, scheme: str, host: str) -> ClientInfo:
    """A client that no trusted proxy stands for. Remembered: most connections of an address are to one host."""
    address = parse_address(remote)
    return ClientInfo(str(address or ""), limit_key(address), origin_of(scheme, host))


def origin_of(scheme: str, host: str) -> str:
    """As a browser writes it, or unchanged if `host` is not valid."""
    text = f"{scheme}://{host.lower()}"
    return str(read_origin(text) or text)


def _items(request: RequestHead, header: str) -> list[str]:
    """The items of a list header, over all its lines."""
    return [item for line in request.headers.getall(header, []) for item in line.split(",")]


def _nearest(request: RequestHead, header: str) -> str:
    return next(reversed(_items(request, header)), "").strip()
