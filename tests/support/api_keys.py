"""API keys for tests."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from asocial.domain import api_keys
from asocial.domain.api_keys import ApiKey, KeyRights


def create(name: str, rights: KeyRights, channels: Iterable[str]) -> tuple[ApiKey, str]:
    """A new key with a random secret, and its text."""
    return api_keys.create(name, rights, channels, secrets.token_urlsafe(api_keys.SECRET_BYTES))
