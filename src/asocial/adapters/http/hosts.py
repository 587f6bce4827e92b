"""By which names this server may be asked for: requests for any other host are answered 421.

A page of another site can have its own name lead to this server's address (DNS rebinding): its `Host` and its `Origin`
then agree, and only a list of our names tells that they are not ours. Health checks and scrapes come by address, so
`/health`, `/ready` and `/metrics` are answered whatever the host; none of them tells or does anything of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...domain.errors import Refusal
from ...domain.hosts import HostList
from ...domain.origins import read_origin
from .visitors import Visitor

EXEMPT_PATHS = frozenset({"/health", "/ready", "/metrics"})


class Hosts:
    """`allowed`: entries as HostList takes them; the host of `public_url` is allowed too. Without either, all are."""

    def __init__(self, allowed: Iterable[str], *, public_url: str) -> None:
        public = read_origin(public_url)
        self._allowed = HostList([*allowed, *([public.host] if public else [])])
        self._public_url = public_url

    @property
    def limited(self) -> bool:
        """Whether some hosts are refused, or the operator said that none shall be."""
        return bool(self._allowed)

    def check(self, path: str, visitor: Visitor) -> None:
        """Raises Refusal for a request that is for another host than ours."""
        if self._allowed and path not in EXEMPT_PATHS and read_origin(visitor.origin) not in self._allowed:
            raise _misdirected()

    def link_origin(self, visitor: Visitor) -> str:
        """The origin for an address that is handed out: the public URL, or else by which the request came.

        Raises Refusal where that is no host.
        """
        if self._public_url:
            return self._public_url
        origin = read_origin(visitor.origin)
        if origin is None:
            raise _misdirected()
        return str(origin._replace(host=origin.host.removesuffix(".")))


def _misdirected() -> Refusal:
    return Refusal(
        "host_not_allowed",
        "this server does not answer for the host name in this request; ASOCIAL_ALLOWED_HOSTS lists its names",
    )
