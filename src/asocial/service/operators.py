"""What operators do with an operator key: list and close channels, ban, tell everyone something (W136 to W150).

Each use is one log line. Never here: which key may do it (adapters/http/operator_api.py), and what people write.
"""

from __future__ import annotations

from .. import logs
from ..domain.api_keys import ApiKey
from ..domain.errors import BadFrame
from ..domain.message import clean_payload
from .claimed_ids import ClaimedIds
from .presence import Presence
from .rules_sync import RulesSync
from .runtime import Runtime
from .server_rules import ServerRules, address_key

NOTICE_CHARACTERS = 200

log = logs.get(__name__)


class Operators:
    """Each method raises StoreUnavailable if it cannot reach every process."""

    def __init__(
        self,
        presence: Presence,
        rules: RulesSync,
        server_rules: ServerRules,
        claimed_ids: ClaimedIds,
        runtime: Runtime,
    ) -> None:
        self._presence = presence
        self._rules = rules
        self._server_rules = server_rules
        self._claimed_ids = claimed_ids
        self._now_ms = runtime.clock.now_ms

    async def channels(self, key: ApiKey) -> dict[str, int]:
        """The number of users in each channel that has any, the largest first."""
        counts = await self._presence.counts()
        _log("list_channels", key)
        return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))

    async def close_channel(self, key: ApiKey, channel: str, seconds: int) -> int:
        """Send everyone away, and let nobody in for this long; 0 opens it.

        Returns the end in ms of the server's clock, 0 for a channel that is open.
        """
        until = self._now_ms() + seconds * 1000 if seconds else 0
        await self._rules.change(channel, lambda rules: rules.with_closed_until(until))
        _log("close_channel", key, channel=channel, seconds=seconds)
        return until

    async def ban_user(self, key: ApiKey, user_id: str, seconds: int) -> int:
        """Keep a user out of all channels for this long; 0 ends a ban. Returns the end, as `close_channel`."""
        until = await self._ban(await self._claimed_ids.rules_id(user_id), seconds)
        _log("ban", key, user_id=user_id, seconds=seconds)
        return until

    def is_banned(self, key: ApiKey) -> bool:
        """Whether the user id of an API key is banned, as this process knows."""
        return self._server_rules.is_user_banned(key.user_id)

    async def ban_address(self, key: ApiKey, address: str, seconds: int) -> int:
        """As `ban_user`, for an address as limits count it."""
        until = await self._ban(address_key(address), seconds)
        _log("ban", key, address=address, seconds=seconds)
        return until

    def bans(self, key: ApiKey) -> dict[str, int]:
        """The bans that hold: user id, or `@` and an address -> the end, in ms of the server's clock."""
        _log("list_bans", key)
        return self._server_rules.bans()

    def notify(self, key: ApiKey, text: str) -> int:
        """Show a notice to everyone. Returns its time. Raises a FrameError for a text that is not allowed."""
        cleaned = clean_payload(text, NOTICE_CHARACTERS)
        if "\n" in cleaned:
            raise BadFrame("a notice is one line")
        timestamp = self._server_rules.post_notice(cleaned)
        _log("notify", key, text=cleaned)
        return timestamp

    async def _ban(self, key: str, seconds: int) -> int:
        until = self._now_ms() + seconds * 1000 if seconds else 0
        await self._server_rules.ban(key, until)
        return until


def _log(action: str, key: ApiKey, **target: object) -> None:
    log.info("operator action", action=action, key=key.name, **target)
