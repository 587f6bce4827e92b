"""What processes tell each other, beside the frames they pass on: one JSON line each, in a batch's control lane.

Frames travel undecoded, so whatever a process itself must know is said here.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from ..domain.rules import Rules
from ..ports import Stamp


class ProfileChanged(msgspec.Struct, frozen=True, tag="profile_changed", omit_defaults=True):
    """A user has another name and colour in this channel: messages from its other tabs are signed with them."""

    user_id: str
    name: str
    color: str
    on_map: bool = True


class CountChanged(msgspec.Struct, frozen=True, tag="count_changed"):
    """A crowded channel has so many users: each process tells its own clients, or they would hear it from every one."""

    count: int
    stamp: Stamp


class FollowedBy(msgspec.Struct, frozen=True, tag="followed_by"):
    """Somebody follows a user of this channel, who may be connected anywhere."""

    user_id: str
    follower_id: str


class RulesChanged(msgspec.Struct, frozen=True, tag="rules_changed", omit_defaults=True):
    """The channel's owner decided something; whose version is lower is older.

    `restored`: nothing was decided, the store had lost these rules. A process that did not know them has let people in
    by other ones.
    """

    rules: Rules
    restored: bool = False


class ChannelCleared(msgspec.Struct, frozen=True, tag="channel_cleared"):
    """What was said until `timestamp` (ms, server clock) is told to nobody any more."""

    timestamp: int


class MessagesAgain(msgspec.Struct, frozen=True, tag="messages_again"):
    """What was said on this process and lives, after an outage: each process shows its clients what it has missed.

    Of each message: the number that its frame was published with first, its `expires_at`, and its `chat` frame.
    """

    messages: list[tuple[int, int, msgspec.Raw]]


Control: TypeAlias = ProfileChanged | CountChanged | FollowedBy | RulesChanged | ChannelCleared | MessagesAgain

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Control] = msgspec.json.Decoder(Control)


def encode_control(message: Control) -> bytes:
    """One line, its end included."""
    return _encoder.encode(message) + b"\n"


def decode_control(lines: bytes) -> list[Control]:
    """The messages in `lines`. Those of a kind this version does not know, or cannot read, are left out."""
    found = []
    for line in lines.splitlines():
        try:
            found.append(_decoder.decode(line))
        except msgspec.DecodeError:
            continue
    return found
