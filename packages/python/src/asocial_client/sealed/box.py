"""Boxes: padded, encrypted content that is bound to its channel, author, kind and place (W195)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .link import decode, encode

VERSION = 1
STREAM_BYTES, COUNTER_BYTES, NONCE_BYTES, TAG_BYTES = 8, 6, 12, 16
HEADER_BYTES = 1 + STREAM_BYTES + COUNTER_BYTES
STEP_BYTES = 64
_END = b"\x80"

Direction: TypeAlias = Literal["members", "rules"]


class BoxNotOpened(Exception):
    """The box is damaged, or was made for another place."""


@dataclass(frozen=True)
class Place:
    """What a box is bound to. `direction`: to the members, or to the rules that the server keeps."""

    channel: str
    user_id: str
    kind: str
    message_id: str = ""
    direction: Direction = "members"

    def associated_data(self, header: bytes) -> bytes:
        lines = ("asocial sealed 1", self.channel, self.user_id, self.kind, self.direction, self.message_id)
        return "".join(f"{line}\n" for line in lines).encode() + header


class Opened(NamedTuple):
    stream: bytes
    counter: int
    content: bytes


def seal(key: bytes, place: Place, stream: bytes, counter: int, content: bytes, *, nonce: bytes | None = None) -> str:
    """`nonce` is for test vectors alone: two boxes with one nonce give the key away."""
    nonce = secrets.token_bytes(NONCE_BYTES) if nonce is None else nonce
    header = bytes((VERSION,)) + stream + counter.to_bytes(COUNTER_BYTES)
    return encode(header + nonce + AESGCM(key).encrypt(nonce, pad(content), place.associated_data(header)))


def open_box(key: bytes, place: Place, box: str) -> Opened:
    """Raises BoxNotOpened."""
    try:
        data = decode(box)
    except ValueError:
        raise BoxNotOpened("not Base64") from None
    header, nonce, sealed = data[:HEADER_BYTES], data[HEADER_BYTES:][:NONCE_BYTES], data[HEADER_BYTES + NONCE_BYTES :]
    if len(sealed) < TAG_BYTES + STEP_BYTES or (len(sealed) - TAG_BYTES) % STEP_BYTES or header[0] != VERSION:
        raise BoxNotOpened("not a box of this version")
    try:
        padded = AESGCM(key).decrypt(nonce, sealed, place.associated_data(header))
    except InvalidTag:
        raise BoxNotOpened("not from this channel, or changed") from None
    content, end, zeros = padded.rpartition(_END)
    if not end or zeros.strip(b"\0"):
        raise BoxNotOpened("not padded as it must be")
    return Opened(header[1 : 1 + STREAM_BYTES], int.from_bytes(header[1 + STREAM_BYTES :]), content)


def pad(content: bytes) -> bytes:
    """The content, 0x80, and zeros up to a multiple of 64 bytes."""
    ended = content + _END
    return ended + b"\0" * (-len(ended) % STEP_BYTES)
