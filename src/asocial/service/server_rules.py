"""What operators decide for all channels: bans, and notices to everyone. Kept equal on every process.

Bans are `Rules` under a name that no channel can have, in the same store as the rules of channels. The key of a banned
user is `Principal.rules_id`; that of an address begins with `@`, which no user id contains. A process subscribes the
name as a topic, reads the bans at every heartbeat in case a report was lost, and writes them back to a store that lost
them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from ..domain.errors import Banned
from ..domain.identity import Principal
from ..domain.rules import NO_RULES, Rules
from ..ports import Batch, Broker, ChannelRules, StoreUnavailable
from ..protocol.codec import pack
from ..protocol.schema import Notice
from .channels import Channels
from .control import Control, NoticePosted, RulesChanged, decode_control, encode_control
from .rules_sync import MAX_SWAPS
from .runtime import Runtime
from .session import LocalSessions

NAME = ".server"
"""Names of channels have no dot."""
MIN_KEEP_MS = 60_000


class ServerRules:
    def __init__(
        self, store: ChannelRules, broker: Broker, channels: Channels, local: LocalSessions, runtime: Runtime
    ) -> None:
        self._store = store
        self._broker = broker
        self._channels = channels
        self._local = local
        self._now_ms = runtime.clock.now_ms
        self._rules = NO_RULES

    async def start(self) -> None:
        """Hear what other processes report, and read the bans if the store answers."""
        await self._broker.subscribe(NAME, self._receive)
        await self.refresh()

    async def refresh(self) -> None:
        """Read the bans, or write them back to a store that has lost them. Does nothing during an outage."""
        with contextlib.suppress(StoreUnavailable):
            keep_ms = self._keep_ms(self._rules)
            self._apply(await self._written_back(await self._store.refresh(NAME, keep_ms)))

    @property
    def version(self) -> int:
        """Grows with every change of the bans."""
        return self._rules.version

    def check_not_banned(self, principal: Principal, address: str) -> None:
        """Raises Banned. `address`: as limits count it."""
        if self._rules.bans and self._is_banned(principal, address):
            raise Banned

    def is_user_banned(self, rules_id: str) -> bool:
        return self._rules.is_banned(rules_id, self._now_ms())

    def bans(self) -> dict[str, int]:
        """The bans that hold, as this process knows them: key -> end, ms of the server's clock."""
        now = self._now_ms()
        return {key: until for key, until in self._rules.bans.items() if until > now}

    async def ban(self, key: str, until: int) -> None:
        """Ban `key` until then on every process. A time in the past ends the ban. Raises StoreUnavailable."""
        await self._change(lambda rules: rules.with_ban(key, until, self._now_ms()))

    def post_notice(self, text: str) -> int:
        """Show a notice to everyone on every process. Returns its time. Raises StoreUnavailable."""
        self._check_store()
        self._send(NoticePosted(text))
        return self._show_notice(text)

    async def _change(self, change: Callable[[Rules], Rules]) -> None:
        """As RulesSync.change, without a channel."""
        self._check_store()
        stored = await self._written_back(await self._store.load(NAME))
        for _ in range(MAX_SWAPS):
            wanted = change(stored).begun(self._now_ms())
            stored = await self._store.swap(NAME, wanted, self._keep_ms(wanted))
            if stored == wanted:
                self._send(RulesChanged(stored))
                self._apply(stored)
                return
        raise StoreUnavailable("too many concurrent changes of the bans")

    async def _written_back(self, stored: Rules) -> Rules:
        """As RulesSync._written_back."""
        if not self._rules.replaces(stored):
            return stored
        return await self._store.swap(NAME, self._rules, self._keep_ms(self._rules), restore=True)

    def _receive(self, batch: Batch) -> None:
        for message in decode_control(batch.control):
            match message:
                case RulesChanged():
                    self._apply(message.rules)
                case NoticePosted():
                    self._show_notice(message.text)
                case _:
                    pass

    def _apply(self, rules: Rules) -> None:
        if not rules.replaces(self._rules):
            return
        self._rules = rules
        for session in self._local:
            if self._is_banned(session.principal, session.address):
                session.connection.close(Banned())

    def _is_banned(self, principal: Principal, address: str) -> bool:
        now = self._now_ms()
        return self._rules.is_banned(principal.rules_id, now) or self._rules.is_banned(address_key(address), now)

    def _show_notice(self, text: str) -> int:
        now = self._now_ms()
        frame = pack(Notice(text, now))
        for session in self._local:
            session.connection.write(frame)
        return now

    def _send(self, message: Control) -> None:
        self._broker.publish(NAME, Batch(b"", b"", encode_control(message)))

    def _check_store(self) -> None:
        if self._channels.store_away:
            raise StoreUnavailable("other processes cannot be reached")

    def _keep_ms(self, rules: Rules) -> int:
        return max((end - self._now_ms() for end in rules.bans.values()), default=0) + MIN_KEEP_MS


def address_key(address: str) -> str:
    """The key of a ban of an address, as limits count it."""
    return f"@{address}"
