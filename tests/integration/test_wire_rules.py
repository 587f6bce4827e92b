"""W72 to W75 of docs/protocol.md: limits on what others see. Tests read the table of W75 from the page."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from asocial.protocol.schema import CLIENT_FRAME_TYPES
from tests.integration.test_protocol_page import PAGE, table_rows
from tests.integration.test_wire_owners import SECRET
from tests.support.client import Client, Frame
from tests.support.server import Join, Server, StartServer
from tests.support.waiting import eventually

HEADING = next(line for line in PAGE.splitlines() if line.startswith("| frame | slow channel |"))
RULES = [cell.strip() for cell in HEADING.strip("|").split("|")][1:]
TABLE = {row[0]: dict(zip(RULES, (cell.strip("`") for cell in row[1:]), strict=True)) for row in table_rows(HEADING)}
SHOWS_NOTHING = re.findall(r"`(\w+)`", PAGE.partition(" show nothing to others.")[0].rpartition("\n")[2])
MANY = 30
"""Frames at once from one connection: above every rate of W26 and W25."""
COLORS = ("coral", "amber", "ochre", "olive", "moss")


class Clock:
    """The server's clock, set by the test, so that a limit stays reached for as long as a test needs."""

    def __init__(self) -> None:
        self.ms = 1_800_000_000_000

    def __call__(self) -> int:
        return self.ms


@dataclass
class Kind:
    """How a frame of the table is sent for the n-th time, and how others see it."""

    frame: Callable[[int, Scenario], Frame]
    seen: Callable[[int, Scenario], Callable[[Frame], bool]]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Scenario:
    """A channel, its owner, somebody who acts in it and somebody who watches."""

    clock: Clock
    server: Server
    owner: Client
    actor: Client
    witness: Client
    other: Client
    """Another guest of the actor's address."""
    kind: Kind

    async def send(self, n: int, by: Client | None = None) -> None:
        await (by or self.actor).send(self.kind.frame(n, self))

    def seen(self, n: int) -> bool:
        return any(map(self.kind.seen(n, self), self.witness.received))

    async def everything_delivered(self) -> None:
        """What was shown before this has reached the witness. Twice: a flush has what is volatile at its end."""
        for _ in range(2):
            self.clock.ms += 61_000
            message_id = await self.owner.chat("fence")
            await chat_of(self.witness, message_id)

    async def delivered(self, n: int) -> None:
        """The witness sees the n-th frame."""
        while not self.seen(n):
            await self.witness.receive()


async def chat_of(client: Client, message_id: str) -> Frame:
    return await client.receive("chat", where=lambda frame: frame["message_id"] == message_id)


def at(n: int) -> Frame:
    return {"x": n + 1, "y": 0}


