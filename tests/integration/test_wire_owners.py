"""Moderation by channel owners (W62 to W66): claim, invite, ban, slow mode, read-only, clear."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from asocial.adapters.http.auth import GuestTokens
from asocial.adapters.http.channels import REQUESTS_PER_MINUTE_PER_ADDRESS
from asocial.adapters.http.invitations import Invitations
from asocial.adapters.memory.rules import MemoryChannelRules
from asocial.domain.access import Invitation
from tests.support.client import Client, Frame, refusal
from tests.support.identity_provider import IdentityProvider
from tests.support.server import Answer, Join, Server, StartServer

SECRET = "the secret of these tests, long enough"
OPEN = {"owner": "", "slow_ms": 0, "read_only": False, "private": False, "rights": "write", "yours": False}


@pytest.fixture
async def server(start_server: StartServer) -> Server:
    return await start_server(secret=SECRET)


def bearer(client: Client) -> dict[str, str]:
    return {"Authorization": f"Bearer {client.token}"}


async def claim(server: Server, client: Client, channel: str = "garden") -> Answer:
    return await server.post(f"/api/channels/{channel}", bearer(client))


async def invite(server: Server, client: Client, channel: str = "garden", **wanted: Any) -> Answer:
    return await server.post(f"/api/channels/{channel}/invitations", bearer(client), json.dumps(wanted))


async def owned(server: Server, join: Join, channel: str = "garden") -> Client:
    """An owner who is in their channel."""
    owner = await join(server, channel)
    answer = await claim(server, owner, channel)
    assert (answer.status, answer.json["owner"], answer.json["yours"]) == (200, owner.user_id, True)
    await owner.receive("channel_updated")
    return owner


async def refused(client: Client, code: str) -> Frame:
    return await client.receive("error", where=lambda frame: frame["code"] == code)


# W62, W63: who may enter.


@pytest.mark.drives("members_only")
async def test_w62_a_members_channel_admits_listed_users_only(start_server: StartServer, join: Join) -> None:
    server = await start_server(auth="open", channel_members="board:ann,board:bob,other:eve")
    ann = await join(server, "board", uid="ann")
    assert ann.sync["rules"] == {**OPEN, "private": True}
    answer = await refusal(server.url, channel="board", uid="eve")
    assert (answer.status, answer.code) == (403, "members_only")
    assert answer.message
    await join(server, "other", uid="eve")
    await join(server, "garden", uid="eve")
    look = await server.get("/api/channels/board?uid=eve")
    assert (look.status, look.json["error"]["code"]) == (403, "members_only")
    assert (await server.get("/api/channels/board?uid=bob")).json["private"] is True


@pytest.mark.drives("members_only", 4510)
async def test_w62_a_claim_of_the_token_makes_a_member(start_server: StartServer, join: Join) -> None:
    async with IdentityProvider() as provider:
        server = await start_server(
            **provider.settings,
            channel_members="board:groups=board,board:staff=true",
            channel_owners="*:role=moderator",
        )
        for claims in ({"groups": ["chess", "board"]}, {"groups": "board"}, {"staff": True}, {"role": "moderator"}):
            await join(server, "board", token=provider.token("ann", **claims))
        for wrong in ({}, {"groups": "boarding"}, {"groups": ["chess"]}, {"staff": False}, {"staff": {"true": 1}}):
            answer = await refusal(server.url, channel="board", token=provider.token("eve", **wrong))
            assert answer.code == "members_only", wrong
        stranger = await join(server, "board", wait_for_sync=False)
        assert (await stranger.closed()).code == 4510
        moderator = await join(server, "anywhere", token=provider.token("mo", role="moderator"))
        assert moderator.sync["rules"]["yours"] is True


@pytest.mark.drives("members_only", 4001)
async def test_w62_a_newer_token_without_membership_ends_the_session(start_server: StartServer, join: Join) -> None:
    async with IdentityProvider() as provider:
        server = await start_server(**provider.settings, channel_members="board:groups=board")
        ann = await join(server, "board", token=provider.token("ann", groups=["board"]))
        await ann.authenticate(provider.token("ann", groups=["board", "chess"]))
        await ann.receive("authenticated")
        await ann.ping(1)
        await ann.receive("pong")
        no_more = provider.token("ann", groups=["chess"])
        await ann.authenticate(no_more)
        assert (await ann.closed()).code == 4001
        assert (await refusal(server.url, channel="board", token=no_more)).code == "members_only"


@pytest.mark.drives("channel_private")
async def test_w63_an_invitation_makes_the_channel_private_and_lets_in(server: Server, join: Join) -> None:
    owner = await owned(server, join)
    answer = await invite(server, owner, ttl_seconds=600)
    assert answer.status == 201
    assert set(answer.json) == {"token", "url", "expires_at"}
    assert answer.json["url"] == f"{server.origin}/c/garden?invite={answer.json['token']}"
    assert abs(answer.json["expires_at"] - (time.time() + 600) * 1000) < 5000
    assert (await owner.receive("channel_updated"))["private"] is True
    denied = await refusal(server.url, channel="garden")
    assert (denied.status, denied.code) == (403, "channel_private")
    guest = await join(server, invite=answer.json["token"])
    assert (guest.sync["rules"]["private"], guest.sync["rules"]["rights"]) == (True, "write")
    await guest.chat("thank you")
    await guest.receive("ack")
    await join(server, token=owner.token)  # The owner needs none.


@pytest.mark.drives("read_only")
async def test_w63_a_reader_invitation_allows_reading(server: Server, join: Join) -> None:
    owner = await owned(server, join)
    reader = await join(server, invite=(await invite(server, owner, rights="read")).json["token"])
    assert reader.sync["rules"]["rights"] == "read"
    await owner.chat("hear this", message_id="m1")
    assert (await reader.receive("chat"))["payload"] == "hear this"
    await reader.chat("may I?", message_id="m2")
    error = await refused(reader, "read_only")
    assert error["message_id"] == "m2"
    await reader.typing("a draft", message_id="m3")
    assert (await refused(reader, "read_only"))["message_id"] == "m3"
    await reader.cursor((1, 2))
    assert (await owner.receive("cursors"))["cursors"] == [[reader.user_id, 1, 2]]
    assert owner.waiting("chat", "typing") == []


@pytest.mark.parametrize("kind", ["garbage", "expired", "of another channel", "of another server", "a guest's token"])
@pytest.mark.drives("channel_private")
async def test_w63_an_invalid_invitation_is_refused(server: Server, join: Join, kind: str) -> None:
    owner = await owned(server, join)
    other = await join(server, "kitchen")
    await claim(server, other, "kitchen")
    await invite(server, owner)
    invitation, now_ms = Invitation("write", "key"), round(time.time() * 1000)
    wrong = {
        "garbage": "garbage",
        "expired": Invitations(SECRET).sign("garden", invitation, now_ms - 5000),
        "of another channel": (await invite(server, other, "kitchen")).json["token"],
        "of another server": Invitations("x" * 40).sign("garden", invitation, now_ms + 60_000),
        "a guest's token": owner.token,
    }[kind]
    assert (await refusal(server.url, channel="garden", invite=wrong)).code == "channel_private"
    look = await server.get(f"/api/channels/garden?invite={wrong}")
    assert (look.status, look.json["error"]["code"]) == (403, "channel_private")


@pytest.mark.drives("channel_private")
async def test_w63_opening_the_channel_ends_its_invitations(server: Server, join: Join) -> None:
    owner = await owned(server, join)
    old = (await invite(server, owner)).json["token"]
    await owner.moderate("private", on=False)
    assert (await owner.receive("channel_updated", where=lambda f: not f["private"]))["by"] == owner.user_id
    await join(server)
    await owner.moderate("private", on=True)
    await owner.receive("channel_updated", where=lambda f: f["private"])
    assert (await refusal(server.url, channel="garden", invite=old)).code == "channel_private"
    await join(server, invite=(await invite(server, owner)).json["token"])


async def test_w63_an_invitation_is_not_a_token_and_makes_no_owner(server: Server, join: Join) -> None:
    owner = await owned(server, join)
    token = (await invite(server, owner)).json["token"]
    guest = await join(server, invite=token, token=token)
    assert guest.user_id != owner.user_id
    for headers in ({"Authorization": f"Bearer {token}"}, {}):
        assert (await server.post("/api/channels/garden/invitations", headers)).status == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 201),
        ("{}", 201),
        ('{"rights":"own"}', 400),
        ('{"ttl_seconds":1}', 400),
        ('{"ttl_seconds":99999999}', 400),
        ("[", 400),
        ("[" * 3000, 400),
        (" " * 5000, 413),
    ],
)
async def test_w63_invitation_requests_are_validated(server: Server, join: Join, body: str, status: int) -> None:
    owner = await owned(server, join)
    assert (await server.post("/api/channels/garden/invitations", bearer(owner), body)).status == status


async def test_w63_only_owners_invite(server: Server, join: Join) -> None:
    await owned(server, join)
    guest = await join(server)
    answer = await invite(server, guest)
    assert (answer.status, answer.json["error"]["code"]) == (403, "not_owner")


# W64: whose it is.


async def test_w64_a_user_alone_in_a_channel_can_claim_it_once(server: Server, join: Join) -> None:
    ann = await join(server)
    assert (await claim(server, ann)).status == 200, "nobody else is in it"
    await ann.close()
    assert (await claim(server, ann)).status == 200, "and again, from anywhere"
    bob = await join(server)
    answer = await claim(server, bob)
    assert (answer.status, answer.json["error"]["code"]) == (409, "channel_taken")
    assert bob.sync["rules"] == {**OPEN, "owner": ann.user_id}
    assert (await join(server, token=ann.token)).sync["rules"] == {**OPEN, "owner": ann.user_id, "yours": True}


async def test_w64_a_channel_with_others_in_it_cannot_be_claimed(server: Server, join: Join) -> None:
    ann = await join(server)
    tab = await join(server, token=ann.token)
    bob = await join(server)
    assert (await claim(server, ann)).status == 409
    await bob.close()
    await ann.receive("user_left")
    assert (await claim(server, ann)).status == 200, "two tabs of one person are nobody else"
    for client in (ann, tab):
        told = await client.receive("channel_updated")
        assert (told["owner"], told["by"], type(told["timestamp"])) == (ann.user_id, ann.user_id, int)


async def test_w64_of_concurrent_claims_the_present_user_wins(server: Server, join: Join) -> None:
    people = [await join(server, f"home-{n}") for n in range(9)]
    ann = await join(server)
    answers = await asyncio.gather(*(claim(server, person) for person in [*people, ann]))
    assert [answer.status for answer in answers] == [409] * 9 + [200]


async def test_w82_only_a_present_user_can_claim_a_channel(server: Server, join: Join) -> None:
    ann = await join(server, "elsewhere")
    answer = await claim(server, ann)
    assert (answer.status, answer.json["error"]["code"]) == (409, "not_in_channel")
    assert (await join(server)).sync.get("rules") is None, "it is still nobody's"
    answer = await claim(server, ann)
    assert (answer.status, answer.json["error"]["code"]) == (409, "channel_taken"), "somebody else is in it"


async def test_w82_guest_ids_are_unlimited_and_claims_are_counted_by_address(
    start_server: StartServer, join: Join
) -> None:
    server = await start_server(
        secret=SECRET, trusted_proxies="127.0.0.1", claims_per_day_per_ip=3, connections_per_user=50
    )

    async def claims(address: str, name: str) -> list[int]:
        found = []
        for number in range(5):
            guest = await join(server, f"{name}-{number}")  # each is another guest
            headers = {**bearer(guest), "X-Forwarded-For": address}
            found.append((await server.post(f"/api/channels/{name}-{number}", headers)).status)
        return found

    assert await claims("192.0.2.1", "home") == [200, 200, 200, 429, 429]
    assert await claims("192.0.2.2", "garden") == [200, 200, 200, 429, 429], "another address has its own"


async def test_w64_the_default_channel_has_no_owner(server: Server, join: Join) -> None:
    ann = await join(server, None)
    answer = await claim(server, ann, "default")
    assert (answer.status, answer.json["error"]["code"]) == (403, "not_claimable")


async def test_w64_claims_need_a_token_and_are_rate_limited(server: Server, join: Join) -> None:
    assert (await server.post("/api/channels/garden")).status == 401
    assert (await server.post("/api/channels/garden", {"Authorization": "Bearer garbage"})).status == 401
    assert (await server.post("/api/channels/a.b", bearer(await join(server)))).status == 400
    ann = await join(server, "kitchen")
    answers = [await claim(server, ann, "kitchen") for n in range(31)]
    assert [answer.status for answer in answers] == [200] * 30 + [429]


async def test_w82_claims_of_guests_at_one_address_share_one_limit(server: Server) -> None:
    tokens = GuestTokens(SECRET)
    answers = [
        await server.post("/api/channels/garden", {"Authorization": f"Bearer {tokens.issue(f'guest-{n}')}"})
        for n in range(REQUESTS_PER_MINUTE_PER_ADDRESS + 2)
    ]
    assert [answer.status for answer in answers] == [409] * REQUESTS_PER_MINUTE_PER_ADDRESS + [429] * 2


async def test_w64_a_configured_owner_owns_from_the_start(start_server: StartServer, join: Join) -> None:
    server = await start_server(auth="open", channel_owners="garden:ann, *:root")
    ann = await join(server, uid="ann")
    bob = await join(server, uid="bob")
    root = await join(server, "anything", uid="root")
    assert ann.sync["rules"]["yours"]
    assert root.sync["rules"]["yours"]
    assert "rules" not in bob.sync
    assert "rules" not in (await join(server, "anything", uid="ann")).sync
    await ann.moderate("slow", slow_ms=1000)
    assert (await bob.receive("channel_updated"))["by"] == "ann"


async def test_w64_an_unused_channel_loses_its_owner(start_server: StartServer, join: Join) -> None:
    now = [1_800_000_000_000]
    rules = MemoryChannelRules(lambda: now[0])
    first, second = [await start_server(secret=SECRET, rules=rules, channel_rules_ttl_seconds=3600) for _ in range(2)]
    await (await owned(first, join)).close()
    now[0] += 3_599_000
    assert (await claim(second, await join(second, "elsewhere"))).json["error"]["code"] == "channel_taken"
    now[0] += 2000
    assert (await claim(second, await join(second))).status == 200


@pytest.mark.drives("channel_private")
async def test_w63_invitations_expire_with_their_rules(start_server: StartServer, join: Join) -> None:
    """A new server with the same secret, and a new owner after the channel was forgotten."""
    now = [1_800_000_000_000]
    rules = MemoryChannelRules(lambda: now[0])
    server = await start_server(secret=SECRET, rules=rules)
    old = (await invite(server, await owned(server, join))).json["token"]
    now[0] += 10 * 86_400_000  # for the rules; to the token, no time has passed
    for place in (await start_server(secret=SECRET), await start_server(secret=SECRET, rules=rules)):
        bob = await owned(place, join)
        new = (await invite(place, bob)).json["token"]
        assert (await refusal(place.url, channel="garden", invite=old)).code == "channel_private"
        await join(place, invite=new)


async def test_w64_a_request_without_a_token_owns_nothing(start_server: StartServer) -> None:
    """Who shows no token has no id, and a channel without an owner is not theirs (W62)."""
    server = await start_server(channel_members="board:ann")
    look = await server.get("/api/channels/board")
    assert (look.status, look.json["error"]["code"]) == (403, "members_only")
    assert (await server.get("/api/channels/garden")).json["yours"] is False
    assert (await server.post("/api/channels/board")).status == 401


async def test_w64_a_channel_in_use_keeps_its_owner(start_server: StartServer, join: Join) -> None:
    now = [1_800_000_000_000]
    server = await start_server(secret=SECRET, now_ms=lambda: now[0], channel_rules_ttl_seconds=3600)
    owner = await owned(server, join)
    now[0] += 3_000_000
    await server.app.sessions.refresh()
    now[0] += 3_000_000
    assert (await claim(server, await join(server, "elsewhere"))).status == 409
    assert (await join(server)).sync["rules"]["owner"] == owner.user_id


# W65: what owners decide.


@pytest.mark.parametrize(
    "frame",
    [{"action": "slow", "slow_ms": 1000}, {"action": "read_only", "on": True}, {"action": "private", "on": True},
     {"action": "clear"}, {"action": "remove", "user_id": "somebody"}],
)  # fmt: skip
@pytest.mark.drives("not_owner")
async def test_w65_only_owners_moderate(server: Server, join: Join, frame: Frame) -> None:
    owner = await owned(server, join)
    guest = await join(server)
    await guest.moderate(**frame)
    await refused(guest, "not_owner")
    await guest.chat("nothing happened")
    await owner.receive("chat")
    assert owner.waiting("channel_updated", "cleared", "user_left") == []


@pytest.mark.parametrize(
    "frame",
    [{"action": "explode"}, {"action": "slow", "slow_ms": -1}, {"action": "slow", "slow_ms": 3_600_001}, {},
     {"action": "remove"}, {"action": "remove", "user_id": "a b"},
     {"action": "remove", "user_id": "x", "seconds": 86_401}],
)  # fmt: skip
@pytest.mark.drives("bad_frame")
async def test_w65_moderation_requests_are_validated(server: Server, join: Join, frame: Frame) -> None:
    owner = await owned(server, join)
    await owner.send({"type": "moderate", **frame})
    await refused(owner, "bad_frame")


@pytest.mark.drives("rate_limited")
async def test_w65_in_a_slow_channel_people_wait_between_messages(server: Server, join: Join) -> None:
    owner, guest = await owned(server, join), await join(server)
    await owner.moderate("slow", slow_ms=1500)
    assert (await guest.receive("channel_updated"))["slow_ms"] == 1500
    await guest.chat("one")
    await guest.receive("ack")
    await guest.chat("two", message_id="m2")
    error = await refused(guest, "rate_limited")
    assert error["message_id"] == "m2"
    assert 0 < error["retry_after"] <= 1500
    tab = await join(server, token=guest.token)
    assert tab.sync["rules"]["slow_ms"] == 1500
    await tab.chat("from another tab")
    await refused(tab, "rate_limited")
    await asyncio.sleep(error["retry_after"] / 1000 + 0.05)
    await guest.chat("two", message_id="m2")
    await guest.receive("ack")
    for number in range(3):
        await owner.chat(f"owners do not wait {number}")
        await owner.receive("ack")
    await owner.moderate("slow", slow_ms=0)
    await guest.receive("channel_updated")
    for number in range(3):
        await guest.chat(f"as before {number}")
        await guest.receive("ack")


@pytest.mark.drives("read_only")
async def test_w65_in_a_quiet_channel_only_owners_write(server: Server, join: Join) -> None:
    owner, guest = await owned(server, join), await join(server)
    await owner.moderate("read_only", on=True)
    assert (await guest.receive("channel_updated"))["read_only"] is True
    await guest.chat("hello?", message_id="m1")
    assert (await refused(guest, "read_only"))["message_id"] == "m1"
    await owner.chat("listen")
    assert (await guest.receive("chat"))["payload"] == "listen"
    assert (await join(server)).sync["rules"]["read_only"] is True
    for _ in range(12):
        await guest.chat("hello?")
        await refused(guest, "read_only")  # No strikes: what a client could not know is no abuse.
    await owner.moderate("read_only", on=False)
    await guest.receive("channel_updated")
    await guest.chat("hello!")
    await guest.receive("ack")


async def test_w65_clearing_removes_live_messages_for_present_and_new_members(server: Server, join: Join) -> None:
    owner, guest = await owned(server, join), await join(server)
    await guest.chat("before", message_id="m1")
    before = await owner.receive("chat")
    await owner.moderate("clear")
    for client in (owner, guest):
        cleared = await client.receive("cleared")
        assert cleared["by"] == owner.user_id
        assert cleared["timestamp"] >= before["timestamp"]
    assert (await join(server)).sync["messages"] == []
    await guest.chat("after")
    assert (await owner.receive("chat"))["timestamp"] >= cleared["timestamp"]
    assert [message["payload"] for message in (await join(server)).sync["messages"]] == ["after"]


@pytest.mark.drives(4512)
async def test_w66_a_banned_user_is_disconnected_in_all_tabs_and_stays_out(server: Server, join: Join) -> None:
    owner, guest = await owned(server, join), await join(server)
    tab = await join(server, token=guest.token)
    elsewhere = await join(server, "kitchen", token=guest.token)
    bystander = await join(server)
    began = time.monotonic()
    await owner.moderate("remove", user_id=guest.user_id, seconds=60)
    for client in (guest, tab):
        closed = await client.closed()
        assert (closed.code, closed.info["reason"]) == (4512, "removed")
    assert (await bystander.receive("user_left"))["user_id"] == guest.user_id
    assert time.monotonic() - began < 1
    for _ in range(2):
        again = await join(server, token=guest.token, wait_for_sync=False)
        assert (await again.closed()).code == 4512
        assert again.received == []
    await elsewhere.ping(1)
    await elsewhere.receive("pong")
    await bystander.ping(1)
    await bystander.receive("pong")
    assert bystander.waiting("user_joined") == [], "nobody saw them try"


@pytest.mark.drives(4512)
async def test_w66_a_ban_ends_with_its_time_or_when_an_owner_lifts_it(start_server: StartServer, join: Join) -> None:
    now = [1_800_000_000_000]
    server = await start_server(secret=SECRET, now_ms=lambda: now[0])
    owner = await owned(server, join)
    first, second = await join(server), await join(server)
    for guest in (first, second):
        await owner.moderate("remove", user_id=guest.user_id, seconds=60)
        await guest.closed()
    now[0] += 59_000
    assert (await (await join(server, token=first.token, wait_for_sync=False)).closed()).code == 4512
    now[0] += 1000
    assert (await join(server, token=first.token)).user_id == first.user_id
    await owner.moderate("remove", user_id=first.user_id, seconds=600)
    await owner.moderate("remove", user_id=first.user_id, seconds=0)
    await owner.ping(1)
    await owner.receive("pong")
    await join(server, token=first.token)


async def test_w66_owners_cannot_be_removed(start_server: StartServer, join: Join) -> None:
    server = await start_server(auth="open", channel_owners="garden:ann,garden:bob")
    ann, bob = await join(server, uid="ann"), await join(server, uid="bob")
    for user_id in ("bob", "ann"):
        await ann.moderate("remove", user_id=user_id)
        await refused(ann, "bad_frame")
    await bob.ping(1)
    await bob.receive("pong")


async def test_w65_everything_an_owner_does_is_a_line_in_the_log(
    server: Server, join: Join, capsys: pytest.CaptureFixture[str]
) -> None:
    owner, guest = await owned(server, join), await join(server)
    await owner.moderate("slow", slow_ms=1000)
    await owner.moderate("clear")
    await invite(server, owner)
    await owner.moderate("remove", user_id=guest.user_id)
    await guest.closed()
    await owner.ping(1)
    await owner.receive("pong")
    lines = [line for line in capsys.readouterr().out.splitlines() if "moderated" in line]
    assert [action for line in lines for action in ("claim", "slow", "clear", "invite", "remove")
            if f"action={action}" in line] == ["claim", "slow", "clear", "invite", "remove"]  # fmt: skip
    assert all(f"by={owner.user_id}" in line and "channel=garden" in line for line in lines)
    assert guest.user_id in lines[-1]
