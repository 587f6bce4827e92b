"""The interfaces between the services and the technologies behind them: one file for each.

Each port has a suite in tests/contract/ that every adapter passes unchanged. If a docstring here and a suite disagree,
the suite is right. Keys (channel, user and connection ids) are opaque strings.
"""

from __future__ import annotations

from .broker import Batch, Broker, Deliver
from .claims import REMEMBER_MS, UserIdClaim, UserIdClaims
from .connection import Connection
from .limiter import RateLimiter
from .messages import LiveMessages
from .presence import Departed, Joined, PresenceStore, Roster, Stamp, Updated
from .registry import SessionRegistry
from .rules import ChannelRules
from .store import StoreEvents, StoreUnavailable
from .tokens import Verify

__all__ = [
    "REMEMBER_MS",
    "Batch",
    "Broker",
    "ChannelRules",
    "Connection",
    "Deliver",
    "Departed",
    "Joined",
    "LiveMessages",
    "PresenceStore",
    "RateLimiter",
    "Roster",
    "SessionRegistry",
    "Stamp",
    "StoreEvents",
    "StoreUnavailable",
    "Updated",
    "UserIdClaim",
    "UserIdClaims",
    "Verify",
]
