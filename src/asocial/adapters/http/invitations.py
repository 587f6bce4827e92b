"""Invitations to private channels: signed tokens for reading or writing, which expire.

A JWT like a guest token, with another audience, so that neither is accepted as the other (W63).
"""

from __future__ import annotations

from ...domain.access import Invitation
from ...domain.ids import is_id
from . import hs256

_AUDIENCE = "asocial-invitation"


class Invitations:
    """Signs and verifies invitations. `secret` has at least 32 characters."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def sign(self, channel: str, invitation: Invitation, expires_at: int) -> str:
        """`expires_at`: ms since the Unix epoch."""
        claims = {"aud": _AUDIENCE, "channel": channel, "rights": invitation.rights, "key": invitation.key}
        return hs256.encode({**claims, "exp": expires_at // 1000}, self._secret)

    def read(self, token: str, channel: str) -> Invitation | None:
        """The invitation in the token, or None if it is not ours, for another channel, or expired."""
        if not token:
            return None
        try:
            claims = hs256.decode(token, self._secret, _AUDIENCE, required=["exp", "channel", "rights", "key"])
        except hs256.InvalidToken:
            return None
        rights, key = claims["rights"], claims["key"]
        fits = is_id(channel) and claims["channel"] == channel and isinstance(key, str)
        return Invitation(rights, key) if fits and rights in ("read", "write") else None
