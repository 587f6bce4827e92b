"""The host names of this server. Requests for other hosts are refused.

Another site can point its own host name at this server's address (DNS rebinding). `Host` and `Origin` then agree, and
only a list of our names shows that they are not ours. Health checks and scrapes use addresses, so `/health`, `/ready`
and `/metrics` are answered for any host; they change nothing and reveal nothing about people.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...domain.errors import Refusal
from ...domain.hosts import HostList
from ...domain.origins import read_origin
from .client_info import ClientInfo

EXEMPT_PATHS = frozenset({"/health", "/ready", "/metrics"})


class AllowedHosts:
    """`allowed`: entries as HostList takes them; the host of `public_url` is allowed too. Without either, all are."""

    def __init__(self, allowed: Iterable[str], *, public_url: str) -> None:
        public = read_origin(public_url)
        self._allowed = HostList([*allowed, *([public.host] if public else [])])
        self._public_url = public_url
        self.limited = bool(self._allowed)
        """Whether hosts are checked, or the operator allowed all of them."""

    def check(self, path: str, client: ClientInfo) -> None:
        """Raises Refusal for a request to a host that is not ours."""
        if self.limited and path not in EXEMPT_PATHS and read_origin(client.origin) not in self._allowed:
            raise _misdirected()

    def link_origin(self, client: ClientInfo) -> str:
        """The origin for links to this server: the public URL, or the one that the request was sent to.

        Raises Refusal if that is not a valid host.
        """
        if self._public_url:
            return self._public_url
        origin = read_origin(client.origin)
        if origin is None:
            raise _misdirected()
        return str(origin._replace(host=origin.host.removesuffix(".")))


def _misdirected() -> Refusal:
    return Refusal(
        "host_not_allowed",
        "the host name of this request is not allowed; ASOCIAL_ALLOWED_HOSTS lists the names of this server",
    )
