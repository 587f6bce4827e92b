"""Whether a message, a draft, a stroke or a new name may be shown now: all limits on what users show, in one place.

This decides for one process, in memory. adapters/redis/lua/admit.lua decides the same for several processes, and also
claims the message id.

What counts (W72 to W75): a message, a draft and a new name count once each for the minute of their user and of their
address, and take the slot of a slow channel. A message also counts for its channel's second. A message that was a draft
is not counted again. A draft that becomes no message stays counted. A stroke is a message, and a stroke that is being
drawn is a draft, each of its own (W113): a user may draw while a draft is open. Both also count for the user's strokes.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import msgspec

from .fairness import MINUTE_MS, FairWindow
from .rate_windows import RateWindows

Kind: TypeAlias = Literal["chat", "draft", "name"]
LimitName: TypeAlias = Literal["user", "address", "channel", "slow", "strokes"]

DRAFT_SLOT_MS = 600_000
"""How long a draft stays counted for the message that it becomes."""
_FORGET_EVERY = 1024
"""How many admissions pass between two removals of expired entries, so that memory stays bounded."""


class MessageLimits(NamedTuple):
    """Limits over all processes. 0: no limit."""

    user_per_minute: int = 0
    address_per_minute: int = 0
    channel_per_second: int = 0
    strokes_per_minute: int = 0
    """Of one user."""

    @property
    def any_message(self) -> bool:
        """Whether any limit concerns messages that are no strokes."""
        return bool(self.user_per_minute or self.address_per_minute or self.channel_per_second)


class Posting(msgspec.Struct, frozen=True, gc=False):
    """What a user wants to show. Times are ms of the server's clock. `address` is "" if it is not known.

    `slow_ms`: how long this user must wait between two messages in the channel. `text`: of a message; a resend has the
    same text.
    """

    kind: Kind
    channel: str
    user_id: str
    address: str = ""
    message_id: str = ""
    slow_ms: int = 0
    timestamp: int = 0
    expires_at: int = 0
    text: str = ""
    stroke: bool = False
    """A stroke (`chat`), or one that is being drawn (`draft`)."""


class Duplicate(NamedTuple):
    """Another process admitted this (user, message id) before, and that message is still live. These are its times.

    `confirmed`: that process has posted it. `same_text`: the text is the same, so posting it again does no harm if the
    first one was lost.
    """

    timestamp: int
    expires_at: int
    confirmed: bool = True
    same_text: bool = False


class Verdict(NamedTuple):
    """`wait_ms` 0: it may be shown, unless it is a `duplicate`. Otherwise `limit` is the one with the longest wait."""

    wait_ms: int = 0
    limit: LimitName = "user"
    duplicate: Duplicate | None = None


GRANTED = Verdict()


class MessageLimiter:
    """Counts messages, drafts and names for one process. All times are ms of one clock."""

    def __init__(self) -> None:
        self._windows = RateWindows()
        self._channels: dict[str, FairWindow] = {}
        self._slots: dict[tuple[str, str], tuple[int, int, str]] = {}
        """For slow channels, by channel and user: when the slot was taken, for how long, and by which draft."""
        self._drafts: dict[tuple[str, str, bool], tuple[int, str]] = {}
        """By channel, user and whether it is a stroke: the latest counted draft, and until when it counts."""
        self._admitted = 0

    def admit(self, posting: Posting, limits: MessageLimits, now_ms: int) -> Verdict:
        """Decide, and count what is admitted. What is refused is not counted."""
        if not (posting.slow_ms or limits.any_message or (posting.stroke and limits.strokes_per_minute)):
            return GRANTED
        self._forget(now_ms)
        kind, channel, user_id = posting.kind, posting.channel, posting.user_id
        address, message_id = posting.address, posting.message_id
        place = (channel, user_id)
        draft_place = (channel, user_id, posting.stroke)
        draft_until, draft = self._drafts.get(draft_place, (0, ""))
        counted = kind != "name" and draft == message_id and draft_until > now_ms
        if counted and kind == "draft":
            return GRANTED

        waits: list[tuple[int, LimitName]] = []
        if posting.slow_ms and place in self._slots:
            taken_at, _, holder = self._slots[place]
            if kind == "name" or holder != message_id:
                waits.append((taken_at + posting.slow_ms - now_ms, "slow"))
        of_user = of_address = of_strokes = None
        if limits.user_per_minute and not counted:
            of_user = self._windows.window(f"messages:{user_id}", limits.user_per_minute, MINUTE_MS)
            waits.append((of_user.wait_ms(now_ms), "user"))
        if limits.address_per_minute and address and not counted:
            of_address = self._windows.window(f"address:{address}", limits.address_per_minute, MINUTE_MS)
            waits.append((of_address.wait_ms(now_ms), "address"))
        if limits.strokes_per_minute and posting.stroke and not counted:
            of_strokes = self._windows.window(f"strokes:{user_id}", limits.strokes_per_minute, MINUTE_MS)
            waits.append((of_strokes.wait_ms(now_ms), "strokes"))
        of_channel = None
        if limits.channel_per_second and kind == "chat":
            of_channel = self._channels.get(channel)
            if of_channel is None:
                of_channel = self._channels[channel] = FairWindow()
            waits.append((of_channel.wait_ms(limits.channel_per_second, address, user_id, now_ms), "channel"))
        if waits:
            wait_ms, limit = max(waits, key=lambda wait: wait[0])
            if wait_ms > 0:
                return Verdict(wait_ms, limit)

        if of_user is not None:
            of_user.add(now_ms)
        if of_address is not None:
            of_address.add(now_ms)
        if of_strokes is not None:
            of_strokes.add(now_ms)
        if of_channel is not None:
            of_channel.add(address, user_id, now_ms)
        if posting.slow_ms:
            self._slots[place] = (now_ms, posting.slow_ms, message_id if kind == "draft" else "")
        if kind == "draft":
            self._drafts[draft_place] = (now_ms + DRAFT_SLOT_MS, message_id)
        elif counted:
            del self._drafts[draft_place]
        return GRANTED

    def clear(self) -> None:
        self._windows.clear()
        self._channels.clear()
        self._slots.clear()
        self._drafts.clear()

    def _forget(self, now_ms: int) -> None:
        self._admitted += 1
        if self._admitted % _FORGET_EVERY == 0:
            self._windows.forget_empty(now_ms)
            self._channels = {name: busy for name, busy in self._channels.items() if not busy.idle(now_ms)}
            self._slots = {place: slot for place, slot in self._slots.items() if slot[0] + slot[1] > now_ms}
            self._drafts = {place: draft for place, draft in self._drafts.items() if draft[0] > now_ms}
