"""JWTs (RFC 7519) that this server signs for itself with HMAC-SHA-256: guest tokens and invitations.

PyJWT can do this too, but imports cryptography, which takes 8 MiB; only ASOCIAL_AUTH=jwt needs that (tokens.py).
The signature is checked before anything in a token is parsed, so that strangers' input never reaches the parser.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

_HEADER = {"alg": "HS256", "typ": "JWT"}
_encode_json = json.JSONEncoder(separators=(",", ":")).encode


class InvalidToken(ValueError):
    """Not signed with this secret, for another audience, without a required claim, or expired."""


def encode(claims: Mapping[str, object], secret: str) -> str:
    signed = f"{_ENCODED_HEADER}.{_to_base64url(_to_json(claims))}"
    return f"{signed}.{_signature(signed.encode(), secret)}"


def decode(token: str, secret: str, audience: str, required: Iterable[str]) -> dict[str, Any]:
    """The claims of a token that `encode` made with this secret. Raises InvalidToken.

    `audience`: what the claim `aud` must be. The claim `exp` is checked if the token has it.
    """
    signed, _, signature = token.rpartition(".")
    try:
        if not hmac.compare_digest(_signature(signed.encode("ascii"), secret), signature):
            raise ValueError  # answered like any other text that is not our token
        header, payload = signed.split(".")
        head, claims = json.loads(_from_base64url(header)), json.loads(_from_base64url(payload))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise InvalidToken("not a token of this server") from None
    # RFC 7515, 4.1.11: a critical extension that is not understood makes a token invalid.
    if not isinstance(head, dict) or head.get("alg") != "HS256" or "crit" in head:
        raise InvalidToken("another algorithm")
    if not isinstance(claims, dict) or claims.get("aud") != audience or any(name not in claims for name in required):
        raise InvalidToken("another audience, or a claim is missing")
    expires_at = claims.get("exp")
    if "exp" in claims and (not isinstance(expires_at, int | float) or expires_at <= time.time()):
        raise InvalidToken("expired")
    return claims


def _signature(signed: bytes, secret: str) -> str:
    code = _begun(secret).copy()
    code.update(signed)
    return _to_base64url(code.digest())


@lru_cache(maxsize=2)
def _begun(secret: str) -> hmac.HMAC:
    """A code of nothing yet. To copy it takes half as long as to begin with the secret each time."""
    return hmac.new(secret.encode(), digestmod=hashlib.sha256)


def _to_json(value: Mapping[str, object]) -> bytes:
    # msgspec does not escape what is not ASCII, as PyJWT does. Otherwise it writes the same, and is ten times as fast.
    encoded = msgspec.json.encode(value)
    return encoded if encoded.isascii() else _encode_json(value).encode()


def _to_base64url(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE, b"=").decode()


def _from_base64url(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_ENCODED_HEADER = _to_base64url(_to_json(_HEADER))
