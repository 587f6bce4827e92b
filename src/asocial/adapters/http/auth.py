"""Who makes a request: a guest with our token, a user with a provider's token, or the query's `uid` (W4, W60, W105).

A guest token is a JWT (RFC 7519) signed with HMAC-SHA-256. It holds the user id, and the generation of its claim if the
client chose the id (service/claimed_ids.py). An invalid guest token is not an error: the client gets a new user id.

A guest key (W84) is a secret that the client makes; its user id is derived from it, so that a client can repeat its
first connection under the same id. With ASOCIAL_AUTH=jwt there are no guests: a request without a valid token gets no
session.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import NamedTuple

from aiohttp import hdrs

from ... import logs
from ...domain.errors import Refusal, TokenInvalid
from ...domain.identity import Principal
from ...domain.ids import GUEST_PREFIX, ID_RULE, is_id
from ...domain.random_ids import random_text
from ...ports import StoreUnavailable, Verify
from ...protocol.schema import SUBPROTOCOL, SUBPROTOCOL_FAMILY
from ...service.claimed_ids import ClaimedIds
from . import hs256
from .client_info import ClientInfo
from .request_head import RequestHead, offered_subprotocols

_AUDIENCE = "asocial-guest"
_GUEST_KEY = re.compile(r"guest-[A-Za-z0-9_-]{43,128}")
"""43 characters of base64url are 256 bits (W84)."""
_ID_BYTES = 12
_ID_CHARACTERS = 16

log = logs.get(__name__)


class Identity(NamedTuple):
    """Who makes a request, and the guest token to hand out (None if a provider issues tokens).

    `returning`: the request came with that token.
    """

    principal: Principal
    token: str | None = None
    returning: bool = False

    @property
    def user_id(self) -> str:
        return self.principal.user_id


class GuestToken(NamedTuple):
    """What a guest token says. `generation`: of the claim, for a user id that the client chose."""

    user_id: str
    generation: str = ""


class GuestTokens:
    """Issues and verifies guest tokens. `secret` has at least 32 characters."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        # Derived, so that ids reveal nothing about signatures, and signatures nothing about ids.
        self._guest_key_secret = hmac.new(secret.encode(), b"asocial guest keys", hashlib.sha256).digest()

    def user_id_of(self, guest_key: str) -> str:
        """The user id of `guest_key`: the same in every process that has this secret."""
        digest = hmac.new(self._guest_key_secret, guest_key.encode(), hashlib.sha256).digest()
        return GUEST_PREFIX + base64.urlsafe_b64encode(digest[:_ID_BYTES]).decode()

    def issue(self, user_id: str, generation: str = "") -> str:
        """`generation`: of the claim, for a user id that the client chose."""
        content = {"sub": user_id, "aud": _AUDIENCE} | ({"gen": generation} if generation else {})
        return hs256.encode(content, self._secret)

    def verify(self, token: str) -> GuestToken | None:
        """What `token` says, or None if we did not sign it."""
        try:
            claims = hs256.decode(token, self._secret, _AUDIENCE, required=["sub"])
        except hs256.InvalidToken:
            return None
        user_id, generation = claims["sub"], claims.get("gen", "")
        if isinstance(user_id, str) and is_id(user_id) and isinstance(generation, str):
            return GuestToken(user_id, generation)
        return None


