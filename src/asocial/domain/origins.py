"""Origins (RFC 6454) and the patterns that list them, in the one spelling that browsers send.

Two spellings of one origin are equal once they are read: lower case, no default port, international names in Punycode,
IPv6 addresses compressed. A pattern may begin with one `*` label, which stands for one label of a subdomain.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple

import idna

DEFAULT_PORTS = {"http": 80, "https": 443}
_SHAPE = re.compile(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[^/?#@:\[\]\\%\s]+)(?::([0-9]{0,6}))?", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_REMEMBERED = 1024
_LONGEST = 300
"""A scheme, a name of 253 characters, a port. Longer texts come from no browser and are not remembered."""


class Origin(NamedTuple):
    """A normal origin, or a pattern, whose first label is `*`. `port` is empty where it is the scheme's own."""

    scheme: str
    host: str
    port: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}" if self.port else f"{self.scheme}://{self.host}"


def read_origin(text: str) -> Origin | None:
    """The origin that a browser sends as `text`, None for anything else: `null`, another scheme, a path."""
    return _remembered(text) if len(text) <= _LONGEST and text.isascii() else None


@lru_cache(_REMEMBERED)
def _remembered(text: str) -> Origin | None:
    try:
        return _read(text, pattern=False)
    except ValueError:
        return None


def read_pattern(text: str) -> Origin:
    """A listed origin, or a pattern of several; a slash at its end is ignored.

    Raises ValueError, with the reason, for what no browser can ever send.
    """
    return _read(text.removesuffix("/"), pattern=True)


class OriginPatterns:
    """A set of patterns as `read_pattern` takes them. `*` alone is every origin. Raises ValueError."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self.every = "*" in patterns
        listed = [read_pattern(pattern) for pattern in patterns if pattern != "*"]
        self._exact = frozenset(listed)

    def __contains__(self, origin: Origin | None) -> bool:
        if self.every:
            return True
        if origin is None:
            return False
        _, dot, parent = origin.host.partition(".")
        return origin in self._exact or (bool(dot) and origin._replace(host=f"*.{parent}") in self._exact)


def _read(text: str, *, pattern: bool) -> Origin:
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise ValueError(_what_is_wrong(text))
    scheme, host, port = shape[1].lower(), shape[2], shape[3] or ""
    if port and not 0 < int(port) < 65536:
        raise ValueError("a port must be a number from 1 to 65535")
    star, rest = ("*.", host[2:]) if pattern and host.startswith("*.") else ("", host)
    if "*" in rest:
        raise ValueError("a * may only be the whole first label, as in https://*.example.org")
    host = _host(rest)
    if star and (host.startswith("[") or _is_number(host)):
        raise ValueError("an IP address has no subdomains")
    number = "" if not port or int(port) == DEFAULT_PORTS[scheme] else str(int(port))
    return Origin(scheme, star + host, number)


def _host(text: str) -> str:
    if text.startswith("["):
        return f"[{ipaddress.IPv6Address(text[1:-1]).compressed}]"
    if not text.isascii():
        try:
            text = idna.uts46_remap(text, std3_rules=False)
            labels = [label if label.isascii() else idna.alabel(label).decode() for label in text.split(".")]
        except (idna.IDNAError, UnicodeError):
            raise ValueError("this international name is not allowed; write it as browsers send it, xn--...") from None
        text = ".".join(labels)
    text = text.lower()
    labels = text.removesuffix(".").split(".")
    if len(text) > 254 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("this is not a valid host name")
    if _is_number(text):
        # Browsers write an address as four decimal numbers; ip_address takes nothing else.
        return str(ipaddress.IPv4Address(text.removesuffix(".")))
    return text


def _is_number(host: str) -> bool:
    """Whether browsers take `host` for an IPv4 address (WHATWG URL, 3.5: its last label is a number)."""
    return _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]) is not None


def _what_is_wrong(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator:
        return "it has no scheme; it must begin with https:// or http://"
    if scheme.lower() not in DEFAULT_PORTS:
        return "its scheme must be http or https"
    if "@" in rest:
        return "an origin must not contain a user name or password"
    if any(sign in rest for sign in "/?#"):
        return "an origin must not contain a path"
    return "it is not an origin"
