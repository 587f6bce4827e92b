"""The control router: takes what other processes and the shared store tell this process, and calls the services.

Other processes tell it in the control lane of their batches (control.py). The store tells it as ports.StoreEvents.
Nothing is decided here.
"""

from __future__ import annotations

from ..domain.profile import Profile
from ..ports import Batch
from .channels import Channels
from .chat import ChatService
from .control import (
    ChannelCleared,
    CountChanged,
    FollowedBy,
    MessagesAgain,
    ProfileChanged,
    RulesChanged,
    decode_control,
)
from .fallback import FallbackPresence
from .moderation import Moderation
from .outages import Outages
from .presence import Presence
from .sessions import Sessions


class ControlRouter:
    """`fallback`: the presence store, where it is one that answers during an outage."""

    def __init__(
        self,
        channels: Channels,
        presence: Presence,
        chat: ChatService,
        moderation: Moderation,
        sessions: Sessions,
        outages: Outages,
        fallback: FallbackPresence | None,
    ) -> None:
        self._channels = channels
        self._presence = presence
        self._chat = chat
        self._moderation = moderation
        self._sessions = sessions
        self._outages = outages
        self._fallback = fallback

    def receive(self, channel: str, batch: Batch) -> None:
        """Another process tells something about a channel, in the control lane of this batch."""
        for message in decode_control(batch.control):
            match message:
                case ProfileChanged():
                    self._sessions.apply_profile(channel, message)
                    if self._fallback is not None:
                        profile = Profile(message.name, message.color, message.on_map)
                        self._fallback.apply_profile(channel, message.user_id, profile)
                case FollowedBy():
                    if not self._channels.is_isolated(channel):
                        self._sessions.send_followed(channel, message)
                case CountChanged():
                    self._presence.apply_count(channel, message)
                case MessagesAgain():
                    here = self._channels.get(channel)
                    if here is not None:
                        again = [(number, end, bytes(body)) for number, end, body in message.messages]
                        here.catch_up(batch.publisher, again)
                case RulesChanged():
                    self._moderation.rules_changed(channel, message)
                case ChannelCleared():
                    self._chat.forget(channel, message.timestamp)

    def degraded(self) -> None:
        self._outages.begin()

    async def restored(self) -> None:
        await self._outages.end()

    def process_died(self) -> None:
        self._presence.start_recount()

    def clock_set(self, shift_ms: int) -> None:
        # What lives keeps the time it has left.
        self._chat.shift_clock(shift_ms)
        self._sessions.send_clock(shift_ms)
