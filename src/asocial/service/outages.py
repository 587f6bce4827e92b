"""What clients of this process see when the shared store goes away and comes back.

`begin` informs everyone. `end` registers everyone with the store again, sends the other processes the messages that
were posted here meanwhile, and sends each client a new snapshot. Channels whose rules cannot be confirmed at once
follow later: `retry`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence

import msgspec

from .. import logs
from ..domain.profile import Profile
from ..ports import Joined, StoreUnavailable
from .channel import Channel
from .channels import Channels
from .chat import ChatService
from .control import MessagesAgain, ProfileChanged, encode_control
from .fallback import FallbackPresence
from .presence import Presence
from .rules_sync import RulesSync
from .runtime import Runtime
from .sessions import Sessions

REPEAT_S = 2.5
"""After an outage, messages are repeated a second time so late, for processes that came back later than this one: they
try again every two seconds. Less than SnapshotMemory remembers, or clients would get what their snapshots had again.
Claims of user ids are renewed a second time too: such a process may have brought back an older claim."""

log = logs.get(__name__)


class Outages:
    """`fallback`: the presence store, if it is one that answers during an outage. None: there is no shared store."""

    def __init__(
        self,
        channels: Channels,
        presence: Presence,
        chat: ChatService,
        rules: RulesSync,
        sessions: Sessions,
        fallback: FallbackPresence | None,
        runtime: Runtime,
    ) -> None:
        self._channels = channels
        self._presence = presence
        self._chat = chat
        self._rules = rules
        self._sessions = sessions
        self._fallback = fallback
        self._counters = runtime.counters
        self._ending = False
        self._loop = runtime.loop
        self._repeating: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """The shared store is away: members on other processes cannot be reached."""
        self.close()
        self._rules.begin_outage()
        if self._fallback is not None:
            self._fallback.begin_outage()
        self._presence.forget_all_counts()
        self._counters.outages += 1
        self._sessions.send_degraded()

    async def end(self) -> None:
        """The shared store is back. Raises StoreUnavailable if it went away again; then `end` is called again."""
        self._ending = True
        try:
            # First, so that nobody claims the id of a user who is connected here.
            await self._sessions.refresh_claims()
            # Then the rules, because this disconnects people who may not stay in their channel.
            await self._rules.end_outage()
            await self._sessions.refresh_bans()
            await self._catch_up(None)
            self._repeating = self._loop.create_task(self._repeat())
        finally:
            self._ending = False

    def close(self) -> None:
        """Repeat nothing more."""
        if self._repeating is not None:
            self._repeating.cancel()

    async def retry(self) -> None:
        """Confirm the channels that are not confirmed, and bring them up to date. Does nothing during an outage.

        Also channels of which the shared store has lost connections.
        """
        if self._ending:
            return
        await self._rules.confirm_all()
        confirmed = [channel for channel in self._channels if channel.confirmed]
        late = {channel.name for channel in confirmed if channel.needs_snapshots}
        lost = {channel.name for channel in confirmed if self._has_unregistered(channel)} - late
        if lost:
            log.warning("the shared store has lost people who are here: registering them again", channels=len(lost))
        if late or lost:
            with contextlib.suppress(StoreUnavailable):
                await self._catch_up(late | lost)
        # Also for channels that have no members here any more.
        if self._chat.unshared and not self._channels.store_away:
            self._repeat_messages(frozenset(self._chat.unshared))

    async def _repeat(self) -> None:
        await asyncio.sleep(REPEAT_S)
        self._repeat_messages(None)
        await self._sessions.refresh_claims()

    async def _catch_up(self, channels: Collection[str] | None) -> None:
        """Bring these channels up to date, or all whose rules are confirmed. Raises StoreUnavailable."""
        rejoined: Sequence[tuple[str, Joined]] = ()
        changed: Mapping[tuple[str, str], Profile] = {}
        if self._fallback is not None:
            rejoined, changed = await self._fallback.restore(channels), self._fallback.changed_profiles()
        if self._channels.store_away:
            raise StoreUnavailable("the store went away again")
        self._sessions.degraded = False
        if channels is None:
            self._presence.forget_all_counts()
        else:
            self._presence.forget_counts(channels)
        await self._presence.announce_rejoined(rejoined)
        self._sessions.forget_snapshots()
        if self._fallback is not None:
            for (channel_name, user_id), profile in self._fallback.take_missed_profiles().items():
                self._sessions.apply_profile(channel_name, ProfileChanged.of(user_id, profile))
        for (channel_name, user_id), profile in changed.items():
            await self._sessions.change_profile_after_outage(channel_name, user_id, profile)
        self._repeat_messages(channels)
        for channel in self._channels:
            # One that was confirmed only after `restore` had begun waits for `retry`.
            ready = channel.confirmed and not self._has_unregistered(channel)
            if ready and (channels is None or channel.name in channels):
                # Where the store has only lost connections, nobody heard of an outage.
                restored = channels is None or channel.needs_snapshots
                channel.needs_snapshots = False
                await self._sessions.send_snapshots(channel, restored=restored)
        if self._fallback is not None:
            # The store has numbered events whose frames were lost in the outage, so clients elsewhere wait for them.
            self._presence.start_recount(elsewhere=True)

    def _has_unregistered(self, channel: Channel) -> bool:
        return self._fallback is not None and self._fallback.has_unregistered(channel.name)

    def _repeat_messages(self, channels: Collection[str] | None) -> None:
        """Send the other processes the live messages of this process.

        Also of channels that have no members here any more: the authors may have moved to another process.
        """
        local_messages = self._chat.local_messages()
        self._chat.unshared &= local_messages.keys()
        for name, messages in local_messages.items():
            if channels is not None and name not in channels:
                continue
            if self._channels.is_isolated(name):
                self._chat.unshared.add(name)  # for `retry`, once its rules are confirmed
            else:
                self._chat.share(name)
                # Without a number, it is a copy of what another process posted (chat.py): others had it from there.
                again = [
                    (message.number, message.expires_at, msgspec.Raw(message.body))
                    for message in messages
                    if message.number
                ]
                self._channels.send_control(name, encode_control(MessagesAgain(again)))
