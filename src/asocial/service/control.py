"""Messages from process to process: one JSON line each, in the control lane of a batch.

Processes do not decode the frames that they pass on, so everything that a process itself needs is sent here.
"""

from __future__ import annotations

from typing import Self, TypeAlias

import msgspec

from ..domain.profile import Profile
from ..domain.rules import Rules
from ..ports import Stamp


class ProfileChanged(msgspec.Struct, frozen=True, tag="profile_changed", omit_defaults=True):
    """A user changed its profile in this channel. Messages from its other connections carry the new one."""

    user_id: str
    name: str
    color: str
    on_map: bool = True
    changed_at: int = 0

    @classmethod
    def of(cls, user_id: str, profile: Profile) -> Self:
        return cls(user_id, profile.name, profile.color, profile.on_map, profile.changed_at)

    @property
    def profile(self) -> Profile:
        return Profile(self.name, self.color, self.on_map, self.changed_at)


class CountChanged(msgspec.Struct, frozen=True, tag="count_changed"):
    """The number of users in a crowded channel. Each process sends it to its own clients, at most once a second."""

    count: int
    stamp: Stamp


class FollowedBy(msgspec.Struct, frozen=True, tag="followed_by"):
    """A user follows a user of this channel, who may be connected to any process."""

    user_id: str
    follower_id: str


class RulesChanged(msgspec.Struct, frozen=True, tag="rules_changed", omit_defaults=True):
    """The rules of a channel after a change. Of two, the one with the higher version is newer.

    `restored`: nothing changed, but the store had lost these rules. A process that did not know them has admitted
    people by other rules.
    """

    rules: Rules
    restored: bool = False


class NoticePosted(msgspec.Struct, frozen=True, tag="notice_posted"):
    """An operator's notice to everyone, sent to the topic of server_rules.py."""

    text: str


class ChannelCleared(msgspec.Struct, frozen=True, tag="channel_cleared"):
    """The channel was cleared: messages until `timestamp` (ms, server clock) must not be shown any more."""

    timestamp: int


class MessagesAgain(msgspec.Struct, frozen=True, tag="messages_again"):
    """After an outage: the live messages of the sending process. Each process shows its clients those that it missed.

    Each message is (number of its frame when it was first published, `expires_at`, its `chat` frame).
    """

    messages: list[tuple[int, int, msgspec.Raw]]


class ActivityHere(msgspec.Struct, frozen=True, tag="activity"):
    """What happens in a crowd on the sending process: (x, y, people, messages) of each place that is not empty.

    A place has 2**shift cells along a side; x and y count places.
    """

    shift: int
    places: list[tuple[int, int, int, int]]


class CrowdCounted(msgspec.Struct, frozen=True, tag="crowd_counted"):
    """The number of users when the sending process changed between a small channel and a crowd."""

    count: int


class PointersGone(msgspec.Struct, frozen=True, tag="pointers_gone"):
    """These users have left a crowd. People who come later do not get their pointers."""

    user_ids: list[str]


Control: TypeAlias = (
    ProfileChanged | CountChanged | FollowedBy | RulesChanged | ChannelCleared | MessagesAgain | NoticePosted
    | ActivityHere | CrowdCounted | PointersGone
)  # fmt: skip

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Control] = msgspec.json.Decoder(Control)


def encode_control(message: Control) -> bytes:
    """One line, with its line break."""
    return _encoder.encode(message) + b"\n"


def decode_control(lines: bytes) -> list[Control]:
    """The messages in `lines`. Unknown and unreadable ones are skipped."""
    found = []
    for line in lines.splitlines():
        try:
            found.append(_decoder.decode(line))
        except msgspec.DecodeError:
            continue
    return found
