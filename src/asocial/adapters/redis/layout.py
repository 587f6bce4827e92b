"""Which server holds which key: the masters, and in a cluster the master of each slot."""

from __future__ import annotations

import binascii
from typing import NamedTuple

from .urls import Address

SLOTS = 16384


def slot_of(tag: str) -> int:
    """The cluster slot of every key with the hash tag `tag`."""
    return binascii.crc_hqx(tag.encode(), 0) % SLOTS


class Layout(NamedTuple):
    """`slots`: the master of each slot, None if it has none. Empty if the only master holds everything."""

    masters: tuple[Address, ...]
    slots: tuple[Address | None, ...] = ()

    def owner(self, tag: str) -> Address | None:
        return self.slots[slot_of(tag)] if self.slots else self.masters[0]
