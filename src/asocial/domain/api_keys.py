"""API keys: how programs post and read over HTTP without a connection.

The configuration holds `NAME:RIGHTS:CHANNELS:HASH` for each key. A key itself is `ask_NAME_SECRET`. The secret has 256
random bits, so a plain SHA-256 of it tells nothing about it.
"""

from __future__ import annotations

import fnmatch
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast, get_args

from .ids import KEY_PREFIX
from .rules import Rights

MAX_NAME_CHARACTERS = 32
_NAME = re.compile(rf"[A-Za-z0-9-]{{1,{MAX_NAME_CHARACTERS}}}")
_PATTERN = re.compile(r"[A-Za-z0-9_*-]{1,64}")
_HASH = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(rf"ask_([A-Za-z0-9-]{{1,{MAX_NAME_CHARACTERS}}})_([A-Za-z0-9_-]{{43}})")
_SECRET_BYTES = 32
ENTRY_RULE = "NAME:RIGHTS:CHANNELS:HASH, as `asocial keys create` prints it"


@dataclass(frozen=True)
class ApiKey:
    """`channels`: names of channels, in which `*` stands for any characters. `digest`: of the secret, as hex."""

    name: str
    rights: Rights
    channels: tuple[str, ...]
    digest: str

    @property
    def user_id(self) -> str:
        """Under this id it posts. No client can claim it."""
        return f"{KEY_PREFIX}{self.name}"

    @property
    def entry(self) -> str:
        """The key as the configuration holds it."""
        return f"{self.name}:{self.rights}:{'+'.join(self.channels)}:{self.digest}"

    def covers(self, channel: str) -> bool:
        return any(fnmatch.fnmatchcase(channel, pattern) for pattern in self.channels)


class ApiKeys:
    """The keys of the configuration."""

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        """Raises ValueError if two have the same name."""
        self._by_name: dict[str, ApiKey] = {}
        for key in keys:
            if key.name in self._by_name:
                raise ValueError(f"two keys have the name {key.name!r}")
            self._by_name[key.name] = key

    def find(self, text: str) -> ApiKey | None:
        """The key that a client sent, or None if there is no such key."""
        match = _KEY.fullmatch(text)
        known = self._by_name.get(match[1]) if match else None
        if match is None or known is None or not hmac.compare_digest(_digest(match[2]), known.digest):
            return None
        return known


def looks_like_key(text: str) -> bool:
    """Whether `text` is an API key, valid or not, and no other kind of token."""
    return _KEY.fullmatch(text) is not None


def create(name: str, rights: Rights, channels: Iterable[str]) -> tuple[ApiKey, str]:
    """A new key, and its text, which nothing else holds. Raises ValueError."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    key = parse(ApiKey(name, rights, tuple(channels), _digest(secret)).entry)
    return key, f"ask_{name}_{secret}"


def parse(entry: str) -> ApiKey:
    """A key as the configuration holds it. Raises ValueError, whose message says what is wrong."""
    name, rights, channels, digest = [*entry.split(":"), "", "", ""][:4]
    if entry.count(":") != 3:
        raise ValueError(f"a key is {ENTRY_RULE}")
    if not _NAME.fullmatch(name):
        raise ValueError(f"the name of a key has 1 to {MAX_NAME_CHARACTERS} of the characters A-Z a-z 0-9 -")
    if rights not in get_args(Rights):
        raise ValueError(f"the rights of a key are {' or '.join(get_args(Rights))}")
    patterns = tuple(channels.split("+"))
    if not all(map(_PATTERN.fullmatch, patterns)):
        raise ValueError("the channels of a key are names with + between them; * stands for any characters")
    if not _HASH.fullmatch(digest):
        raise ValueError("the hash of a key has 64 characters 0-9 a-f")
    return ApiKey(name, cast(Rights, rights), patterns, digest)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
