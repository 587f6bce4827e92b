"""Receives what other processes and the shared store report, and calls the services.

Other processes report in the control lane of their batches (control.py), the store through ports.StoreEvents.
Nothing is decided here.
"""

from __future__ import annotations

from ..ports import Batch
from .channels import Channels
from .chat import ChatService
from .control import (
    ActivityHere,
    ChannelCleared,
    CountChanged,
    CrowdCounted,
    FollowedBy,
    MessagesAgain,
    PointersGone,
    ProfileChanged,
    RulesChanged,
    decode_control,
)
from .fallback import FallbackPresence
from .outages import Outages
from .presence import Presence
from .rules_sync import RulesSync
from .sessions import Sessions


class ControlRouter:
    """`fallback`: the presence store, if it is one that answers during an outage."""

    def __init__(
        self,
        channels: Channels,
        presence: Presence,
        chat: ChatService,
        rules: RulesSync,
        sessions: Sessions,
        outages: Outages,
        fallback: FallbackPresence | None,
    ) -> None:
        self._channels = channels
        self._presence = presence
        self._chat = chat
        self._rules = rules
        self._sessions = sessions
        self._outages = outages
        self._fallback = fallback

    def receive(self, channel: str, batch: Batch) -> None:
        """Handle the control messages of a batch."""
        for message in decode_control(batch.control):
            match message:
                case ProfileChanged():
                    self._sessions.apply_profile(channel, message)
                    if self._fallback is not None:
                        self._fallback.apply_profile(channel, message.user_id, message.profile)
                case FollowedBy():
                    if not self._channels.is_isolated(channel):
                        self._sessions.send_followed(channel, message)
                case CountChanged():
                    self._presence.apply_count(channel, message)
                case MessagesAgain():
                    local = self._channels.get(channel)
                    if local is not None:
                        again = [(number, end, bytes(body)) for number, end, body in message.messages]
                        local.catch_up(batch.publisher, again)
                case RulesChanged():
                    self._rules.apply_change(channel, message)
                case ChannelCleared():
                    self._chat.forget(channel, message.timestamp)
                    self._channels.forget_messages(channel, message.timestamp)
                case ActivityHere():
                    here = self._channels.get(channel)
                    if here is not None and here.crowd is not None:
                        here.crowd.add_activity(batch.publisher, message)
                case PointersGone():
                    here = self._channels.get(channel)
                    if here is not None and here.crowd is not None:
                        here.crowd.forget_pointers(message.user_ids)
                case CrowdCounted():
                    self._channels.count_users(channel, message.count)

    def degraded(self) -> None:
        self._outages.begin()

    async def restored(self) -> None:
        await self._outages.end()

    def process_died(self) -> None:
        self._presence.start_recount()

    def clock_set(self, shift_ms: int) -> None:
        # Live messages keep their remaining life.
        self._chat.shift_clock(shift_ms)
        for channel in self._channels:
            if channel.crowd is not None:
                channel.crowd.clock_set(shift_ms)
        self._sessions.send_clock(shift_ms)
