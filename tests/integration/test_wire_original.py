"""W100 to W104: frames as clients of the original system send and expect them."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.support.client import position
from tests.support.server import Join, Server, StartServer

AT = {"position": position((1.5, -2))}


@pytest.mark.parametrize("named", [{"message_id": "m1"}, {"msg_id": "m1"}, {"message_id": "m1", "msg_id": "m2"}])
@pytest.mark.parametrize("type_", [{}, {"type": "chat"}])
async def test_w100_w101_a_chat_may_leave_out_its_type_and_call_its_id_msg_id(
    server: Server, join: Join, named: dict[str, str], type_: dict[str, str]
) -> None:
    ann, bob = await join(server), await join(server)
    await ann.send({"user_id": "mallory", "payload": "hi", **AT, **named, **type_})
    assert (await ann.receive("ack"))["message_id"] == "m1"
    chat = await bob.receive("chat")
    assert (chat["message_id"], chat["payload"], chat["position"]) == ("m1", "hi", AT["position"])
    assert chat["user_id"] == ann.user_id, "what a frame says about its sender means nothing"


@pytest.mark.parametrize("unnamed", [{}, {"type": "chat"}, {"msg_id": ""}])
async def test_w101_the_server_makes_the_id_that_a_chat_lacks(
    server: Server, join: Join, unnamed: dict[str, str]
) -> None:
    ann, bob = await join(server), await join(server)
    for text in ("same", "same"):
        await ann.send({"payload": text, **AT, **unnamed})
    acks = [(await ann.receive("ack"))["message_id"] for _ in range(2)]
    assert [(await bob.receive("chat"))["message_id"] for _ in range(2)] == acks
    assert len({UUID(message_id) for message_id in acks}) == 2


@pytest.mark.drives("bad_frame", "payload_empty")
async def test_w101_an_error_carries_the_id_by_either_name(server: Server, join: Join) -> None:
    ann = await join(server)
    await ann.send({"msg_id": "m1", "payload": " ", **AT})
    assert (await ann.receive("error"))["message_id"] == "m1"
    await ann.send({"msg_id": "m2", "payload": "hi"})
    error = await ann.receive("error")
    assert (error["code"], error["message_id"]) == ("bad_frame", "m2")


async def test_w103_who_asks_for_plain_ids_gets_them_in_every_user_sync(server: Server, join: Join) -> None:
    ann = await join(server)
    bob = await join(server, users="ids")
    assert bob.sync["users"] == [ann.user_id, bob.user_id]
    cat = await join(server)
    assert [user["user_id"] for user in cat.sync["users"]] == [ann.user_id, bob.user_id, cat.user_id]
    assert (await bob.resync())["users"] == [ann.user_id, bob.user_id, cat.user_id]
    assert (await bob.receive("user_joined"))["user_id"] == cat.user_id


async def test_w103_a_full_roster_lists_the_client_itself_here_too(start_server: StartServer, join: Join) -> None:
    server = await start_server(roster_limit=2)
    first = await join(server)
    await join(server)
    third = await join(server, users="ids")
    assert third.sync["users"] == [first.user_id, third.user_id]
    assert third.sync["user_count"] == 3


@pytest.mark.drives("payload_too_large")
async def test_w104_the_length_of_a_payload_is_a_setting(start_server: StartServer, join: Join) -> None:
    server = await start_server(max_payload_characters=600)
    ann, bob = await join(server), await join(server)
    assert ann.sync["limits"]["payload_characters"] == 600
    await ann.typing("x" * 600, message_id="m1")
    await ann.chat("x" * 600, message_id="m1")
    assert len((await bob.receive("chat"))["payload"]) == 600
    for send in (ann.chat, ann.typing):
        await send("x" * 601, message_id="m2")
        assert (await ann.receive("error"))["code"] == "payload_too_large"


async def test_w8_a_tab_becomes_a_space_in_messages_and_drafts(server: Server, join: Join) -> None:
    ann, bob = await join(server), await join(server)
    await ann.typing("\ta\tb", message_id="m1")
    assert (await bob.receive("typing"))["payload"] == " a b"
    await ann.chat("\ta\tb", message_id="m1")
    assert (await bob.receive("chat"))["payload"] == "a b"
