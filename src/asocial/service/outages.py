"""What happens to the clients here when the store that processes share goes away, and when it is back.

`begin` tells everyone. `end` registers everyone with the store again, gives the other processes what was said here
meanwhile, and hands each client a fresh snapshot, so that nobody is left with what they believed in between.
Channels whose rules cannot be confirmed at once come later: `retry`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence

import msgspec

from ..domain.profile import Profile
from ..ports import Joined, StoreUnavailable
from .channels import Channels
from .chat import ChatService
from .control import MessagesAgain, encode_control
from .fallback import FallbackPresence
from .moderation import Moderation
from .presence import Presence
from .runtime import Runtime
from .sessions import Sessions


class Outages:
    """`fallback`: the presence store, where it is one that answers during an outage."""

    def __init__(
        self,
        channels: Channels,
        presence: Presence,
        chat: ChatService,
        moderation: Moderation,
        sessions: Sessions,
        fallback: FallbackPresence | None,
        runtime: Runtime,
    ) -> None:
        self._channels = channels
        self._presence = presence
        self._chat = chat
        self._moderation = moderation
        self._sessions = sessions
        self._fallback = fallback
        self._counters = runtime.counters
        self._ending = False

    def begin(self) -> None:
        """The shared store is away: only people on this process can be reached."""
        self._moderation.lose()
        self._counters.outages += 1
        self._sessions.degrade()

    async def end(self) -> None:
        """The shared store is back. Raises StoreUnavailable if it went away again; then there is another `end`."""
        self._ending = True
        try:
            # First of all, so that nobody claims the id of a user who is here.
            await self._sessions.refresh_claims()
            # Before anybody is registered again: people who may not be in a channel are closed first.
            await self._moderation.restore()
            await self._catch_up(None)
        finally:
            self._ending = False

    async def retry(self) -> None:
        """Confirm the channels that are not confirmed, and bring them up to date. Does nothing during an outage."""
        if self._ending:
            return
        await self._moderation.retry()
        late = [channel.name for channel in self._channels if channel.needs_snapshots and channel.confirmed]
        if late:
            with contextlib.suppress(StoreUnavailable):
                await self._catch_up(late)
        # Also where nobody is left who would be brought up to date.
        if self._chat.unshared and not self._channels.away:
            self._repeat_messages(frozenset(self._chat.unshared))

    async def _catch_up(self, channels: Collection[str] | None) -> None:
        """Bring these channels up to date, or all whose rules are confirmed. Raises StoreUnavailable."""
        rejoined: Sequence[tuple[str, Joined]] = ()
        changed: Mapping[tuple[str, str], Profile] = {}
        if self._fallback is not None:
            rejoined, changed = await self._fallback.restore(channels), self._fallback.changed()
        if self._channels.away:
            raise StoreUnavailable("the store went away again")
        self._sessions.degraded = False
        await self._presence.tell_rejoined(rejoined)
        self._sessions.forget_snapshots()
        for (channel_name, user_id), profile in changed.items():
            await self._sessions.change_profile(channel_name, user_id, profile)
        self._repeat_messages(channels)
        for channel in self._channels:
            if (channels is None or channel.name in channels) and channel.confirmed:
                channel.needs_snapshots = False
                await self._sessions.tell_restored(channel)
        if self._fallback is not None:
            # Events whose frames the outage lost were numbered by the store all the same.
            self._presence.recount_soon(elsewhere=True)

    def _repeat_messages(self, channels: Collection[str] | None) -> None:
        """Give the other processes what was said here and lives.

        Also where nobody is left on this process: those who spoke may have moved to another one meanwhile.
        """
        said_here = self._chat.said_here()
        self._chat.unshared &= said_here.keys()
        for name, said in said_here.items():
            if channels is not None and name not in channels:
                continue
            if self._channels.is_local(name):
                self._chat.unshared.add(name)  # for `retry`, once its rules are confirmed
            else:
                self._chat.share(name)
                again = [(message.number, message.expires_at, msgspec.Raw(message.body)) for message in said]
                self._channels.tell_processes(name, encode_control(MessagesAgain(again)))
