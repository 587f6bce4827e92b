"""Who is connecting: a guest with our token, a provider's user with theirs, or the query's `uid` (W4, W60).

A guest token is a JWT (RFC 7519) signed with HMAC-SHA-256 that says nothing but the user id. A token that does not
verify is no error: the visitor gets a new id, never somebody else's. A guest key (W84) is a client's own secret from
which the user id is made: a client has one before it ever connected, so that its first connection can be tried again.
Where people sign in (ASOCIAL_AUTH=jwt) there are no guests: a request without a good token becomes no session.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

import jwt
from aiohttp import web

from ...domain.errors import Refused, TokenInvalid
from ...domain.identity import Verified
from ...domain.ids import ID_RULE, is_id
from ...ports import StoreUnavailable, Verify
from ...protocol.schema import SUBPROTOCOL_FAMILY

_ALGORITHM = "HS256"
_AUDIENCE = "asocial-guest"
_GUEST_KEY = re.compile(r"guest-[A-Za-z0-9_-]{43,128}")
"""At least the 256 bits that base64url writes in 43 characters (W84)."""
_ID_BYTES = 12


class Identity(NamedTuple):
    """Who somebody is, and the token to hand out for it (None where it is not ours to give).

    `returns`: we gave that token out before.
    """

    visitor: Verified
    token: str | None = None
    returns: bool = False

    @property
    def user_id(self) -> str:
        return self.visitor.user_id


class GuestTokens:
    """Issues and verifies guest tokens. `secret` has at least 32 characters."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        # A key of its own: an id tells nothing of a signature, nor the other way round.
        self._key_key = hmac.new(secret.encode(), b"asocial guest keys", hashlib.sha256).digest()

    def id_of(self, guest_key: str) -> str:
        """The user id that belongs to `guest_key`: the same one in every process that has this secret."""
        digest = hmac.new(self._key_key, guest_key.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:_ID_BYTES]).decode()

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
        except (jwt.InvalidTokenError, RecursionError):
            return None
        user_id = claims["sub"]
        return user_id if isinstance(user_id, str) and is_id(user_id) else None


class Authenticator:
    """Decides who a request is. `trust_uid`: a client may claim any id (ASOCIAL_AUTH=open).

    `verify`: takes the tokens of an identity provider, and nobody is a guest (ASOCIAL_AUTH=jwt).
    """

    def __init__(self, tokens: GuestTokens, *, trust_uid: bool, verify: Verify | None = None) -> None:
        self._tokens = tokens
        self._trust_uid = trust_uid
        self._verify = verify

    async def identify(self, request: web.Request) -> Identity:
        """Who connects; somebody new where guests may be.

        Raises Refused for a claimed uid that is no id or where a token cannot be tried, TokenInvalid, TokenExpired.
        """
        known = await self._known(request)
        if known is not None:
            return known
        if self._verify is not None:
            raise TokenInvalid
        user_id = secrets.token_urlsafe(_ID_BYTES)
        return Identity(Verified(user_id), self._tokens.issue(user_id))

    async def known(self, request: web.Request) -> Verified | None:
        """Who asks, None if that is nobody yet. Raises what `identify` raises."""
        known = await self._known(request)
        return None if known is None else known.visitor

    async def _known(self, request: web.Request) -> Identity | None:
        token = _token_of(request)
        key = None
        if token and _GUEST_KEY.fullmatch(token):
            key, token = token, None
        if self._verify is not None:
            try:
                return Identity(await self._verify(token)) if token else None
            except StoreUnavailable:
                raise Refused(
                    503, "identity_unavailable", "who you are cannot be verified just now; try again"
                ) from None
        user_id = self._tokens.verify(token) if token else None
        if user_id is not None:
            return Identity(Verified(user_id), token, returns=True)
        if key is not None:
            user_id = self._tokens.id_of(key)
            return Identity(Verified(user_id), self._tokens.issue(user_id))
        uid = request.query.get("uid")
        if self._trust_uid and uid is not None:
            if not is_id(uid):
                raise Refused(400, "uid_invalid", f"uid is {ID_RULE}")
            return Identity(Verified(uid))
        return None


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
