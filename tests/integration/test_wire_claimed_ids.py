"""W105 to W109: user ids that clients chose. Outages and lost claims are in tests/unit/service/test_claimed_ids.py."""

from __future__ import annotations

import asyncio

import pytest
from websockets.exceptions import InvalidStatus

from asocial.adapters.http.auth import GuestTokens
from asocial.adapters.memory.claims import MemoryUserIdClaims
from asocial.ports import StoreUnavailable, UserIdClaim
from tests.support.client import Client, refusal
from tests.support.identity_provider import IdentityProvider
from tests.support.server import Join, Server, StartServer
from tests.support.waiting import eventually

SECRET = "the secret of these tests, long enough"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def taken(server: Server, **options: str) -> bool:
    """Whether a client that claims alice is refused because somebody holds that id."""
    answer = await refusal(server.url, **({"channel": "garden", "uid": "alice"} | options))
    return (answer.status, answer.code) == (409, "uid_taken")


async def test_w105_the_first_who_claims_an_id_gets_it_and_a_token(server: Server, join: Join) -> None:
    alice = await join(server, uid="alice")
    assert alice.user_id == "alice"
    assert alice.sync["users"][0]["name"] == "alice"
    tab = await join(server, token=alice.token)
    named = await join(server, uid="alice", token=alice.token, token_by="query")
    assert tab.user_id == named.user_id == "alice"
    assert named.sync["user_count"] == 1


async def test_w105_a_guest_has_an_id_that_nobody_can_claim(server: Server, join: Join) -> None:
    guest = await join(server)
    with_key = await join(server, token="guest-" + "k" * 43)
    for client in (guest, with_key):
        assert client.user_id.startswith("g-")
        answer = await refusal(server.url, uid=client.user_id)
        assert (answer.status, answer.code) == (400, "uid_invalid")
    assert (await join(server, uid="alice", token=guest.token)).user_id == guest.user_id, "a token comes first"


async def test_w105_a_guest_of_an_earlier_version_stays_who_they_were(start_server: StartServer, join: Join) -> None:
    server = await start_server(secret=SECRET)
    token = GuestTokens(SECRET).issue("AbCdEfGh1234-_56")
    guest = await join(server, token=token)
    assert guest.user_id == "AbCdEfGh1234-_56"
    assert (await server.post("/api/channels/garden", bearer(token))).json["owner"] == guest.user_id
    assert (await refusal(server.url, uid=guest.user_id)).code == "uid_invalid"


async def test_w105_with_jwt_a_uid_is_ignored_and_the_log_says_so_once(
    start_server: StartServer, join: Join, capsys: pytest.CaptureFixture[str]
) -> None:
    async with IdentityProvider() as provider:
        server = await start_server(**provider.settings)
        for _ in range(2):
            assert (await (await join(server, uid="alice", wait_for_sync=False)).closed()).code == 4510
    assert capsys.readouterr().out.count("?uid= is ignored") == 1


@pytest.mark.drives("uid_taken")
async def test_w106_while_somebody_holds_an_id_others_are_refused(server: Server, join: Join) -> None:
    alice = await join(server, uid="alice")
    assert await taken(server)
    assert await taken(server, channel="kitchen"), "it is held everywhere"
    answer = await server.get("/api/channels/garden?uid=alice")
    assert (answer.status, answer.json["error"]["code"]) == (409, "uid_taken")
    assert "120 s" in answer.json["error"]["message"], "it says what to do"
    assert (await join(server, uid="Alice")).user_id == "Alice", "case counts, as in all ids"
    await leave(alice, server)
    assert await taken(server), "alice has just left"
    assert (await join(server, token=alice.token)).user_id == "alice"


@pytest.mark.drives("uid_taken")
async def test_w106_who_sent_the_token_once_keeps_the_id_reserved(server: Server, join: Join) -> None:
    """The client does not offer the subprotocol, so only its token shows that it keeps tokens."""
    first = await join(server, uid="alice", subprotocols=())
    await leave(first, server)
    again = await join(server, token=first.token, token_by="header", subprotocols=())
    assert again.user_id == "alice", "nobody else has claimed it"
    await leave(again, server)
    assert await taken(server)
    assert (await join(server, token=first.token)).user_id == "alice"


@pytest.mark.drives("uid_taken")
async def test_w106_a_removed_user_does_not_come_back_with_another_claim_at_once(server: Server, join: Join) -> None:
    owner = await join(server, "den")
    assert (await server.post("/api/channels/den", bearer(owner.token))).status == 200
    alice = await join(server, "den", uid="alice", subprotocols=())
    await owner.moderate("remove", user_id="alice", seconds=3600)
    assert (await alice.closed()).code == 4512
    await alice.close()
    await eventually(lambda: len(server.app.http.endpoint) == 1, "the server has closed the connection of alice")
    assert await taken(server, channel="den")


@pytest.mark.drives("uid_taken")
async def test_w106_of_many_who_claim_an_id_at_once_one_gets_it(server: Server, join: Join) -> None:
    async def try_it() -> Client | None:
        try:
            return await join(server, uid="alice")
        except InvalidStatus:
            return None

    got = [client for client in await asyncio.gather(*(try_it() for _ in range(20))) if client is not None]
    assert len(got) == 1
    assert await taken(server)


@pytest.fixture
def now() -> list[int]:
    return [0]


