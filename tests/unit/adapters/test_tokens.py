"""Tokens of an identity provider, against a real JWK Set over HTTP: valid and invalid ones (W60)."""

from __future__ import annotations

import asyncio
import json
import time
import warnings
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import jwt
import pytest

from asocial.adapters.http import jwks as under_test
from asocial.adapters.http.jwks import Jwks, KeysUnavailable, Provider, is_safe, max_age_of, read_keys
from asocial.adapters.http.tokens import TokenVerifier, firebase, openid
from asocial.domain.errors import TokenExpired, TokenInvalid
from asocial.domain.ids import is_id
from tests.support.identity_provider import AUDIENCE, IdentityProvider, forged, jwk, small_key, strangers_key
from tests.support.waiting import eventually

LEEWAY_S = 5


class Clock:
    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
async def provider() -> AsyncIterator[IdentityProvider]:
    async with IdentityProvider() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Make(Protocol):
    def __call__(self, **options: Any) -> TokenVerifier: ...


@pytest.fixture
async def make(provider: IdentityProvider, clock: Clock) -> AsyncIterator[Make]:
    made: list[TokenVerifier] = []

    def verifier(**options: Any) -> TokenVerifier:
        known = openid(options.pop("issuer", provider.issuer), options.pop("jwks_url", ""), "")
        defaults: dict[str, Any] = {
            "issuer": known.issuer,
            "audiences": [AUDIENCE],
            "leeway_s": LEEWAY_S,
            "id_key": b"key",
        }
        made.append(TokenVerifier(Jwks(known, clock), **(defaults | options)))
        return made[-1]

    yield verifier
    for one in made:
        await one.close()


@pytest.fixture
def verifier(make: Make) -> TokenVerifier:
    return make()


# What counts.


@pytest.mark.parametrize("key", ["rsa", "ec"])
async def test_w60_a_token_of_the_provider_is_its_subject(
    provider: IdentityProvider, verifier: TokenVerifier, key: str
) -> None:
    exp = int(time.time()) + 600
    verified = await verifier.verify(provider.token("ann@example.org", key=key, exp=exp, name="  Ann   Lee "))
    assert is_id(verified.user_id)
    assert "ann" not in verified.user_id
    assert verified.name == "Ann Lee"
    assert verified.expires_at == (exp + LEEWAY_S) * 1000
    assert provider.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_w60_the_same_person_is_one_user_whatever_else_the_token_says(
    provider: IdentityProvider, verifier: TokenVerifier
) -> None:
    ids = {(await verifier.verify(provider.token("ann", key=key, name=name))).user_id
           for key in ("rsa", "ec") for name in ("Ann", "Other")}  # fmt: skip
    assert len(ids) == 1
    assert (await verifier.verify(provider.token("bob"))).user_id not in ids


async def test_w60_the_opaque_id_depends_on_key_and_issuer(provider: IdentityProvider, make: Make) -> None:
    one = await make().verify(provider.token("ann"))
    two = await make(id_key=b"another").verify(provider.token("ann"))
    assert one.user_id != two.user_id


@pytest.mark.parametrize("name", [None, 7, "", "  ", "a\u202eb", "x" * 33, ["Ann"]])
async def test_w60_an_invalid_name_is_ignored(
    provider: IdentityProvider, verifier: TokenVerifier, name: object
) -> None:
    assert (await verifier.verify(provider.token("ann", name=name))).name is None


@pytest.mark.parametrize("aud", [AUDIENCE, ["other", AUDIENCE]])
async def test_w60_one_of_several_audiences_is_enough(
    provider: IdentityProvider, verifier: TokenVerifier, aud: object
) -> None:
    await verifier.verify(provider.token("ann", aud=aud))


async def test_w60_clocks_may_differ_by_the_leeway(provider: IdentityProvider, verifier: TokenVerifier) -> None:
    now = int(time.time())
    await verifier.verify(provider.token("ann", exp=now - LEEWAY_S + 3))
    await verifier.verify(provider.token("ann", nbf=now + LEEWAY_S - 1, iat=now + LEEWAY_S - 1))


# What does not.

Attack = Callable[[IdentityProvider], str]


def _swapped(provider: IdentityProvider) -> str:
    head, _, signature = provider.token("ann").split(".")
    return f"{head}.{provider.token('bob').split('.')[1]}.{signature}"


def _header_swapped(provider: IdentityProvider) -> str:
    _, body, signature = provider.token("ann").split(".")
    return f"{provider.token('ann', key='ec').split('.')[0]}.{body}.{signature}"


def _by_a_stranger(provider: IdentityProvider) -> str:
    return jwt.encode(provider.claims(), strangers_key(), algorithm="RS256", headers={"kid": "rsa"})


