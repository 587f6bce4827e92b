"""API keys: how programs post and read over HTTP without a connection.

The configuration holds `NAME:RIGHTS:CHANNELS:HASH` for each key. The rights are those of a program in channels, or
those of an operator, who manages all channels and reads and posts in none (W136). A key itself is `ask_NAME_SECRET`.
The secret has 256 random bits, so a plain SHA-256 of it tells nothing about it.
"""

from __future__ import annotations

import fnmatch
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

from .ids import KEY_PREFIX
from .rules import Rights

MAX_NAME_CHARACTERS = 32
_NAME = re.compile(rf"[A-Za-z0-9-]{{1,{MAX_NAME_CHARACTERS}}}")
_PATTERN = re.compile(r"[A-Za-z0-9_*-]{1,64}")
_HASH = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(rf"ask_([A-Za-z0-9-]{{1,{MAX_NAME_CHARACTERS}}})_([A-Za-z0-9_-]{{43}})")
SECRET_BYTES = 32
"""Random, in base64url (43 characters)."""
_NO_DIGEST = "-" * 64
KeyRights: TypeAlias = Rights | Literal["operator"]
OPERATOR: Literal["operator"] = "operator"
_RIGHTS = (*get_args(Rights), OPERATOR)
ENTRY_RULE = "NAME:RIGHTS:CHANNELS:HASH, as `asocial keys create` prints it"


@dataclass(frozen=True)
class ApiKey:
    """`channels`: names of channels, in which `*` stands for any characters. `digest`: of the secret, as hex."""

    name: str
    rights: KeyRights
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
        if match is None:
            return None
        known = self._by_name.get(match[1])
        # The same work for a name that no key has, so that the time does not tell which names exist.
        is_right = hmac.compare_digest(_digest(match[2]), _NO_DIGEST if known is None else known.digest)
        return known if is_right else None


def create(name: str, rights: KeyRights, channels: Iterable[str], secret: str) -> tuple[ApiKey, str]:
    """A new key, and its text, which nothing else holds. `secret`: see SECRET_BYTES. Raises ValueError."""
    _check_name(name)
    key = parse(ApiKey(name, rights, tuple(channels), _digest(secret)).entry)
    return key, f"ask_{name}_{secret}"


def parse(entry: str) -> ApiKey:
    """A key as the configuration holds it. Raises ValueError, whose message says what is wrong."""
    name, rights, channels, digest = [*entry.split(":"), "", "", ""][:4]
    if entry.count(":") != 3:
        raise ValueError(f"a key is {ENTRY_RULE}")
    _check_name(name)
    if rights not in _RIGHTS:
        raise ValueError(f"the rights of a key are {', '.join(get_args(Rights))} or {OPERATOR}")
    patterns = tuple(channels.split("+"))
    if not all(map(_PATTERN.fullmatch, patterns)):
        raise ValueError(
            "each channel of a key is a name of letters, digits, - and _, in which * stands for any characters"
        )
    if rights == OPERATOR and patterns != ("*",):
        raise ValueError("an operator's key is for all channels: NAME:operator:*:HASH")
    if not _HASH.fullmatch(digest):
        raise ValueError("the hash of a key has 64 characters 0-9 a-f")
    return ApiKey(name, cast(KeyRights, rights), patterns, digest)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"the name of a key has 1 to {MAX_NAME_CHARACTERS} of the characters A-Z a-z 0-9 -")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
