"""Guest tokens: only those that this server signed are valid (W4). Guest keys: one key, one user (W84)."""

from __future__ import annotations

import jwt
import pytest

from asocial.adapters.http.auth import GuestToken, GuestTokens
from asocial.domain.ids import is_id, may_be_claimed

SECRET = "s" * 64


def test_w4_an_issued_token_is_its_user() -> None:
    tokens = GuestTokens(SECRET)
    assert tokens.verify(tokens.issue("ann")) == GuestToken("ann")


def test_w107_a_token_for_a_claimed_id_names_the_claim() -> None:
    tokens = GuestTokens(SECRET)
    assert tokens.verify(tokens.issue("ann", "first")) == GuestToken("ann", "first")


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
        jwt.encode({"sub": "ann", "aud": "asocial-guest", "gen": 7}, SECRET, algorithm="HS256"),
        jwt.encode({"sub": "ann", "aud": "asocial-guest"}, SECRET, algorithm="HS512"),
        jwt.encode({"sub": "ann", "aud": "asocial-guest"}, "", algorithm="none"),
    ],
)
def test_w4_any_other_token_is_invalid(token: str) -> None:
    assert GuestTokens(SECRET).verify(token) is None


def test_w4_a_changed_token_is_invalid() -> None:
    head, _, signature = GuestTokens(SECRET).issue("ann").split(".")
    other_body = GuestTokens(SECRET).issue("bob").split(".")[1]
    assert GuestTokens(SECRET).verify(f"{head}.{other_body}.{signature}") is None


def test_w84_a_key_is_one_user_for_one_secret() -> None:
    key, other = "guest-" + "k" * 43, "guest-" + "k" * 42 + "l"
    user_id = GuestTokens(SECRET).user_id_of(key)
    assert is_id(user_id)
    assert not may_be_claimed(user_id)
    assert user_id == GuestTokens(SECRET).user_id_of(key)
    assert len({user_id, GuestTokens(SECRET).user_id_of(other), GuestTokens("t" * 64).user_id_of(key)}) == 3
    assert user_id not in key
