"""Tokens of an identity provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from ..domain.identity import Principal

Verify: TypeAlias = Callable[[str], Awaitable[Principal]]
"""Who a token speaks for. Raises TokenInvalid or TokenExpired, and StoreUnavailable where that cannot be known now."""