class Authenticator:
    """Finds out who makes a request. `trust_uid`: a client may use any id (ASOCIAL_AUTH=open).

    `verify`: verifies the tokens of an identity provider; there are no guests then (ASOCIAL_AUTH=jwt).
    `claimed_ids`: the claims of user ids; None if guests cannot claim any.
    """

    def __init__(
        self,
        tokens: GuestTokens,
        *,
        trust_uid: bool,
        verify: Verify | None = None,
        claimed_ids: ClaimedIds | None = None,
    ) -> None:
        self._tokens = tokens
        self._trust_uid = trust_uid
        self._verify = verify
        self._claimed_ids = claimed_ids
        self._warned = False

    async def identify(self, request: RequestHead) -> Identity:
        """Who makes the request: without a token, the user of a claim if it names a uid, else a new guest.

        Raises Refusal for a uid that is invalid or taken and for a token that cannot be verified now, TokenInvalid,
        TokenExpired.
        """
        known = await self._known_or_claimed(request)
        if known is not None:
            return known
        if self._verify is not None:
            raise TokenInvalid
        user_id = GUEST_PREFIX + random_text(_ID_CHARACTERS)
        return Identity(Principal(user_id), self._tokens.issue(user_id))

    async def take_claim(self, identity: Identity, client: ClientInfo) -> None:
        """If an admitted client claims its user id, hold the id for it. Raises Refusal."""
        if self._claimed_ids is not None and identity.principal.generation:
            await self._claimed_ids.take(identity.principal, client.limit_key, returning=identity.returning)

    async def known(self, request: RequestHead) -> Principal | None:
        """Who makes the request, None if it does not say. Raises what `identify` raises."""
        known = await self._known(request)
        return None if known is None else known.principal

    async def known_or_claimed(self, request: RequestHead) -> Principal | None:
        """Who would connect with this request (W87), None for a new guest. Raises what `identify` raises."""
        identity = await self._known_or_claimed(request)
        return None if identity is None else identity.principal

    async def _known_or_claimed(self, request: RequestHead) -> Identity | None:
        known = await self._known(request)
        if known is None and (uid := request.query.get("uid")) is not None:
            return await self._claim(request, uid)
        return known

    async def _claim(self, request: RequestHead, uid: str) -> Identity | None:
        """The client claims this user id (W105). Raises Refusal."""
        if self._claimed_ids is None:
            return None
        if self._verify is not None:
            if not self._warned:
                self._warned = True
                log.warning("?uid= is ignored: with ASOCIAL_AUTH=jwt a user is who their token says")
            return None
        # The protocol of that name describes the tokens; clients of the original know neither.
        keeps_token = SUBPROTOCOL in offered_subprotocols(request)
        principal = await self._claimed_ids.claim(uid, keeps_token=keeps_token)
        return Identity(principal, self._tokens.issue(uid, principal.generation))

    async def _known(self, request: RequestHead) -> Identity | None:
        token = _token_of(request)
        key = None
        if token and _GUEST_KEY.fullmatch(token):
            key, token = token, None
        if self._verify is not None:
            try:
                return Identity(await self._verify(token)) if token else None
            except StoreUnavailable:
                raise Refusal(
                    "identity_unavailable", "your identity cannot be verified at the moment; try again"
                ) from None
        guest = self._tokens.verify(token) if token else None
        if guest is not None and (principal := await self._principal_of(guest)) is not None:
            return Identity(principal, token, returning=True)
        if key is not None:
            user_id = self._tokens.user_id_of(key)
            return Identity(Principal(user_id), self._tokens.issue(user_id))
        uid = request.query.get("uid")
        if self._trust_uid and uid is not None:
            if not is_id(uid):
                raise Refusal("uid_invalid", f"uid must be {ID_RULE}")
            return Identity(Principal(uid))
        return None

    async def _principal_of(self, guest: GuestToken) -> Principal | None:
        """The token's user. None if it is of a claim, and somebody else has claimed the id since (W107)."""
        user_id, generation = guest
        if not generation or self._claimed_ids is None or self._trust_uid:
            return Principal(user_id)
        if not await self._claimed_ids.is_current(user_id, generation):
            return None
        return self._claimed_ids.principal(user_id, generation, keeps_token=True)


def bearer_token_of(request: RequestHead) -> str | None:
    """The token in the Authorization header. None if there are two: a proxy may have judged the other one."""
    if hdrs.AUTHORIZATION not in request.headers:
        return None
    given = request.headers.getall(hdrs.AUTHORIZATION)
    scheme, _, credentials = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return credentials.strip() if scheme.lower() == "bearer" and credentials else None


def _token_of(request: RequestHead) -> str | None:
    token = bearer_token_of(request)
    if token is not None:
        return token
    for item in offered_subprotocols(request):
        if not item.startswith(SUBPROTOCOL_FAMILY):
            return item
    return request.query.get("token")
