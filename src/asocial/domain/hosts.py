"""Lists of host names under which a server may be reached. Names are spelled as in origins.py."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .origins import DEFAULT_PORTS, Origin, read_pattern

_ENTRY = re.compile(r"(\[[^\]]*\]|[^:/?#@\s]+)(?::([1-9][0-9]{0,4}))?")


class HostList:
    """Entries: `example.org` (any port), `example.org:8443`, `*.example.org` (one label), `*` (every host).

    Raises ValueError, with the reason, for any other entry.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        listed = tuple(entries)
        self.every = "*" in listed
        self._names = frozenset(_read(entry) for entry in listed if entry != "*")

    def __bool__(self) -> bool:
        return self.every or bool(self._names)

    def __contains__(self, asked: Origin | None) -> bool:
        """Whether the host and port of `asked` are listed. None (a request without a host) never is."""
        if self.every or asked is None:
            return self.every
        name = asked.host.removesuffix(".")
        _, dot, parent = name.partition(".")
        names = (name, f"*.{parent}") if dot else (name,)
        port = int(asked.port or DEFAULT_PORTS[asked.scheme])
        return any((name, some_port) in self._names for name in names for some_port in (None, port))


def _read(entry: str) -> tuple[str, int | None]:
    """The name and the port. The port is None if any port is allowed."""
    found = _ENTRY.fullmatch(entry)
    if found is None:
        raise ValueError("a host must be written as example.org or example.org:8443")
    name, port = found[1], found[2]
    if port is not None and int(port) > 65535:
        raise ValueError("a port must be a number from 1 to 65535")
    return read_pattern(f"http://{name}").host.removesuffix("."), None if port is None else int(port)
