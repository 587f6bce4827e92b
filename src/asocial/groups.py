"""The settings as services and adapters get them: frozen groups, in the units that the code uses.

settings.py makes them and holds every default. A number that is not a setting is a constant beside its use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .domain.admission import MessageLimits
from .domain.message import PAYLOAD_CHARACTERS, Life
from .protocol.schema import Limits


@dataclass(frozen=True)
class MessageSettings:
    """How long messages live, how many may be posted, and how long their text may be."""

    life: Life
    limits: MessageLimits
    payload_characters: int = PAYLOAD_CHARACTERS


@dataclass(frozen=True)
class PresenceSettings:
    """`ttl_ms`: presence ends this long after the last heartbeat. `grace_ms`: how long a broken connection stays."""

    ttl_ms: int
    grace_ms: int
    roster_limit: int


@dataclass(frozen=True)
class CrowdSettings:
    """`threshold`: with as many users a channel is a crowd, 0: never. `life_s`: the longest life of a message.

    `cursors_per_second`, `drafts_per_second`: the most that the server asks of a client.
    """

    threshold: int = 0
    life_s: float = 12.0
    cursors_per_second: float = 30.0
    drafts_per_second: float = 30.0


@dataclass(frozen=True)
class SessionSettings:
    """The limits of one session. Clients get `life` and `limits`."""

    life: Life
    limits: Limits
    volatile_per_second_per_ip: int
    answer_bytes_per_second: int
    answer_bytes_per_second_per_ip: int


@dataclass(frozen=True)
class ModerationSettings:
    """`owners` and `members`: from the configuration, by channel. Owners of "*" own every channel.

    `rules_ttl_ms`: how long rules are kept after the channel's last use.
    """

    owners: Mapping[str, Sequence[str]]
    members: Mapping[str, Sequence[str]]
    rules_ttl_ms: int


@dataclass(frozen=True)
class ClaimedIdSettings:
    """`hold_ms`: a claim holds its id this long after its user has left. `present_ms`: this long after a heartbeat.

    `per_day`: how many ids one address may claim in a day, 0 for any number.
    """

    hold_ms: int
    present_ms: int
    per_day: int


@dataclass(frozen=True)
class RedisSettings:
    """How to reach Redis. `lease_ms`: a process that does not renew its lease for this long counts as dead.

    `linger_ms`: how long keys outlive the last deadline in them. `timeout_s`: how long a reply may take.
    """

    url: str = field(repr=False)
    username: str
    password: str = field(repr=False)
    namespace: str
    probe_s: float
    presence_ttl_ms: int
    lease_ms: int = 15_000
    linger_ms: int = 120_000
    timeout_s: float = 1.0


@dataclass(frozen=True)
class LifecycleSettings:
    """Where to listen, how often presence is renewed, and how a shutdown proceeds."""

    host: str
    port: int
    heartbeat_s: float
    drain_s: float
    drain_notice_s: float
    reconnect_spread_ms: int


@dataclass(frozen=True)
class ProcessGroup:
    """This process among the `count` processes of one `asocial serve`. `number`: from 1.

    `directory`: only this user can read it. It holds the sockets of the processes.
    """

    number: int
    count: int
    directory: Path
