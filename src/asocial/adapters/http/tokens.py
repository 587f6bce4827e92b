"""Verifies tokens of an identity provider: OpenID Connect ID tokens, including those of Firebase (W60).

A token is valid if it is signed with RS256 or ES256 by a key of the provider, names the configured issuer and one of
the configured audiences, has a subject, and has begun and not expired. The client does not learn why a token is not
valid, except that it has expired.
"""

from __future__ import annotations

from collections.abc import Sequence

import jwt

from ...domain.errors import TokenExpired, TokenInvalid
from ...domain.identity import Principal, name_of, opaque_id
from .jwks import DISCOVERY_PATH, Jwks, Provider

FIREBASE_ISSUER = "https://securetoken.google.com/"
FIREBASE_JWKS = "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
TOKEN_LIMIT_CHARACTERS = 16 * 1024
SUBJECT_LIMIT_CHARACTERS = 1024


def firebase(project: str) -> Provider:
    """The provider of a Firebase project's tokens; their audience is the project itself."""
    return Provider(FIREBASE_ISSUER + project, FIREBASE_JWKS, "")


def openid(issuer: str, jwks_url: str, discovery_url: str) -> Provider:
    """Any OpenID Connect provider, given by its issuer or the address of its configuration."""
    issuer = issuer or discovery_url.removesuffix(DISCOVERY_PATH)
    return Provider(issuer, jwks_url, discovery_url or issuer.rstrip("/") + DISCOVERY_PATH)


class TokenVerifier:
    """`id_key`: for deriving user ids from subjects. `leeway_s`: how much the provider's clock may differ from ours."""

    def __init__(self, jwks: Jwks, *, issuer: str, audiences: Sequence[str], leeway_s: float, id_key: bytes) -> None:
        self._jwks = jwks
        self._issuer = issuer
        self._audiences = list(audiences)
        self._leeway_s = leeway_s
        self._id_key = id_key

    async def verify(self, token: str) -> Principal:
        """Whose token it is. Raises TokenInvalid, TokenExpired, or KeysUnavailable."""
        key = await self._jwks.find(_key_id(token))
        if key is None:
            raise TokenInvalid
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._audiences,
                issuer=self._issuer,
                leeway=self._leeway_s,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
            expires_at = round((int(claims["exp"]) + self._leeway_s) * 1000)
        except jwt.ExpiredSignatureError:
            raise TokenExpired from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise TokenInvalid from None
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_LIMIT_CHARACTERS:
            raise TokenInvalid
        return Principal(opaque_id(self._id_key, self._issuer, subject), expires_at, name_of(claims), claims)

    async def close(self) -> None:
        await self._jwks.close()


def _key_id(token: str) -> str | None:
    """The id of the key that a token names, None if it names none. Raises TokenInvalid for what is not such a token."""
    if len(token) > TOKEN_LIMIT_CHARACTERS:
        raise TokenInvalid
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise TokenInvalid from None
    # Checked before the key, so that tokens with other algorithms cause no request to the provider.
    if header.get("alg") not in ("RS256", "ES256"):
        raise TokenInvalid
    key_id = header.get("kid")
    return key_id if isinstance(key_id, str) else None