def _with_its_own_key(provider: IdentityProvider) -> str:
    headers = {"kid": "rsa", "jwk": jwk(strangers_key(), "rsa"), "jku": "http://127.0.0.1:1/keys"}
    return jwt.encode(provider.claims(), strangers_key(), algorithm="RS256", headers=headers)


def _by_a_small_key(provider: IdentityProvider) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyJWT warns who signs with such a key.
        return jwt.encode(provider.claims(), small_key(), algorithm="RS256", headers={"kid": "small"})


def _nested(provider: IdentityProvider) -> str:
    return provider.token("ann").split(".")[0] + "." + "W1tb" * 3000 + ".AA"


ATTACKS: dict[str, Attack] = {
    "alg none": lambda p: forged({"alg": "none", "kid": "rsa"}, p.claims()),
    "alg None in capitals": lambda p: forged({"alg": "NONE", "kid": "rsa"}, p.claims()),
    "alg RS256 unsigned": lambda p: forged({"alg": "RS256", "kid": "rsa"}, p.claims()),
    "HS256 with the public key": lambda p: forged({"alg": "HS256", "kid": "rsa"}, p.claims(), p.public_pem()),
    "HS256 with the public EC key": lambda p: forged({"alg": "HS256", "kid": "ec"}, p.claims(), p.public_pem("ec")),
    "HS256 said to be RS256": lambda p: forged({"alg": "RS256", "kid": "rsa"}, p.claims(), p.public_pem()),
    "HS256 with a symmetric key of the set": lambda p: forged({"alg": "HS256", "kid": "oct"}, p.claims(), b"k" * 32),
    "RS512": lambda p: jwt.encode(p.claims(), p.keys["rsa"], algorithm="RS512", headers={"kid": "rsa"}),
    "PS256": lambda p: jwt.encode(p.claims(), p.keys["rsa"], algorithm="PS256", headers={"kid": "rsa"}),
    "ES256 with the id of an RSA key": lambda p: p.token("ann", key="ec", key_id="rsa"),
    "RS256 with the id of an EC key": lambda p: p.token("ann", key="rsa", key_id="ec"),
    "a small RSA key of the set": _by_a_small_key,
    "a stranger's key under our id": _by_a_stranger,
    "a key that it brings along": _with_its_own_key,
    "unknown key id": lambda p: p.token("ann", key_id="never heard of"),
    "no key id, and several keys": lambda p: jwt.encode(p.claims(), p.keys["rsa"], algorithm="RS256"),
    "payload swapped": _swapped,
    "header swapped": _header_swapped,
    "wrong issuer": lambda p: p.token("ann", iss="https://evil.example"),
    "issuer with a slash more": lambda p: p.token("ann", iss=p.issuer + "/"),
    "no issuer": lambda p: p.token("ann", iss=None),
    "wrong audience": lambda p: p.token("ann", aud="another app"),
    "audience as a part": lambda p: p.token("ann", aud=AUDIENCE + "-2"),
    "no audience": lambda p: p.token("ann", aud=None),
    "no expiry": lambda p: p.token("ann", exp=None),
    "an expiry that is no time": lambda p: p.token("ann", exp="tomorrow"),
    "an endless expiry": lambda p: p.token("ann", exp=float("inf")),
    "not yet valid": lambda p: p.token("ann", nbf=int(time.time()) + LEEWAY_S + 60),
    "issued in the future": lambda p: p.token("ann", iat=int(time.time()) + LEEWAY_S + 60),
    "no time of issue": lambda p: p.token("ann", iat=None),
    "no subject": lambda p: p.token("ann", sub=None),
    "an empty subject": lambda p: p.token(""),
    "a subject without end": lambda p: p.token("x" * 2000),
    "nothing": lambda p: "",
    "garbage": lambda p: "garbage",
    "dots": lambda p: "..",
    "a byte that is no character": lambda p: "/w.e30.AA",
    "a payload that nests without end": _nested,
    "a header that nests without end": lambda p: "W1tb" * 3000 + ".e30.AA",
    "a header that is no object": lambda p: "W10.e30.AA",
    "far too long": lambda p: "a" * 100_000,
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_w60_any_other_token_is_invalid(provider: IdentityProvider, verifier: TokenVerifier, name: str) -> None:
    provider.extra_keys = [
        {"kty": "oct", "kid": "oct", "alg": "HS256", "k": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s"},
        jwk(small_key(), "small"),
    ]
    await verifier.verify(provider.token("ann"))  # The verifier works: what follows fails for its own reason.
    with pytest.raises(TokenInvalid):
        await verifier.verify(ATTACKS[name](provider))


@pytest.mark.parametrize("ago_s", [LEEWAY_S + 2, 1_000_000])
async def test_w60_a_token_past_its_exp_is_expired(
    provider: IdentityProvider, verifier: TokenVerifier, ago_s: int
) -> None:
    with pytest.raises(TokenExpired):
        await verifier.verify(provider.token("ann", exp=int(time.time()) - ago_s))


async def test_w60_a_forged_token_that_expired_is_invalid(provider: IdentityProvider, verifier: TokenVerifier) -> None:
    head, body, signature = provider.token("ann", exp=1).split(".")
    with pytest.raises(TokenInvalid):
        await verifier.verify(f"{head}.{body}.{signature[:-6]}AAAAAA")


# The keys.


async def test_w61_a_thousand_at_once_with_nothing_cached_are_one_fetch(
    provider: IdentityProvider, verifier: TokenVerifier
) -> None:
    provider.delay_s = 0.2
    tokens = [provider.token(f"user {n % 10}", key=("rsa", "ec")[n % 2]) for n in range(20)]
    verified = await asyncio.gather(*(verifier.verify(tokens[n % 20]) for n in range(1000)))
    assert len({one.user_id for one in verified}) == 10
    assert provider.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_w61_a_cancelled_waiter_does_not_cancel_the_fetch(
    provider: IdentityProvider, verifier: TokenVerifier
) -> None:
    provider.delay_s = 0.2
    first = asyncio.create_task(verifier.verify(provider.token("ann")))
    second = asyncio.create_task(verifier.verify(provider.token("bob")))
    await asyncio.sleep(0.05)
    first.cancel()
    assert (await second).user_id
    assert provider.fetches == 1


async def test_w61_keys_are_kept_for_their_max_age(
    provider: IdentityProvider, verifier: TokenVerifier, clock: Clock
) -> None:
    provider.max_age_s = 600
    await verifier.verify(provider.token("ann"))
    clock.s += 599
    await verifier.verify(provider.token("ann"))
    assert provider.fetches == 1
    clock.s += 1
    await verifier.verify(provider.token("ann"))
    assert provider.fetches == 2


async def test_w61_a_withdrawn_key_is_rejected_after_its_cache_time(
    provider: IdentityProvider, verifier: TokenVerifier, clock: Clock
) -> None:
    old = provider.token("ann")
    await verifier.verify(old)
    del provider.keys["rsa"]
    clock.s += 3600
    with pytest.raises(TokenInvalid):
        await verifier.verify(old)


async def test_w61_a_new_key_is_found_and_unknown_key_ids_do_not_flood_the_provider(
    provider: IdentityProvider, verifier: TokenVerifier, clock: Clock
) -> None:
    await verifier.verify(provider.token("ann"))
    provider.keys["new"] = strangers_key()
    clock.s += under_test.RETRY_S
    await verifier.verify(provider.token("ann", key="new"))
    assert provider.fetches == 2
    for number in range(50):
        with pytest.raises(TokenInvalid):
            await verifier.verify(provider.token("ann", key_id=f"made up {number}"))
    assert provider.fetches == 2, "within the time there was one fetch, for the first unknown key"
    clock.s += under_test.RETRY_S
    with pytest.raises(TokenInvalid):
        await verifier.verify(provider.token("ann", key_id="made up"))
    assert provider.fetches == 3


@pytest.mark.parametrize("wrong", ["away", "not JSON", "no set", "empty", "too large", "nested", "no usable key"])
async def test_w61_old_keys_stay_valid_while_the_provider_is_down_or_wrong(
    provider: IdentityProvider, verifier: TokenVerifier, clock: Clock, wrong: str
) -> None:
    await verifier.verify(provider.token("ann"))
    provider.away = wrong == "away"
    provider.body = {
        "away": None,
        "not JSON": b"<html>",
        "no set": b'{"keys": 7}',
        "empty": b'{"keys": []}',
        "too large": json.dumps({"keys": [jwk(provider.keys["rsa"], "rsa")], "x": "x" * 300_000}).encode(),
        "nested": b"[" * 200_000,
        "no usable key": json.dumps({"keys": [{"kty": "oct", "k": "AAAA", "kid": "rsa"}]}).encode(),
    }[wrong]
    clock.s += 4000
    for _ in range(20):
        await verifier.verify(provider.token("ann"))
    assert provider.fetches == 2, "and the provider is not asked by each of them"
    provider.away, provider.body = False, None
    clock.s += under_test.RETRY_S
    await verifier.verify(provider.token("ann"))
    assert provider.fetches == 3


async def test_w61_a_hanging_provider_delays_no_token_with_a_known_key(
    provider: IdentityProvider, verifier: TokenVerifier, clock: Clock
) -> None:
    await verifier.verify(provider.token("ann"))
    provider.delay_s = 3600
    clock.s += 4000
    loop = asyncio.get_running_loop()
    for key in ("rsa", "ec"):
        began = loop.time()
        await asyncio.gather(*(verifier.verify(provider.token(f"user {n}", key=key)) for n in range(20)))
        assert loop.time() - began < under_test.FETCH_TIMEOUT_S / 2
    # Somebody whose key is unknown waits, and alone.
    unknown = asyncio.create_task(verifier.verify(provider.token("eve", key_id="unknown")))
    await asyncio.sleep(under_test.OVERDUE_WAIT_S)
    began = loop.time()
    await verifier.verify(provider.token("bob"))
    assert loop.time() - began < under_test.OVERDUE_WAIT_S, "that fetch is late already: nobody waits for it again"
    assert not unknown.done()
    unknown.cancel()


async def test_w61_keys_are_refreshed_in_the_background_before_they_expire(
    provider: IdentityProvider, verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "KEYS_VALID_MIN_S", 0.0)
    monkeypatch.setattr(under_test, "RETRY_S", 0.0)
    provider.max_age_s = 1
    await verifier.verify(provider.token("ann"))

    async def fetched_three_times() -> bool:
        return provider.fetches >= 3

    await eventually(fetched_three_times, "fetched again, though nobody asks")


async def test_w61_without_any_key_the_provider_is_at_fault(
    provider: IdentityProvider, verifier: TokenVerifier, clock: Clock
) -> None:
    provider.away = True
    with pytest.raises(KeysUnavailable):
        await verifier.verify(provider.token("ann"))
    provider.away = False
    with pytest.raises(KeysUnavailable):
        await verifier.verify(provider.token("ann"))
    clock.s += under_test.RETRY_S
    await verifier.verify(provider.token("ann"))


async def test_w61_a_discovery_document_of_another_issuer_is_rejected(
    provider: IdentityProvider, verifier: TokenVerifier
) -> None:
    provider.issuer_told = "https://evil.example"
    with pytest.raises(KeysUnavailable):
        await verifier.verify(provider.token("ann"))
    assert provider.fetches == 0


async def test_w61_keys_may_be_at_a_known_address_without_discovery(provider: IdentityProvider, make: Make) -> None:
    await make(jwks_url=provider.issuer + "/keys").verify(provider.token("ann"))
    assert provider.asked == ["/keys"]


async def test_w61_plain_http_to_another_host_is_never_requested(provider: IdentityProvider, make: Make) -> None:
    with pytest.raises(KeysUnavailable):
        await make(jwks_url=f"http://127.1:{provider.port}/keys").verify(provider.token("ann"))
    assert provider.asked == []


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.org/keys", True),
        ("http://localhost:1/keys", True),
        ("http://127.0.0.1/keys", True),
        ("http://[::1]/keys", True),
        ("http://example.org/keys", False),
        ("http://localhost.example.org/keys", False),
        ("http://localhost@example.org/keys", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("", False),
    ],
)
def test_w61_only_https_and_loopback_are_allowed(url: str, safe: bool) -> None:
    assert is_safe(url) is safe


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("public, max-age=19302, must-revalidate", 19302),
        ("max-age=5", under_test.KEYS_VALID_MIN_S),
        ("max-age=99999999", under_test.KEYS_VALID_MAX_S),
        ("no-store", under_test.KEYS_VALID_DEFAULT_S),
        ("s-maxage=9, max-age=700", 700),
        ("", under_test.KEYS_VALID_DEFAULT_S),
    ],
)
def test_w61_max_age_is_bounded(header: str, seconds: float) -> None:
    assert max_age_of(header) == seconds


def test_w61_only_keys_that_sign_are_read(provider: IdentityProvider) -> None:
    good = jwk(provider.keys["rsa"], "good")
    entries = [good, {**good, "kid": "enc", "use": "enc"}, {**good, "kid": "alg", "alg": "RS512"},
               {**good, "kid": "broken", "n": "%%%"}, "no object", {"kty": "RSA"}]  # fmt: skip
    assert set(read_keys(json.dumps({"keys": entries}).encode())) == {"good"}


def test_w60_presets() -> None:
    assert firebase("my-project").issuer == "https://securetoken.google.com/my-project"
    assert is_safe(firebase("my-project").jwks_url)
    found = openid("https://id.example/realm", "", "")
    assert found == Provider(
        "https://id.example/realm", "", "https://id.example/realm/.well-known/openid-configuration"
    )
    assert openid("", "", found.discovery_url).issuer == "https://id.example/realm"
