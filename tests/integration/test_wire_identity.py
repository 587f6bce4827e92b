"""Signing in (W60, W61): a real server, and a fake identity provider on a loopback port."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from asocial.adapters.http import jwks
from asocial.config import ConfigError
from tests.support.client import TokenBy, refusal
from tests.support.identity_provider import IdentityProvider, forged
from tests.support.server import Join, Server, StartServer
from tests.support.websocket_bytes import upgrade_request


@pytest.fixture
async def provider() -> AsyncIterator[IdentityProvider]:
    async with IdentityProvider() as running:
        yield running


@pytest.fixture
async def server(start_server: StartServer, provider: IdentityProvider) -> Server:
    return await start_server(**provider.settings, jwt_leeway_seconds=0)


def in_s(seconds: float) -> int:
    return int(time.time() + seconds)


# Connecting.


@pytest.mark.parametrize("token_by", ["subprotocol", "header", "query"])
@pytest.mark.parametrize("key", ["rsa", "ec"])
async def test_w60_a_token_of_the_provider_lets_its_user_in(
    provider: IdentityProvider, server: Server, join: Join, token_by: TokenBy, key: str
) -> None:
    token = provider.token("ann@example.org", key=key, name="Ann Lee", exp=in_s(600))
    ann = await join(server, token=token, token_by=token_by)
    assert "token" not in ann.sync, "the token is not ours to give"
    assert "example.org" not in json.dumps(ann.received), "neither subject nor address"
    [user] = ann.sync["users"]
    assert user["name"] == "Ann Lee"
    assert ann.sync["expires_at"] == json.loads(_payload(token))["exp"] * 1000


def _payload(token: str) -> bytes:
    return base64.urlsafe_b64decode(token.split(".")[1] + "==")


async def test_w60_two_tabs_and_two_devices_are_one_person(
    provider: IdentityProvider, server: Server, join: Join
) -> None:
    tab = await join(server, token=provider.token("ann"))
    device = await join(server, token=provider.token("ann", key="ec", name="Other"))
    bob = await join(server, token=provider.token("bob"))
    assert tab.user_id == device.user_id != bob.user_id
    assert bob.sync["user_count"] == 2


async def test_w60_an_id_holds_over_a_restart_with_the_same_secret(
    provider: IdentityProvider, start_server: StartServer, join: Join
) -> None:
    one, two = await start_server(**provider.settings), await start_server(**provider.settings)
    other = await start_server(**provider.settings | {"secret": "another secret, as long as it must be"})
    ids = [(await join(server, token=provider.token("ann"))).user_id for server in (one, two, other)]
    assert ids[0] == ids[1] != ids[2]


async def test_w60_a_chosen_name_wins_over_the_tokens(provider: IdentityProvider, server: Server, join: Join) -> None:
    ann = await join(server, token=provider.token("ann", name="Ann Lee"), name="Annie")
    assert ann.sync["users"][0]["name"] == "Annie"


@pytest.mark.parametrize("token_by", ["subprotocol", "header", "query"])
@pytest.mark.parametrize("kind", ["none", "garbage", "alg none", "HS256 with the public key", "issuer", "audience"])
@pytest.mark.drives(4510)
async def test_w60_without_a_valid_token_the_connection_is_closed_with_4510(
    provider: IdentityProvider, server: Server, join: Join, token_by: TokenBy, kind: str
) -> None:
    token = {
        "none": None,
        "garbage": "garbage",
        "alg none": forged({"alg": "none", "kid": "rsa"}, provider.claims()),
        "HS256 with the public key": forged({"alg": "HS256", "kid": "rsa"}, provider.claims(), provider.public_pem()),
        "issuer": provider.token("ann", iss="https://evil.example"),
        "audience": provider.token("ann", aud="another app"),
    }[kind]
    client = await join(server, token=token, token_by=token_by, wait_for_sync=False)
    closed = await client.closed()
    assert (closed.code, closed.info["reason"]) == (4510, "token invalid")
    assert client.received == []


@pytest.mark.drives(4511)
async def test_w60_an_expired_token_is_closed_with_4511(provider: IdentityProvider, server: Server, join: Join) -> None:
    client = await join(server, token=provider.token("ann", exp=in_s(-5)), wait_for_sync=False)
    assert (await client.closed()).code == 4511
    assert client.received == []


@pytest.mark.drives(4510)
async def test_w60_guest_tokens_and_uids_are_ignored(
    provider: IdentityProvider, server: Server, start_server: StartServer, join: Join
) -> None:
    guest = await join(await start_server(secret=provider.settings["secret"]))
    for options in ({"token": guest.token}, {"uid": "ann"}):
        assert (await (await join(server, **options, wait_for_sync=False)).closed()).code == 4510


@pytest.mark.drives(4510)
async def test_w84_with_sign_in_a_guest_key_is_ignored(server: Server, join: Join) -> None:
    key = "guest-" + "k" * 43
    assert (await (await join(server, token=key, wait_for_sync=False)).closed()).code == 4510
    with_key = await server.get("/api/channels/garden", {"Authorization": f"Bearer {key}"})
    without = await server.get("/api/channels/garden")
    assert (with_key.status, with_key.json) == (without.status, without.json)


@pytest.mark.drives("identity_unavailable")
async def test_w61_without_any_key_the_answer_is_503(
    provider: IdentityProvider, server: Server, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "RETRY_S", 0.0)
    provider.away = True
    answer = await refusal(server.url, channel="garden", token=provider.token("ann"))
    assert (answer.status, answer.code) == (503, "identity_unavailable")
    provider.away = False
    await join(server, token=provider.token("ann"))


async def test_w61_a_thousand_connections_with_a_cold_cache_are_one_fetch(
    provider: IdentityProvider, server: Server
) -> None:
    provider.delay_s = 0.5
    tokens = [provider.token(f"user {n}") for n in range(200)]
    asyncio.get_running_loop().set_debug(False)  # A thousand in one process: it is slow enough without.

    async def visit(n: int) -> bytes:
        # On a bare socket, or the clients would take longer than the server.
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        url = f"{server.url}/api/chat?channel=c{n % 20}"
        writer.write(upgrade_request(url, {"Authorization": f"Bearer {tokens[n % 200]}"}))
        async with asyncio.timeout(60):
            await reader.readuntil(b'"user_id":"')
            user_id = await reader.readuntil(b'"')
        writer.transport.abort()
        return user_id

    ids = await asyncio.gather(*(visit(n) for n in range(1000)))
    assert len(set(ids)) == 200
    assert provider.fetches == 1


# Expiry and renewal.


@pytest.mark.drives(4511)
async def test_w60_an_open_connection_ends_with_its_token(
    provider: IdentityProvider, server: Server, join: Join
) -> None:
    exp = in_s(2)
    ann = await join(server, token=provider.token("ann", exp=exp))
    bob = await join(server, token=provider.token("bob"))
    closed = await ann.closed()
    assert (closed.code, closed.info["reason"]) == (4511, "token expired")
    assert time.time() >= exp
    assert (await bob.receive("user_left"))["user_id"] == ann.user_id


async def test_w60_a_new_token_in_band_keeps_the_place(provider: IdentityProvider, server: Server, join: Join) -> None:
    exp, later = in_s(2), in_s(600)
    ann = await join(server, token=provider.token("ann", exp=exp))
    bob = await join(server, token=provider.token("bob"))
    await ann.authenticate(provider.token("ann", key="ec", exp=later))
    assert (await ann.receive("authenticated"))["expires_at"] == later * 1000
    await asyncio.sleep(max(0.0, exp + 0.5 - time.time()))
    await ann.chat("still here")
    assert (await bob.receive("chat"))["user_id"] == ann.user_id
    assert bob.waiting("user_left", "user_joined") == []
    assert (await ann.resync())["expires_at"] == later * 1000


@pytest.mark.parametrize("kind", ["another user", "garbage", "expired"])
@pytest.mark.drives("token_invalid", 4511)
async def test_w60_a_wrong_token_in_band_is_an_error_and_changes_nothing(
    provider: IdentityProvider, server: Server, join: Join, kind: str
) -> None:
    ann = await join(server, token=provider.token("ann", exp=in_s(3)))
    wrong = {
        "another user": provider.token("bob"),
        "garbage": "garbage",
        "expired": provider.token("ann", exp=in_s(-5)),
    }[kind]
    await ann.authenticate(wrong)
    assert (await ann.receive("error"))["code"] == "token_invalid"
    await ann.ping(1)
    await ann.receive("pong")
    assert (await ann.closed()).code == 4511, "at the end of the first token"


@pytest.mark.drives("token_invalid")
async def test_w60_a_server_of_guests_takes_no_tokens_in_band(start_server: StartServer, join: Join) -> None:
    guest = await join(await start_server())
    await guest.authenticate("anything")
    assert (await guest.receive("error"))["code"] == "token_invalid"
    assert "expires_at" not in guest.sync


# What the page gets, and what stays secret.


@pytest.mark.parametrize("auth", ["guest", "open"])
async def test_the_page_gets_the_sign_in_configuration(start_server: StartServer, auth: str) -> None:
    answer = await (await start_server(auth=auth)).get("/api/config")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert (answer.json["auth"], answer.json["sign_in"]) == (auth, None)
    assert answer.json["version"]


async def test_the_page_gets_the_public_firebase_configuration(start_server: StartServer) -> None:
    server = await start_server(auth="jwt", jwt_preset="firebase:my-project", firebase_api_key="AIza-public")
    assert (await server.get("/api/config")).json["sign_in"] == {
        "provider": "firebase",
        "project_id": "my-project",
        "api_key": "AIza-public",
        "auth_domain": "my-project.firebaseapp.com",
    }


async def test_the_policy_names_what_firebase_needs_only_where_it_is_configured(
    start_server: StartServer, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    firebase = {"auth": "jwt", "jwt_preset": "firebase:my-project", "firebase_api_key": "AIza"}
    told = {}
    for name, settings in {"guest": {}, "firebase": firebase}.items():
        answer = await (await start_server(page_dir=tmp_path, **settings)).get("/c/garden")
        directives = [part.split() for part in answer.headers["content-security-policy"].split(";") if part.strip()]
        # Of two directives of one name a browser heeds the first.
        told[name] = {name: values for name, *values in reversed(directives)}
    assert "https:" not in str(told["guest"])
    hosts = {value for values in told["firebase"].values() for value in values if value.startswith("https:")}
    assert set(told["firebase"]["connect-src"]) >= {
        "'self'", "https://identitytoolkit.googleapis.com", "https://securetoken.googleapis.com",
    }  # fmt: skip
    assert set(told["firebase"]["script-src"]) == {"'self'", "https://apis.google.com"}
    assert told["firebase"]["frame-src"] == ["https://my-project.firebaseapp.com"]
    assert len(hosts) == 4


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"auth": "jwt"}, "jwt_issuer"),
        ({"auth": "jwt", "jwt_issuer": "https://id.example"}, "jwt_audience"),
        ({"auth": "jwt", "jwt_issuer": "http://id.example", "jwt_audience": "a"}, "https"),
        ({"auth": "jwt", "jwt_preset": "firebase:p", "jwt_issuer": "https://id.example"}, "jwt_preset"),
        ({"auth": "jwt", "jwt_discovery_url": "https://id.example/x", "jwt_audience": "a"}, "jwt_discovery_url"),
        ({"firebase_api_key": "AIza"}, "firebase_api_key"),
        ({"sign_in_module": "/identity.js"}, "sign_in_module"),
        ({"auth": "jwt", "sign_in_module": "//evil.example/identity.js"}, "sign_in_module"),
        ({"auth": "jwt", "sign_in_module": "https://evil.example/identity.js"}, "sign_in_module"),
        ({"channel_owners": "garden"}, "channel_owners"),
        ({"channel_owners": "a b:ann"}, "channel_owners"),
        ({"channel_members": "*:ann"}, "channel_members"),
        ({"channel_members": "board:=x"}, "channel_members"),
    ],
)
async def test_settings_that_cannot_work_together_are_explained(
    start_server: StartServer, settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        await start_server(**settings)


async def test_tokens_never_reach_the_log(
    provider: IdentityProvider,
    server: Server,
    join: Join,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    good, bad = provider.token("ann@example.org"), forged({"alg": "none"}, provider.claims())
    ann = await join(server, token=good, token_by="query", invite="secret-invitation")
    await ann.authenticate(bad)
    await ann.receive("error")
    await (await join(server, token=bad, token_by="query", wait_for_sync=False)).closed()
    await server.get(f"/api/channels/garden?invite=secret-invitation&token={bad}")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("aiohttp", "asocial"))]
    logged = capsys.readouterr().out + "\n".join(ours)
    assert ann.user_id in logged, "the log was read"
    for secret in (good, bad, "secret-invitation", "example.org"):
        assert secret not in logged
