"""The rules of the channels on this process, kept equal to those in the shared store.

A process keeps the rules of each channel that has members on it (`Channel.rules`). It reads them after subscribing,
changes them when another process reports a change (control.py), and reads them again at every heartbeat in case a
report was lost. So posting and joining need no request to the store.

While the store is away, the rules last known still count, and a channel with unknown rules is open to everyone. Both
may be wrong, because rules change on other processes. So a channel is *confirmed* only when its rules were read from
the store after it was subscribed and after the last outage. Until then it exchanges nothing with other processes
(`Channel.confirmed`): its members see only each other. When the rules are read, members who may not stay are
disconnected before anything else happens.

If the store comes back empty, a process that knows the rules writes them back first.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from ..domain.errors import ChannelClosed, GoingAway, Removed
from ..domain.identity import user_id_of
from ..domain.rules import NO_RULES, Rules
from ..first_step import Done, begin
from ..ports import ChannelRules, StoreUnavailable
from .channel import Channel
from .channel_access import ChannelAccess
from .channels import Channels
from .control import RulesChanged, encode_control
from .runtime import Runtime
from .session import LocalSessions

MAX_SWAPS = 8
"""How often a change is made again on top of concurrent changes before it fails."""
CONFIRM_BATCH = 200
"""Channels whose rules are read together: enough to fill a pipeline, few enough that other requests are not delayed."""


class RulesSync:
    """`ttl_ms`: how long the store keeps the rules of a channel that is not used."""

    def __init__(
        self,
        store: ChannelRules,
        channels: Channels,
        local: LocalSessions,
        access: ChannelAccess,
        ttl_ms: int,
        runtime: Runtime,
    ) -> None:
        self.access = access
        self._store = store
        self._channels = channels
        self._local = local
        self._now_ms = runtime.clock.now_ms
        self._loop = runtime.loop
        self._ttl_ms = ttl_ms
        self._loading: dict[str, asyncio.Task[None]] = {}
        self._outages = 0

    async def confirm(self, channel: Channel) -> None:
        """Confirm the rules of a channel that is subscribed. They stay unconfirmed while the store is away."""
        if not channel.confirmed and not self._channels.store_away:
            loading = self._loading.get(channel.name)
            if loading is None:
                begun = begin(self._load_and_apply(channel), self._loop)
                if isinstance(begun, Done):
                    return
                loading = self._loading[channel.name] = begun
            await asyncio.shield(loading)

    async def current(self, channel: str) -> Rules | None:
        """The rules, as far as they can be known now. None if they are unknown."""
        local = self._channels.get(channel)
        if local is not None and local.confirmed:
            return local.rules
        try:
            return await self.load(channel)
        except StoreUnavailable:
            return None if local is None else local.rules

    async def load(self, channel: str) -> Rules:
        """The stored rules. Those known here are written back first if the store has lost them.

        Raises StoreUnavailable.
        """
        local = self._channels.get(channel)
        known = None if local is None else local.rules
        return await self._written_back(channel, known, await self._store.load(channel))

    async def change(self, channel: str, change: Callable[[Rules], Rules]) -> Rules:
        """Change the rules by compare-and-swap. Returns the new rules. Raises StoreUnavailable."""
        if self._channels.store_away or self._channels.is_isolated(channel):
            raise StoreUnavailable("the change cannot reach other processes")
        stored = await self.load(channel)
        for _ in range(MAX_SWAPS):
            wanted = change(stored)
            if wanted is stored:
                return stored
            wanted = wanted.begun(self._now_ms())
            stored = await self._store.swap(channel, wanted, wanted.lifetime_ms(self._ttl_ms, self._now_ms()))
            if stored == wanted:
                self._channels.send_control(channel, encode_control(RulesChanged(stored)))
                local = self._channels.get(channel)
                if local is not None:
                    self._apply(local, stored)
                return stored
        raise StoreUnavailable("too many concurrent changes of this channel's rules")

    def apply_change(self, channel: str, change: RulesChanged) -> None:
        """Another process changed the rules of a channel, or wrote them back to a store that had lost them."""
        local = self._channels.get(channel)
        if local is not None:
            self._apply(local, change.rules, restored=change.restored)

    async def refresh(self) -> None:
        """Renew the rules of channels with members here, and apply missed changes. Does nothing during an outage."""
        with contextlib.suppress(StoreUnavailable):
            for channel in self._channels:
                if len(channel) and not self._channels.store_away:
                    keep_ms = (channel.rules or NO_RULES).lifetime_ms(self._ttl_ms, self._now_ms())
                    await self._read_and_apply(channel, self._store.refresh(channel.name, keep_ms))

    def begin_outage(self) -> None:
        """The store is away. Until it is back, rules may change without this process hearing of it."""
        self._outages += 1
        # What is being read will not count.
        self._loading.clear()
        self._channels.store_away = True
        for channel in self._channels:
            channel.isolate()

    async def end_outage(self) -> None:
        """The store is back, perhaps empty, and everything is subscribed. Confirms the channels; see `confirm_all`."""
        self._channels.store_away = False
        await self.confirm_all()

    async def confirm_all(self) -> None:
        """Confirm the channels that are not confirmed. Does nothing while the store is away."""
        waiting = [] if self._channels.store_away else [channel for channel in self._channels if not channel.confirmed]
        for start in range(0, len(waiting), CONFIRM_BATCH):
            await asyncio.gather(*map(self.confirm, waiting[start : start + CONFIRM_BATCH]))

    async def _load_and_apply(self, channel: Channel) -> None:
        try:
            with contextlib.suppress(StoreUnavailable):
                await self._read_and_apply(channel, self._store.load(channel.name))
        finally:
            # None: it did not have to wait, or an outage began meanwhile.
            loading = self._loading.get(channel.name)
            if loading is not None and loading is asyncio.current_task():
                del self._loading[channel.name]

    async def _read_and_apply(self, channel: Channel, reading: Awaitable[Rules]) -> None:
        """Apply the stored rules, or write back those that the store has lost. Raises StoreUnavailable."""
        known, outages = channel.rules, self._outages
        stored = await self._written_back(channel.name, known, await reading)
        # If an outage began meanwhile, the rules may have changed after they were read.
        if outages == self._outages:
            self._apply(channel, stored, from_store=True)

    async def _written_back(self, channel: str, known: Rules | None, stored: Rules) -> Rules:
        """`stored`, or what is stored after `known` was written back because the store has lost it."""
        if known is None or not known.replaces(stored):
            return stored
        keep_ms = known.lifetime_ms(self._ttl_ms, self._now_ms())
        stored = await self._store.swap(channel, known, keep_ms, restore=True)
        # Sent before any frame of the channel: another process may have found no rules in the store, or other ones.
        self._channels.send_control(channel, encode_control(RulesChanged(stored, restored=True)))
        return stored

    def _apply(self, channel: Channel, rules: Rules, *, from_store: bool = False, restored: bool = False) -> None:
        """`from_store`: they were read from the store, so the channel is confirmed. `restored`: see RulesChanged."""
        known = channel.rules
        newer = known is None or rules.replaces(known)
        if newer:
            channel.rules = rules
        if newer or (from_store and not channel.confirmed):
            self._enforce(channel, from_store, restored)
        if from_store and not channel.confirmed:
            channel.confirm()

    def _enforce(self, channel: Channel, from_store: bool, restored: bool) -> None:
        """Disconnect members whom the rules do not allow to stay. Called before the channel is confirmed.

        Members who were admitted by the rules of their time stay, unless the store had lost the right rules
        (`restored`). `from_store`: the rules were read from the store.
        """
        rules, now = channel.rules or NO_RULES, self._now_ms()
        if rules.is_closed(now):
            for session in self._local.of_connections(list(channel)):
                session.connection.close(ChannelClosed())
        for removed in rules.bans:
            if rules.is_banned(removed, now):
                for session in self._local.of_user(user_id_of(removed), channel.name):
                    if session.principal.rules_id == removed:
                        session.connection.close(Removed())
        for session in self._local.of_connections(list(channel)):
            if from_store and not channel.confirmed:
                channel.needs_snapshots = True
            if not (session.provisional or restored):
                continue
            access = self.access.readmit(channel, session.principal, session.access)
            if access is None:
                channel.detach(session.connection)
                session.connection.close(GoingAway(retry_ms=0))
            else:
                session.access = access
                session.provisional = session.provisional and not from_store