@pytest.fixture
async def timed(start_server: StartServer, now: list[int]) -> Server:
    """A server whose claims follow `now`."""
    return await start_server(secret=SECRET, claims=MemoryUserIdClaims(lambda: now[0]))


async def leave(client: Client, server: Server) -> None:
    endpoint = server.app.http.endpoint
    before = len(endpoint)
    await client.close()
    await eventually(lambda: len(endpoint) < before, "the server has noticed that the client left")


async def test_w107_the_token_of_an_earlier_claim_is_void_once_somebody_else_has_the_id(
    timed: Server, join: Join, now: list[int]
) -> None:
    first = await join(timed, uid="alice")
    await leave(first, timed)
    now[0] += 240_001
    again = await join(timed, token=first.token)
    assert again.user_id == "alice", "nobody else has claimed it"
    await leave(again, timed)
    now[0] += 240_001
    second = await join(timed, uid="alice")
    assert await taken(timed, token=first.token)
    assert (await join(timed, token=first.token)).user_id.startswith("g-")
    await leave(second, timed)
    now[0] += 240_001
    assert (await join(timed, token=first.token)).user_id.startswith("g-"), "also when it is free again"
    assert (await join(timed, token=second.token)).user_id == "alice"


async def test_w106_a_claimed_id_owns_nothing_and_inherits_nothing(
    start_server: StartServer, join: Join, now: list[int]
) -> None:
    server = await start_server(
        secret=SECRET,
        claims=MemoryUserIdClaims(lambda: now[0]),
        channel_owners="garden:alice",
        channel_members="board:alice",
    )
    owner = await join(server, "den")
    assert (await server.post("/api/channels/den", bearer(owner.token))).status == 200
    alice = await join(server, uid="alice")
    assert "rules" not in alice.sync, "the configuration does not mean this alice"
    assert (await refusal(server.url, channel="board", uid="alice", token=alice.token)).code == "members_only"
    answer = await server.post("/api/channels/garden", bearer(alice.token))
    assert (answer.status, answer.json["error"]["code"]) == (403, "not_claimable")
    assert (await server.post("/api/channels/garden?uid=alice")).json["error"]["code"] == "token_invalid"

    in_den = await join(server, "den", token=alice.token)
    await owner.moderate("remove", user_id="alice", seconds=3600)
    assert (await in_den.closed()).code == 4512
    kept_out = await join(server, "den", token=alice.token, wait_for_sync=False)
    assert (await kept_out.closed()).code == 4512
    await kept_out.close()
    await leave(alice, server)
    now[0] += 240_001
    assert (await join(server, "den", uid="alice")).user_id == "alice", "another alice, who was never removed"


@pytest.mark.drives("rate_limited")
async def test_w108_one_address_claims_so_many_ids_a_day(start_server: StartServer, join: Join) -> None:
    server = await start_server(uid_claims_per_day_per_ip=2)
    alice = await join(server, uid="alice")
    await join(server, uid="bob")
    answer = await refusal(server.url, uid="cat")
    assert (answer.status, answer.code) == (429, "rate_limited")
    assert (await join(server, token=alice.token)).user_id == "alice"
    assert (await join(server)).user_id.startswith("g-")


@pytest.mark.drives("uid_taken")
async def test_w108_guessing_ids_counts_as_connecting(start_server: StartServer, join: Join) -> None:
    server = await start_server(connections_per_minute_per_ip=4)
    await join(server, "garden", uid="alice")
    assert await taken(server)
    assert (await server.get("/api/channels/garden?uid=alice")).status == 409
    assert await taken(server)
    refused = await join(server, "garden", uid="alice", wait_for_sync=False)
    assert (await refused.closed()).code == 4013
    answer = await server.get("/api/channels/garden?uid=alice")
    assert (answer.status, answer.json["error"]["code"]) == (429, "rate_limited")


async def test_w108_a_client_that_is_refused_for_another_reason_claims_nothing(
    start_server: StartServer, join: Join
) -> None:
    server = await start_server(channel_members="board:mira")
    assert (await refusal(server.url, channel="board", uid="alice")).code == "members_only"
    old = await join(server, uid="alice", subprotocols=("asocial.v9",), wait_for_sync=False)
    assert (await old.closed()).code == 4503
    assert (await join(server, uid="alice")).user_id == "alice"


@pytest.mark.drives("unavailable")
async def test_w109_without_the_store_nobody_claims_an_id(start_server: StartServer, join: Join) -> None:
    class Away(MemoryUserIdClaims):
        is_away = False

        async def find(self, user_id: str) -> UserIdClaim | None:
            if self.is_away:
                raise StoreUnavailable
            return await super().find(user_id)

        async def hold(
            self, user_id: str, generation: str, hold_ms: int, *, reserve: bool = False, begun_ms: int = 0
        ) -> int:
            if self.is_away:
                raise StoreUnavailable
            return await super().hold(user_id, generation, hold_ms, reserve=reserve, begun_ms=begun_ms)

    claims = Away(lambda: 0)
    server = await start_server(claims=claims)
    alice = await join(server, uid="alice")
    claims.is_away = True
    answer = await refusal(server.url, uid="bob")
    assert (answer.status, answer.code) == (503, "unavailable")
    assert (await join(server, token=alice.token)).user_id == "alice"
    assert (await join(server)).user_id.startswith("g-")
