"""Guest tokens: ours and nobody else's (W4)."""

from __future__ import annotations

import jwt
import pytest

from asocial.adapters.http.auth import GuestTokens

SECRET = "s" * 64


def test_w4_a_token_we_issued_is_its_user() -> None:
    tokens = GuestTokens(SECRET)
    assert tokens.verify(tokens.issue("ann")) == "ann"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "a.b.c",
        "W1tb" * 3000 + ".e30.AA",
        GuestTokens("t" * 64).issue("ann"),
        jwt.encode({"sub": "ann", "aud": "something else"}, SECRET, algorithm="HS256"),
        jwt.encode({"sub": "ann"}, SECRET, algorithm="HS256"),
        jwt.encode({"aud": "asocial-guest"}, SECRET, algorithm="HS256"),
        jwt.encode({"sub": "not an id", "aud": "asocial-guest"}, SECRET, algorithm="HS256"),
        jwt.encode({"sub": "ann", "aud": "asocial-guest"}, SECRET, algorithm="HS512"),
        jwt.encode({"sub": "ann", "aud": "asocial-guest"}, "", algorithm="none"),
    ],
)
def test_w4_any_other_token_is_nobody(token: str) -> None:
    assert GuestTokens(SECRET).verify(token) is None


def test_w4_a_changed_token_is_nobody() -> None:
    head, _, signature = GuestTokens(SECRET).issue("ann").split(".")
    other_body = GuestTokens(SECRET).issue("bob").split(".")[1]
    assert GuestTokens(SECRET).verify(f"{head}.{other_body}.{signature}") is None
