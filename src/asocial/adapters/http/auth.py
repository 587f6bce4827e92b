"""Who is connecting: guest tokens, and the query's `uid` where the configuration allows it (W4).

A guest token is a JWT (RFC 7519) signed with HMAC-SHA-256 that says nothing but the user id. A token that does not
verify is no error: the visitor gets a new id, never somebody else's.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

import jwt
from aiohttp import web

from ...domain.errors import Refused
from ...domain.ids import ID_RULE, is_id
from ...protocol import SUBPROTOCOL_FAMILY

_ALGORITHM = "HS256"
_AUDIENCE = "asocial-guest"


class Identity(NamedTuple):
    """A user id, and the token to hand out for it (None where ids need no token). `returns`: it was shown to us."""

    user_id: str
    token: str | None
    returns: bool = False


class GuestTokens:
    """Issues and verifies guest tokens. `secret` has at least 32 characters."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def issue(self, user_id: str) -> str:
        return jwt.encode({"sub": user_id, "aud": _AUDIENCE}, self._secret, algorithm=_ALGORITHM)

    def verify(self, token: str) -> str | None:
        """The user id in `token`, or None if we did not sign it."""
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["sub", "aud"]},
            )
        except jwt.InvalidTokenError:
            return None
        user_id = claims["sub"]
        return user_id if isinstance(user_id, str) and is_id(user_id) else None


class Authenticator:
    """Decides who a request is. `trust_uid`: a client may claim any id (ASOCIAL_AUTH=open)."""

    def __init__(self, tokens: GuestTokens, *, trust_uid: bool) -> None:
        self._tokens = tokens
        self._trust_uid = trust_uid

    def identify(self, request: web.Request) -> Identity:
        """Raises Refused for a claimed uid that is no id."""
        token = _token_of(request)
        known = self._tokens.verify(token) if token else None
        if known is not None:
            return Identity(known, token, returns=True)
        uid = request.query.get("uid")
        if self._trust_uid and uid is not None:
            if not is_id(uid):
                raise Refused(400, "uid_invalid", f"uid is {ID_RULE}")
            return Identity(uid, None)
        user_id = secrets.token_urlsafe(12)
        return Identity(user_id, self._tokens.issue(user_id))


def offered_subprotocols(request: web.Request) -> list[str]:
    """The items of Sec-WebSocket-Protocol, in order."""
    return [
        item.strip()
        for header in request.headers.getall("Sec-WebSocket-Protocol", [])
        for item in header.split(",")
        if item.strip()
    ]


def _token_of(request: web.Request) -> str | None:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials:
        return credentials.strip()
    for item in offered_subprotocols(request):
        if not item.startswith(SUBPROTOCOL_FAMILY):
            return item
    return request.query.get("token")
