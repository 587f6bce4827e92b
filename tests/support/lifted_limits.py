"""Limits that tests lift: all their clients come from one address, and many speak in one channel."""

from __future__ import annotations

from asocial.config import flag_of

LIFTED: dict[str, int] = {
    "connections_per_minute_per_ip": 0,
    "rate_limit_per_minute_per_ip": 0,
    "channel_messages_per_second": 0,
    "volatile_per_second_per_ip": 0,
}
FLAGS = tuple(word for name, value in LIFTED.items() for word in (flag_of(name), str(value)))
"""The same, for the command line."""
