"""Links of sealed channels, and the channel's id and key that come from them (W190, W191)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self
from urllib.parse import urlsplit

SECRET_BYTES, CHECK_BYTES = 32, 4
_SALT = b"asocial sealed 1"
_FRAGMENT = re.compile(r"([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]*)(?:@.*)?")


@dataclass(frozen=True)
class SealedLink:
    """`name`: as people see it. `secret`: 32 random bytes, which never leave the program except in the link."""

    name: str
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls, name: str) -> Self:
        """Raises ValueError for a name that a channel cannot have."""
        return cls.read(f"{name}.{encode(_with_check(name, secrets.token_bytes(SECRET_BYTES)))}")

    @classmethod
    def read(cls, fragment: str) -> Self:
        """The link with this fragment, `NAME.KEY`. Raises ValueError, which says that the link is damaged."""
        found = _FRAGMENT.fullmatch(fragment)
        if found is None:
            raise ValueError("the link of this sealed channel is damaged: it must end with #NAME.KEY")
        name, key = found.groups()
        try:
            decoded = decode(key)
        except ValueError:
            decoded = b""
        secret = decoded[:SECRET_BYTES]
        if len(decoded) != SECRET_BYTES + CHECK_BYTES or decoded != _with_check(name, secret):
            raise ValueError("the link of this sealed channel is damaged: its key is cut or changed; copy it again")
        return cls(name, secret)

    @property
    def fragment(self) -> str:
        """`NAME.KEY`, to be put behind `https://HOST/s/#`."""
        return f"{self.name}.{encode(_with_check(self.name, self.secret))}"

    @cached_property
    def channel(self) -> str:
        """The channel's id, as the server knows it."""
        return f"sealed-{encode(self._derive('channel'))}"

    @cached_property
    def key(self) -> bytes:
        """The key of AES-256-GCM."""
        return self._derive("key")

    def _derive(self, use: str) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return HKDF(SHA256(), 32, _SALT, f"{use}\n{self.name}".encode()).derive(self.secret)


def sealed_link(url: str) -> SealedLink | None:
    """The link of a sealed channel in `url`, or None for any other address. Raises ValueError if it is damaged."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return SealedLink.read(parts.fragment) if parts.path.rstrip("/") == "/s" else None


def encode(data: bytes) -> str:
    """Base64 with the URL alphabet, without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Raises ValueError for any other text."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if encode(data) != text:
        raise ValueError("not Base64 without padding")
    return data


def _with_check(name: str, secret: bytes) -> bytes:
    check = hashlib.sha256(b"asocial sealed link 1\n" + name.encode() + b"\n" + secret).digest()
    return secret + check[:CHECK_BYTES]