KINDS = {
    "chat": Kind(
        lambda n, _: {"type": "chat", "message_id": f"m{n}", "payload": f"p{n}", "position": at(n)},
        lambda n, _: lambda f: f["type"] == "chat" and f["payload"] == f"p{n}",
    ),
    "typing": Kind(
        lambda n, _: {"type": "typing", "message_id": f"m{n}", "payload": f"d{n}", "position": at(n)},
        lambda n, _: lambda f: f["type"] == "typing" and f["payload"] == f"d{n}",
        {"drafts_per_second": 1},
    ),
    "stroke": Kind(
        lambda n, _: {"type": "stroke", "message_id": f"s{n}", "points": [[n, 0], [0, 1]], "done": True},
        lambda n, _: lambda f: f["type"] == "stroke" and "expires_at" in f and f["points"][0][0] == n,
    ),
    "stroke, being drawn": Kind(
        lambda n, _: {"type": "stroke", "message_id": f"s{n}", "points": [[n + 1, 0], [0, 1]]},
        lambda n, _: lambda f: f["type"] == "stroke" and f["points"][:1] == [[n + 1, 0]],
    ),
    "profile": Kind(
        lambda n, _: {"type": "profile", "name": f"Name {n}", "color": "rust"},
        lambda n, _: lambda f: f["type"] == "user_updated" and f["name"] == f"Name {n}",
    ),
    "profile, same name": Kind(
        lambda n, _: {"type": "profile", "name": "Actor", "color": COLORS[n % len(COLORS)]},
        lambda n, _: lambda f: f["type"] == "user_updated" and f["color"] == COLORS[n % len(COLORS)],
    ),
    "cursor": Kind(
        lambda n, _: {"type": "cursor", "position": at(n)},
        lambda n, _: lambda f: f["type"] == "cursors" and any(row[1] == n + 1 for row in f["cursors"]),
        {"cursors_per_second": 1},
    ),
    "reaction": Kind(
        lambda n, _: {"type": "reaction", "kind": "heart", "position": at(n)},
        lambda n, _: lambda f: f["type"] == "reaction" and f["position"]["x"] == n + 1,
    ),
    "view": Kind(
        lambda n, _: {"type": "view", "position": at(n), "width": 10, "height": 10},
        lambda n, _: lambda f: f["type"] == "view" and f["position"]["x"] == n + 1,
    ),
    "follow": Kind(
        lambda _n, scenario: {"type": "follow", "user_id": scenario.witness.user_id},
        lambda _n, _: lambda f: f["type"] == "followed",
    ),
    "moderate": Kind(
        lambda n, _: {"type": "moderate", "action": "slow", "slow_ms": 1000 + n},
        lambda n, _: lambda f: f["type"] == "channel_updated" and f["slow_ms"] == 1000 + n,
    ),
}

SETTINGS: dict[str, dict[str, Any]] = {
    "user's minute": {"rate_limit_per_minute": 1},
    "address's minute": {"rate_limit_per_minute_per_ip": 1},
    "channel's second": {"channel_messages_per_second": 1},
    "user's strokes": {"strokes_per_minute": 1},
    "one connection": {"rate_limit_per_minute": 0, "strokes_per_minute": 0},
    "one address": {"rate_limit_per_minute": 0, "strokes_per_minute": 0, "volatile_per_second_per_ip": 5},
    "large channel": {"roster_limit": 1},
}


async def bearer_post(server: Server, client: Client, path: str, **wanted: Any) -> Any:
    answer = await server.post(path, {"Authorization": f"Bearer {client.token}"}, json.dumps(wanted))
    assert answer.status in (200, 201), answer.text
    return answer.json


async def make_scenario(start_server: StartServer, join: Join, row: str, rule: str) -> Scenario:
    kind, clock = KINDS[row], Clock()
    rate = kind.settings if rule == "one connection" else {}
    server = await start_server(now_ms=clock, secret=SECRET, **SETTINGS.get(rule, {}), **rate)
    owner = await join(server, address="127.0.0.2")
    await bearer_post(server, owner, "/api/channels/garden")
    witness = await join(server, address="127.0.0.3")
    invite = None
    if rule == "invited to read":
        answer = await bearer_post(server, owner, "/api/channels/garden/invitations", rights="read", ttl_seconds=3600)
        invite = answer["token"]
    guest = await join(server, invite=invite, name="Actor", color="rose")
    other = await join(server, invite=invite, name="Actor", color="rose")
    by_owner = row == "moderate" and rule not in ("invited to read", "removed")
    return Scenario(clock, server, owner, owner if by_owner else guest, witness, other, kind)


async def _slow(scenario: Scenario, cell: str) -> None:
    await scenario.owner.moderate("slow", slow_ms=60_000)
    await scenario.actor.receive("channel_updated")
    await scenario.send(0)
    await scenario.delivered(0)
    await scenario.send(1)
    await _outcome(scenario, 1, cell)


async def _read_only(scenario: Scenario, cell: str) -> None:
    await scenario.owner.moderate("read_only", on=True)
    await scenario.actor.receive("channel_updated")
    await scenario.send(0)
    await _outcome(scenario, 0, cell)


