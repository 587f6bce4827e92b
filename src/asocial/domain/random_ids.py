"""Random ids that the server makes: of connections, guests, events and traces.

Each is one block of random bytes. Blocks are taken from the system many at a time, because a system call for each costs
several times as much as the id. No block is used twice: `list.pop` gives it to one caller only, also with threads, and
a process that is forked starts without any. Never here: secrets (keys, tokens). They come from the system one by one.
"""

from __future__ import annotations

import binascii
import os

BLOCK_BYTES = 16
_BLOCKS_AT_ONCE = 256

_blocks: list[bytes] = []


def random_hex() -> str:
    """32 hexadecimal digits."""
    return _block().hex()


def random_uuid() -> str:
    """A UUID of version 4 (RFC 9562, 5.4), as `str(uuid.uuid4())` makes it."""
    block = _block()
    digits = block.hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[block[8] & 3]}{digits[17:20]}-{digits[20:]}"


def random_text(size: int) -> str:
    """`size` random bytes, at most BLOCK_BYTES, as base64url without padding (RFC 4648, 5)."""
    return binascii.b2a_base64(_block()[:size], newline=False).translate(_URL_SAFE, b"=").decode()


def _block() -> bytes:
    try:
        return _blocks.pop()
    except IndexError:
        fresh = os.urandom(_BLOCKS_AT_ONCE * BLOCK_BYTES)
        blocks = [fresh[at : at + BLOCK_BYTES] for at in range(0, len(fresh), BLOCK_BYTES)]
        block = blocks.pop()
        _blocks.extend(blocks)
        return block


_URL_SAFE = bytes.maketrans(b"+/", b"-_")

if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_blocks.clear)
