"""Which origins may connect and read the API: our own, and those that the configuration lists."""

from __future__ import annotations

from collections.abc import Iterable

from ...domain.origins import OriginPatterns, read_origin
from .client_info import ClientInfo


class AllowedOrigins:
    """`*` in `allowed` lists every origin."""

    def __init__(self, allowed: Iterable[str], *, public_url: str = "") -> None:
        """`public_url`: its origin is our own, however a request came. Raises ValueError."""
        self._allowed = OriginPatterns(tuple(allowed))
        self._public = read_origin(public_url)

    @property
    def any_allowed(self) -> bool:
        return self._allowed.every

    def listed(self, origin: str) -> bool:
        return read_origin(origin) in self._allowed

    def allows(self, origin: str, client: ClientInfo) -> bool:
        """Whether scheme, host and port are all ours, or listed."""
        page = read_origin(origin)
        if page is not None and page in (read_origin(client.origin), self._public):
            return True
        return page in self._allowed
