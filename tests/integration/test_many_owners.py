"""Owners over several processes and one Redis: a decision on one holds on all at once, and survives an outage.

Two real processes share a real Redis; each test has a channel of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Client, refusal
from tests.support.processes import Process, all_ready, processes
from tests.support.redis_server import Server, running, temporary_folder
from tests.support.server import Answer, Enter, http_get
from tests.support.waiting import eventually

FIRE = {"name": "fire", "position": {"x": 10.5, "y": -20}}


@pytest.fixture(scope="module")
def two(folder: Path, redis: Server) -> Iterator[list[Process]]:
    with processes(folder, 2, redis.url) as started:
        yield started


async def post(process: Process, path: str, client: Client) -> Answer:
    headers = {"Authorization": f"Bearer {client.token}"}
    return await http_get(process.port, path, headers, method="POST", body="{}")


@pytest.fixture
async def owner(two: list[Process], enter: Enter, channel: str) -> Client:
    """On the first process, though it claimed the channel on the second."""
    client = await enter(two[0])
    assert (await post(two[1], f"/api/channels/{channel}", client)).status == 200
    await client.receive("channel_updated")
    return client


async def test_w66_a_removal_reaches_another_process_within_a_second_and_holds_on_all(
    two: list[Process], enter: Enter, owner: Client
) -> None:
    guest, bystander = await enter(two[1]), await enter(two[1])
    tab = await enter(two[0], token=guest.token)
    began = time.monotonic()
    await owner.moderate("remove", user_id=guest.user_id, seconds=600)
    for client in (guest, tab):
        assert (await client.closed()).code == 4512
    assert (await bystander.receive("user_left"))["user_id"] == guest.user_id
    assert time.monotonic() - began < 1
    for process in two:
        again = await enter(process, token=guest.token, wait_for_sync=False)
        assert (await again.closed()).code == 4512


async def test_w66_a_ban_holds_in_an_empty_channel(two: list[Process], enter: Enter, owner: Client) -> None:
    guest = await enter(two[0])
    await owner.moderate("remove", user_id=guest.user_id)
    await guest.closed()
    again = await enter(two[1], token=guest.token, wait_for_sync=False)
    assert (await again.closed()).code == 4512
    assert again.received == []


async def test_w65_processes_agree_on_slow(two: list[Process], enter: Enter, owner: Client) -> None:
    guest = await enter(two[1])
    tab = await enter(two[0], token=guest.token)
    await owner.moderate("slow", slow_ms=60_000)
    for client in (guest, tab):
        assert (await client.receive("channel_updated"))["slow_ms"] == 60_000
    await guest.chat("one")
    await guest.receive("ack")
    await tab.chat("two", message_id="m2")
    error = await tab.receive("error")
    assert (error["code"], error["message_id"]) == ("rate_limited", "m2")


async def test_w65_processes_agree_on_who_may_write(two: list[Process], enter: Enter, owner: Client) -> None:
    guest = await enter(two[1])
    await owner.moderate("read_only", on=True)
    assert (await guest.receive("channel_updated"))["read_only"] is True
    await guest.chat("hello?")
    assert (await guest.receive("error"))["code"] == "read_only"
    owners_tab = await enter(two[1], token=owner.token)
    await owners_tab.chat("I may")
    assert (await guest.receive("chat"))["payload"] == "I may"
    await owners_tab.moderate("read_only", on=False)
    await guest.receive("channel_updated", where=lambda frame: not frame["read_only"])
    await guest.chat("hello!")
    await guest.receive("ack")


async def test_w115_processes_agree_on_landmarks(two: list[Process], enter: Enter, owner: Client) -> None:
    guest = await enter(two[1])
    await owner.moderate("place_landmark", **FIRE)
    for client in (owner, guest):
        assert (await client.receive("channel_updated"))["landmarks"] == [FIRE]
    owners_tab = await enter(two[1], token=owner.token)
    assert owners_tab.sync["rules"]["landmarks"] == [FIRE]
    # At the same moment on both processes: neither change is lost.
    await asyncio.gather(
        *(owner.moderate("place_landmark", **{**FIRE, "name": f"left {n}"}) for n in range(5)),
        *(owners_tab.moderate("place_landmark", **{**FIRE, "name": f"right {n}"}) for n in range(5)),
    )
    names = {"fire", *(f"{side} {n}" for side in ("left", "right") for n in range(5))}
    for client in (owner, guest):
        await client.receive(
            "channel_updated", where=lambda frame: {each["name"] for each in frame["landmarks"]} == names
        )
    assert len((await enter(two[0])).sync["rules"]["landmarks"]) == len(names)


async def test_w65_processes_agree_on_cleared_messages(two: list[Process], enter: Enter, owner: Client) -> None:
    guest = await enter(two[1])
    for client, other in ((owner, guest), (guest, owner)):
        await client.chat(f"before, by {client.user_id}")
        await client.receive("ack")
        await other.receive("chat")
    await owner.moderate("clear")
    for client in (owner, guest):
        assert (await client.receive("cleared"))["by"] == owner.user_id
    for process in two:
        assert (await enter(process)).sync["messages"] == []
    await guest.chat("after")
    await owner.receive("chat")
    for process in two:

        async def told(process: Process = process) -> bool:
            return [m["payload"] for m in (await enter(process)).sync["messages"]] == ["after"]

        await eventually(told, "the later message arrives")


async def test_w63_an_invitation_signed_by_one_process_counts_on_the_other(
    two: list[Process], enter: Enter, owner: Client, channel: str
) -> None:
    inside = await enter(two[1])
    answer = await post(two[0], f"/api/channels/{channel}/invitations", owner)
    assert (await inside.receive("channel_updated"))["private"] is True
    for process in two:
        assert (await refusal(process.url, channel=channel)).code == "channel_private"
        assert (await enter(process, invite=answer.json["token"])).sync["rules"]["private"] is True


async def test_w64_of_concurrent_claims_on_two_processes_the_present_user_wins(
    two: list[Process], enter: Enter, channel: str
) -> None:
    people = [await enter(two[n % 2], channel=f"{channel}-{n}") for n in range(7)]
    people.append(await enter(two[0]))
    answers = await asyncio.gather(*(post(two[n % 2], f"/api/channels/{channel}", p) for n, p in enumerate(people)))
    assert [answer.status for answer in answers] == [409] * 7 + [200]


async def test_w64_rules_survive_a_redis_restart_without_data(tmp_path: Path) -> None:
    probing = ("--redis-probe-seconds", "0.5")
    with (
        temporary_folder() as folder,
        running(redis := Server(folder)),
        processes(tmp_path, 2, redis.url, *probing) as (one, two),
    ):
        await all_ready(one, two)
        owner = await Client.connect(one.url, channel="garden")
        assert (await post(one, "/api/channels/garden", owner)).status == 200
        answer = await post(one, "/api/channels/garden/invitations", owner)
        guest = await Client.connect(two.url, channel="garden", invite=answer.json["token"])
        await owner.moderate("read_only", on=True)
        await guest.receive("channel_updated", where=lambda frame: frame["read_only"])
        await owner.moderate("place_landmark", **FIRE)
        await guest.receive("channel_updated", where=lambda frame: frame.get("landmarks") == [FIRE])
        redis.stop()
        for client in (owner, guest):
            await client.receive("degraded")
        # Nobody gets in where the rules are known, and nothing is decided that others could not hear of.
        assert (await refusal(one.url, channel="garden")).code == "channel_private"
        await guest.chat("hello?")
        assert (await guest.receive("error"))["code"] == "read_only"
        await owner.moderate("clear")
        assert (await owner.receive("error"))["code"] == "unavailable"
        await owner.moderate("remove_landmark", name="fire")
        assert (await owner.receive("error"))["code"] == "unavailable"
        redis.start()
        for client in (owner, guest):
            await client.receive("restored")
            assert (await client.receive("user_sync"))["rules"]["landmarks"] == [FIRE]
        for process in (one, two):
            assert (await refusal(process.url, channel="garden")).code == "channel_private"
        await guest.chat("hello?")
        assert (await guest.receive("error"))["code"] == "read_only"
        await owner.moderate("read_only", on=False)
        await guest.receive("channel_updated", where=lambda frame: not frame["read_only"])
        for client in (owner, guest):
            await client.close()