async def _once(scenario: Scenario, cell: str) -> None:
    await scenario.send(0)
    await _outcome(scenario, 0, cell)


async def _removed(scenario: Scenario, cell: str) -> None:
    await scenario.owner.moderate("remove", user_id=scenario.actor.user_id)
    assert (await scenario.actor.closed()).code == int(cell)
    again = await Client.connect(scenario.server.url, channel="garden", token=scenario.actor.token, wait_for_sync=False)
    assert (await again.closed()).code == int(cell)
    await scenario.everything_delivered()
    assert not scenario.seen(0)


async def _user(scenario: Scenario, cell: str) -> None:
    await scenario.send(0)
    await scenario.delivered(0)
    await scenario.send(1)
    await _outcome(scenario, 1, cell)


async def _address(scenario: Scenario, cell: str) -> None:
    by = scenario.owner if scenario.actor is scenario.owner else scenario.other
    await scenario.send(0, by)
    await scenario.delivered(0)
    await scenario.send(1)
    await _outcome(scenario, 1, cell)


async def _channel(scenario: Scenario, cell: str) -> None:
    await scenario.owner.chat("the one of this second")
    await scenario.owner.receive("ack")
    await _once(scenario, cell)


async def _strokes(scenario: Scenario, cell: str) -> None:
    await scenario.actor.stroke([(500, 500), (1, 1)], message_id="first")
    await scenario.actor.receive("ack")
    await _once(scenario, cell)


async def _connection(scenario: Scenario, cell: str) -> None:
    if cell == "dropped":
        await _too_fast(scenario, [scenario.actor])
        return
    for n in range(MANY):
        await scenario.send(n)
    if cell == "shown":
        for n in range(MANY):
            await scenario.delivered(n)
        return
    assert (await scenario.actor.receive("error"))["code"] == cell


async def _one_address(scenario: Scenario, cell: str) -> None:
    if cell == "dropped":
        await _too_fast(scenario, [scenario.other, scenario.actor])
        return
    await scenario.send(0, scenario.owner if scenario.actor is scenario.owner else scenario.other)
    await scenario.send(1)
    await _outcome(scenario, 1, cell)


async def _too_fast(scenario: Scenario, by: list[Client]) -> None:
    """More at once than the rate: fewer are seen, without an error, and of drafts, cursors and views the latest is."""
    for client in by:
        for n in range(MANY):
            # Of one draft: another one would be another rule.
            await client.send({**scenario.kind.frame(n, scenario), "message_id": "m"})
    for client in by:
        await client.ping(1)
        await client.receive("pong", "error", where=lambda frame: frame["type"] == "pong" or frame["code"] != "")
    await scenario.everything_delivered()
    seen = sum(map(scenario.seen, range(MANY)))
    assert seen < MANY
    if scenario.kind is not KINDS["reaction"]:
        await scenario.delivered(MANY - 1)
    assert not [frame for client in by for frame in client.received if frame["type"] == "error"]


async def _outcome(scenario: Scenario, n: int, cell: str) -> None:
    match cell:
        case "shown":
            await scenario.delivered(n)
            assert not scenario.actor.waiting("error")
        case "hidden":
            await scenario.actor.receive("user_updated")
            await scenario.everything_delivered()
            assert not scenario.seen(n)
        case _:
            error = await scenario.actor.receive("error")
            assert error["code"] == cell
            if cell == "rate_limited":
                assert 0 < error["retry_after"] <= 60_000
                assert error["limit"] in ("user", "address", "channel", "slow", "strokes")
            await scenario.everything_delivered()
            assert not scenario.seen(n)


DRIVERS = {
    "slow channel": _slow,
    "read-only": _read_only,
    "invited to read": _once,
    "removed": _removed,
    "user's minute": _user,
    "address's minute": _address,
    "channel's second": _channel,
    "user's strokes": _strokes,
    "one connection": _connection,
    "one address": _one_address,
    "large channel": _once,
}


