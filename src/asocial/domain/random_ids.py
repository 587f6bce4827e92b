"""Random ids that the server makes: of connections, guests, events and traces.

They are made many at a time: a system call for each costs several times as much as the id, and so does its form. No id
is given out twice: `list.pop` gives it to one caller only, also with threads, and a process that is forked starts
without any. Never here: secrets (keys, tokens). They come from the system one by one.
"""

from __future__ import annotations

import binascii
import os
import struct
from collections.abc import Callable

_AT_ONCE = 256
_HEX_BYTES = 16
_TEXT_BYTES = 12
_TEXT_CHARACTERS = 16
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
# The digits of a UUID that are not random: its version is 4, and its variant that of RFC 9562.
_UUID_MASK = int.from_bytes(bytes.fromhex("ffffffffffff0fff3fffffffffffffff") * _AT_ONCE, "big")
_UUID_BITS = int.from_bytes(bytes.fromhex("00000000000040008000000000000000") * _AT_ONCE, "big")


class _Supply:
    """Ids of one form. `make` makes _AT_ONCE of them from so many times `size` random bytes."""

    def __init__(self, size: int, make: Callable[[bytes], list[str]]) -> None:
        self.ready: list[str] = []
        self._size = size
        self._make = make
        if hasattr(os, "register_at_fork"):  # Windows has no fork
            os.register_at_fork(after_in_child=self.ready.clear)

    def take(self) -> str:
        try:
            return self.ready.pop()
        except IndexError:
            made = self._make(os.urandom(self._size * _AT_ONCE))
            taken = made.pop()
            self.ready.extend(made)
            return taken


def _hexes(fresh: bytes) -> list[str]:
    digits = fresh.hex()
    return [digits[at : at + 2 * _HEX_BYTES] for at in range(0, len(digits), 2 * _HEX_BYTES)]


def _uuids(fresh: bytes) -> list[str]:
    number = int.from_bytes(fresh, "big") & _UUID_MASK | _UUID_BITS
    digits = binascii.hexlify(number.to_bytes(len(fresh), "big"))
    return [b"-".join(parts).decode() for parts in struct.iter_unpack("8s4s4s4s12s", digits)]


def _texts(fresh: bytes) -> list[str]:
    text = binascii.b2a_base64(fresh, newline=False).translate(_URL_SAFE).decode()
    return [text[at : at + _TEXT_CHARACTERS] for at in range(0, len(text), _TEXT_CHARACTERS)]


_text_supply = _Supply(_TEXT_BYTES, _texts)

random_hex: Callable[[], str] = _Supply(_HEX_BYTES, _hexes).take
"""32 hexadecimal digits."""
random_uuid: Callable[[], str] = _Supply(_HEX_BYTES, _uuids).take
"""A UUID of version 4 (RFC 9562, 5.4), as `str(uuid.uuid4())` makes it."""


def random_text(characters: int) -> str:
    """So many characters of base64url (RFC 4648, 5), at most 16. Each is worth 6 random bits."""
    return _text_supply.take()[:characters]
