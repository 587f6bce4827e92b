"""The server's own JWTs: the bytes that PyJWT makes, and only those signed with this secret (W4, W63)."""

from __future__ import annotations

import json
import time

import jwt
import pytest

from asocial.adapters.http.hs256 import InvalidToken, _signature, _to_base64url, decode, encode

SECRET = "s" * 64
CLAIMS: dict[str, object] = {"sub": "ann", "aud": "a"}


def signed(header: str, payload: str) -> str:
    """A token with any content and a good signature."""
    content = f"{_to_base64url(header.encode())}.{_to_base64url(payload.encode())}"
    return f"{content}.{_signature(content.encode(), SECRET)}"


def test_w4_a_token_is_byte_for_byte_what_pyjwt_makes_so_that_tokens_of_earlier_versions_count() -> None:
    for claims in (CLAIMS, {**CLAIMS, "name": "Zoë", "exp": 4_000_000_000}):
        assert encode(claims, SECRET) == jwt.encode(claims, SECRET, algorithm="HS256")
        assert decode(jwt.encode(claims, SECRET, algorithm="HS256"), SECRET, "a", ["sub"]) == claims


def test_the_order_of_the_header_does_not_matter() -> None:
    assert decode(signed('{"typ":"JWT","alg":"HS256"}', json.dumps(CLAIMS)), SECRET, "a", ["sub"]) == CLAIMS


@pytest.mark.parametrize(
    "token",
    [
        "", ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "\ud800.a.b", encode(CLAIMS, SECRET) + "=",
        encode(CLAIMS, SECRET)[:-1], encode(CLAIMS, SECRET) + "A", encode(CLAIMS, "t" * 64),
        encode({"sub": "ann"}, SECRET), encode({"aud": "a"}, SECRET), encode({**CLAIMS, "aud": "b"}, SECRET),
        encode({**CLAIMS, "aud": ["a"]}, SECRET), encode({**CLAIMS, "exp": time.time() - 1}, SECRET),
        encode({**CLAIMS, "exp": "4000000000"}, SECRET), encode({**CLAIMS, "exp": None}, SECRET),
        encode({**CLAIMS, "exp": True}, SECRET), signed('{"alg":"none"}', json.dumps(CLAIMS)),
        signed('{"alg":"HS512"}', json.dumps(CLAIMS)), signed('{"alg":"HS256","crit":["b64"]}', json.dumps(CLAIMS)),
        signed('"HS256"', json.dumps(CLAIMS)), signed('{"alg":"HS256"}', "[]"), signed('{"alg":"HS256"}', "{"),
        signed('{"alg":"HS256"}', "[" * 100_000),
    ],
)  # fmt: skip
def test_w4_any_other_token_is_invalid(token: str) -> None:
    with pytest.raises(InvalidToken):
        decode(token, SECRET, "a", ["sub"])


def test_a_token_counts_until_it_expires() -> None:
    claims = {**CLAIMS, "exp": int(time.time()) + 3600}
    assert decode(encode(claims, SECRET), SECRET, "a", ["sub", "exp"]) == claims