def test_the_table_has_every_frame_and_every_rule() -> None:
    assert set(DRIVERS) == set(RULES)
    assert set(KINDS) == set(TABLE)
    shown = {row.partition(",")[0] for row in TABLE}
    assert shown | set(SHOWS_NOTHING) | {"sealed"} == set(CLIENT_FRAME_TYPES)
    assert not shown & set(SHOWS_NOTHING)


@pytest.mark.parametrize(("row", "rule"), [(row, rule) for row in TABLE for rule in RULES])
async def test_w75_the_table_is_what_the_server_does(
    start_server: StartServer, join: Join, row: str, rule: str
) -> None:
    scenario = await make_scenario(start_server, join, row, rule)
    await DRIVERS[rule](scenario, TABLE[row][rule])


# W72: the limits.


@pytest.mark.drives("rate_limited")
async def test_w72_guests_of_one_address_share_its_minute_limit(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute_per_ip=10)
    guests = [await join(server) for _ in range(5)]
    elsewhere = await join(server, address="127.0.0.2")
    assert guests[0].sync["limits"]["messages_per_minute_per_ip"] == 10
    for number in range(5):
        for guest in guests:
            await guest.chat(f"{number}")
    answers = [await guest.receive("ack", "error") for guest in guests for _ in range(5)]
    refused = [answer for answer in answers if answer["type"] == "error"]
    assert len(refused) == 15
    assert {(error["code"], error["limit"]) for error in refused} == {("rate_limited", "address")}
    assert all(0 < error["retry_after"] <= 60_000 for error in refused)
    await elsewhere.chat("from elsewhere")
    await elsewhere.receive("ack")


@pytest.mark.drives("rate_limited")
async def test_w72_a_flood_of_guests_delays_no_other_channel(start_server: StartServer, join: Join) -> None:
    server = await start_server(channel_messages_per_second=200)
    honest = [await join(server, address=f"127.0.0.{n + 2}") for n in range(5)]
    guests = [await join(server) for _ in range(20)]

    said: list[str] = []
    for person in honest:
        await person.chat("before the flood")
        await person.receive("ack")

    async def flood(guest: Client) -> None:
        for number in range(50):
            await guest.chat(f"flood {number}")

    async def talk(person: Client) -> list[Frame]:
        answers = []
        for number in range(8):
            said.append(await person.chat("a word", message_id=f"{person.user_id}-{number}"))
            answers.append(await person.receive("ack", "error", timeout_s=20))
            await asyncio.sleep(0.05)
        return answers

    flooding = asyncio.gather(*map(flood, guests))
    told = await asyncio.gather(*map(talk, honest))
    await flooding
    assert [answer for answers in told for answer in answers if answer["type"] == "error"] == []
    answers = [await guest.receive("ack", "error", timeout_s=20) for guest in guests for _ in range(50)]
    refused = [answer for answer in answers if answer["type"] == "error"]
    assert len(refused) > 100
    assert {error["limit"] for error in refused} == {"channel"}
    assert all(0 < error["retry_after"] <= 1000 for error in refused)
    for person in honest:
        heard = {frame["message_id"] for frame in person.received if frame["type"] == "chat"}
        for message_id in said:
            if message_id not in heard and not message_id.startswith(person.user_id):
                await chat_of(person, message_id)


# W73: drafts and names.


async def test_w73_another_draft_ends_the_one_before(server: Server, join: Join) -> None:
    ann, bob = await join(server), await join(server)
    await ann.typing("one", message_id="m1")
    assert (await bob.receive("typing"))["payload"] == "one"
    await ann.typing("two", message_id="m2")
    told = [await bob.receive("typing") for _ in range(2)]
    assert [(frame["message_id"], frame["payload"]) for frame in told] == [("m1", ""), ("m2", "two")]
    await ann.typing("", message_id="m2")
    assert (await bob.receive("typing"))["payload"] == ""
    await ann.typing("three", message_id="m3")
    assert (await bob.receive("typing"))["message_id"] == "m3", "what ended by itself is not ended again"


