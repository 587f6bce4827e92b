"""Parses Redis URLs. Nothing here connects. No error repeats any part of a URL, because a password with special
characters can end up in any part.

    redis://[user:password@]host[:6379][/db]                    one server
    unix://[user:password@]/path/to.sock[?db=1]                 one server, by its socket
    redis+sentinel://[user:password@]host[:26379],host/name[/db]  the master that the sentinels name
    redis+cluster://[user:password@]host[:6379],host            a cluster, found through any of these nodes

`rediss` in place of `redis` is TLS, verified against the system's authorities or `?ca=/path/to/ca.pem`. Sentinels are
asked without a password, or with `?sentinel_password=`. A password is percent-decoded; `?`, `#`, `/` and `@` in it are
accepted as they are, unless what follows a `?` can be read as options.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, unquote

KINDS = "redis://, rediss://, unix://, redis+sentinel:// or redis+cluster:// (rediss+... for TLS)"
REDIS_PORT = 6379
SENTINEL_PORT = 26379
_OPTIONS = frozenset({"ca", "db", "sentinel_password"})
_ENCODE = (
    "in a password write % as %25, ? as %3F, # as %23, / as %2F, @ as %40, : as %3A, "
    "or give it in ASOCIAL_REDIS_PASSWORD as it is"
)


class Address(NamedTuple):
    host: str
    port: int
    path: str = ""

    def __str__(self) -> str:
        return self.path or (f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}")


@dataclass(frozen=True)
class Target:
    """The servers to connect to. `addresses` are servers, sentinels or cluster nodes, depending on `kind`."""

    kind: Literal["single", "sentinel", "cluster"]
    addresses: tuple[Address, ...]
    master: str = ""
    database: int = 0
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    sentinel_password: str = field(default="", repr=False)
    tls: bool = False
    ca: str = ""

    def tls_context(self) -> ssl.SSLContext | None:
        """Raises ValueError if the file of authorities cannot be used."""
        if not self.tls:
            return None
        try:
            return ssl.create_default_context(cafile=self.ca or None)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ValueError(f"redis_url: the file given by ca cannot be used: {reason}") from None


def parse(url: str, username: str = "", password: str = "") -> Target:
    """`username` and `password` count if the URL has none. Raises ValueError, which says what is wrong and allowed."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise ValueError(f"redis_url: it must start with {KINDS}")
    if not url.isprintable():
        raise ValueError("redis_url: it contains a line break or another control character")
    credentials, place, query = _split(rest)
    if credentials is not None:
        user, colon, secret = credentials.partition(":")
        # `secret@host` without a colon would be read as a user name, which is never meant.
        if not colon:
            raise ValueError(f"redis_url: credentials are user:password@ or :password@; {_ENCODE}")
        username, password = unquote(user), unquote(secret)
    options = _options(query)
    kind, tls = _kind(scheme)
    common = {
        "username": username,
        "password": password,
        "sentinel_password": options.pop("sentinel_password", ""),
        "tls": tls,
        "ca": options.pop("ca", ""),
    }
    database = options.pop("db", "")
    if options:
        raise ValueError(f"redis_url: the options after ? are ca, db and sentinel_password; {_ENCODE}")
    if scheme == "unix":
        if not place.startswith("/"):
            raise ValueError("redis_url: unix:// needs an absolute path, as unix:///run/redis.sock")
        return Target("single", (Address("", 0, unquote(place)),), database=_database(database), **common)  # type: ignore[arg-type]
    hosts, _, tail = place.partition("/")
    port = SENTINEL_PORT if kind == "sentinel" else REDIS_PORT
    addresses = tuple(_address(host, port) for host in hosts.split(","))
    master = ""
    if kind == "sentinel":
        master, _, tail = tail.partition("/")
        if not master:
            raise ValueError(
                "redis_url: redis+sentinel:// needs the master's name, as redis+sentinel://host1,host2/name"
            )
    elif kind == "single" and len(addresses) > 1:
        raise ValueError("redis_url: several hosts need redis+sentinel:// or redis+cluster://")
    number = _database(tail or database)
    if kind == "cluster" and number:
        raise ValueError("redis_url: a cluster has only the database 0")
    return Target(kind, addresses, unquote(master), number, **common)  # type: ignore[arg-type]


def _kind(scheme: str) -> tuple[Literal["single", "sentinel", "cluster"], bool]:
    base, _, extra = scheme.partition("+")
    if scheme == "unix":
        return "single", False
    if base in ("redis", "rediss"):
        if extra == "":
            return "single", base == "rediss"
        if extra == "sentinel":
            return "sentinel", base == "rediss"
        if extra == "cluster":
            return "cluster", base == "rediss"
    raise ValueError(f"redis_url: it must start with {KINDS}")


def _split(rest: str) -> tuple[str | None, str, str]:
    """Credentials (None if there are none), place and query of what follows `://`."""
    before, _, query = rest.partition("?")
    at = before.rfind("@")
    if "@" in query and not _options(query).keys() <= _OPTIONS:
        # The question mark is in the password.
        at = rest.rfind("@")
        before, _, query = rest[at + 1 :].partition("?")
        return rest[:at], before, query
    return (None, before, query) if at < 0 else (before[:at], before[at + 1 :], query)


def _options(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}


def _address(text: str, default_port: int) -> Address:
    if text.startswith("["):
        host, bracket, after = text[1:].partition("]")
        port = after.removeprefix(":")
        if not bracket or (after and not after.startswith(":")):
            raise ValueError("redis_url: an IPv6 address is written as [::1] or [::1]:6379")
    else:
        host, _, port = text.partition(":")
    if not host:
        raise ValueError(f"redis_url: a host is missing; {_ENCODE}")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"redis_url: a port must be a number from 1 to 65535; {_ENCODE}")
    return Address(unquote(host), int(port) if port else default_port)


def _database(text: str) -> int:
    text = text.strip("/")
    if text and not (text.isascii() and text.isdigit()):
        raise ValueError(f"redis_url: the database must be a number, as redis://host/0; {_ENCODE}")
    return int(text) if text else 0
