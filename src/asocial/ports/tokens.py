"""Tokens of an identity provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from ..domain.identity import Principal

Verify: TypeAlias = Callable[[str], Awaitable[Principal]]
"""Verifies a token: whose is it? Raises TokenInvalid or TokenExpired, or StoreUnavailable if that is unknown now."""