@pytest.mark.drives("rate_limited")
async def test_w73_many_drafts_at_once_do_not_bypass_the_limit(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute=10)
    ann, bob = await join(server), await join(server)
    for number in range(30):
        await ann.typing(f"spam {number}", message_id=f"m{number}")
    await ann.ping(1)
    await ann.receive("pong")
    assert len(ann.waiting("error")) >= 1
    await bob.chat("fence")
    await ann.receive("chat")

    async def ended() -> bool:
        await bob.resync()
        drafts = [frame for frame in bob.received if frame["type"] == "typing"]
        return bool(drafts) and drafts[-1]["payload"] == ""

    await eventually(ended, "the last admitted draft ends")
    assert 1 <= len({frame["message_id"] for frame in bob.received if frame["type"] == "typing"}) <= 10
    await ann.chat("no", message_id="m29")
    assert (await ann.receive("error", "ack", where=lambda f: f["message_id"] == "m29"))["limit"] == "user"


async def test_w73_a_draft_and_its_message_count_once(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute=3)
    ann, bob = await join(server), await join(server)
    for number in range(3):
        for letters in ("h", "he", "hey"):
            await ann.typing(letters, message_id=f"m{number}")
        await ann.chat("hey", message_id=f"m{number}")
        await ann.receive("ack")
        await bob.receive("chat")
    await ann.typing("h", message_id="m3")
    assert (await ann.receive("error"))["message_id"] == "m3"
    for letters in ("he", "hey"):
        await ann.typing(letters, message_id="m3")
    await ann.ping(1)
    await ann.receive("pong")
    assert not ann.waiting("error"), "one answer for a refused draft"


@pytest.mark.drives("rate_limited")
async def test_w73_w65_in_a_slow_channel_a_draft_takes_the_slot_and_its_message_uses_it(
    start_server: StartServer, join: Join
) -> None:
    clock = Clock()
    server = await start_server(now_ms=clock, secret=SECRET)
    owner = await join(server)
    await bearer_post(server, owner, "/api/channels/garden")
    await owner.moderate("slow", slow_ms=60_000)
    ann = await join(server)
    for number in range(20):
        await ann.typing(f"spam {number}", message_id=f"d{number}")
    await ann.ping(1)
    await ann.receive("pong")
    await ann.chat("hi", message_id="other")
    assert (await ann.receive("error", where=lambda f: f["message_id"] == "other"))["limit"] == "slow"
    await ann.chat("hi", message_id="d0")
    await ann.receive("ack")
    await owner.receive("chat")
    shown = {f["message_id"] for f in owner.received if f["type"] == "typing" and f["payload"]}
    assert shown <= {"d0"}
    clock.ms += 60_000
    await ann.typing("again", message_id="d1")
    await owner.receive("typing", where=lambda f: f["message_id"] == "d1")


# W74: what is volatile, by address.


async def test_w74_connections_of_one_address_share_the_volatile_limit(start_server: StartServer, join: Join) -> None:
    server = await start_server(volatile_per_second_per_ip=20)
    witness = await join(server, address="127.0.0.2")
    guests = [await join(server) for _ in range(10)]
    for number in range(10):
        for guest in guests:
            await guest.reaction("heart", (number, 0))
    for guest in guests:
        await guest.ping(1)
        await guest.receive("pong")
    elsewhere = await join(server, address="127.0.0.3")
    await elsewhere.reaction("wave")
    await witness.receive("reaction", where=lambda frame: frame["kind"] == "wave")
    hearts = [frame for frame in witness.received if frame["type"] == "reaction" and frame["kind"] == "heart"]
    assert 1 <= len(hearts) < 50, "a hundred were sent, of which each connection alone may send ten"
