"""@asocial/client (packages/client) as it is published, against real servers: the rules of the wire for a client."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from asocial.domain.api_keys import OPERATOR
from asocial.domain.errors import GoingAway
from tests.support.api_keys import create
from tests.support.markdown_blocks import blocks
from tests.support.ports import reserve_port
from tests.support.server import Server, StartServer
from tests.support.typescript_client import Node, RemoteChannel, RemoteError, command_of
from tests.support.waiting import PATIENCE_S, eventually

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "packages" / "client"
TOOLS = ROOT / "web" / "node_modules"


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has installed the packed package."""
    folder = tmp_path_factory.mktemp("consumer")
    stale = PACKAGE / "dist" / "of-an-earlier-build.js"
    stale.parent.mkdir(exist_ok=True)
    stale.touch()
    run("npm", "pack", "--pack-destination", folder, cwd=PACKAGE)
    (folder / "package.json").write_text('{"name": "consumer", "private": true, "type": "module"}')
    run("npm", "install", "--offline", "--no-audit", "--no-fund", *folder.glob("*.tgz"), cwd=folder)
    return folder


@pytest.fixture(params=["node", "deno"])
def runtime(request: pytest.FixtureRequest) -> str:
    """`make test-runtimes` has Node 22 and Deno; else Node is the one on the PATH, and Deno too if it is there."""
    return str(request.param)


@pytest.fixture
async def node(consumer: Path, runtime: str) -> AsyncIterator[Node]:
    node = await Node.start(consumer, runtime)
    yield node
    await node.stop()


@pytest.fixture
async def ann(server: Server, node: Node) -> RemoteChannel:
    return await node.join(server.origin, name="Ann", color="teal")


@pytest.fixture
async def bob(server: Server, node: Node, ann: RemoteChannel) -> RemoteChannel:
    """Comes after Ann."""
    return await node.join(f"{server.origin}/c/garden", None, name="Bob", color="rust")


def test_the_package_has_a_file_for_each_source_and_no_other(consumer: Path) -> None:
    built = consumer / "node_modules/@asocial/client/dist"
    sources = {file.relative_to(PACKAGE / "src").with_suffix("").as_posix() for file in (PACKAGE / "src").rglob("*.ts")}
    assert {file.relative_to(built).with_suffix("").as_posix() for file in built.rglob("*.js")} == sources


async def test_w10_w12_a_message_arrives_with_its_times_and_ends_at_both(
    ann: RemoteChannel, bob: RemoteChannel
) -> None:
    said = await ann.call("say", "hello\nthere", {"x": 10, "y": -20.5})
    heard = await bob.next("message")
    assert heard == said | {"mine": False}
    assert {key: heard[key] for key in ("name", "color", "text", "x", "y")} == {
        "name": "Ann", "color": "teal", "text": "hello\nthere", "x": 10, "y": -20.5,
    }  # fmt: skip
    for channel in (ann, bob):
        assert (await channel.next("expired"))["id"] == said["id"]
        assert await channel.get("messages") == []


async def test_w17_w24_who_is_here_follows_joins_profiles_and_leaves(
    server: Server, node: Node, ann: RemoteChannel, bob: RemoteChannel
) -> None:
    assert (await ann.next("joined"))["name"] == "Bob"
    assert {person["name"] for person in (await ann.get("people")).values()} == {"Ann", "Bob"}
    await bob.call("setProfile", {"name": "Robert", "color": "plum"})
    assert (await ann.next("profile"))["name"] == "Robert"
    carl = await node.join(server.origin)
    assert await carl.get("count") == 3
    await ann.next("joined")
    await carl.call("close")
    assert (await ann.next("left"))["userId"] == await carl.get("userId")
    assert await ann.get("count") == len(await ann.get("people")) == 2


async def test_w13_a_draft_is_shown_then_sent_or_given_up(ann: RemoteChannel, bob: RemoteChannel) -> None:
    await ann.draft("open", {"x": 1, "y": 2})
    await ann.draft("type", "hel")
    assert (await bob.next("draft"))["text"] == "hel"
    said = await ann.draft("say", "hello")
    assert (await bob.next("message"))["id"] == said["id"]
    assert await bob.get("drafts") == []
    await ann.draft("open")
    await ann.draft("type", "no, rather")
    await bob.next("draft", lambda draft: draft["text"] != "")
    await ann.draft("drop")
    assert (await bob.next("draft"))["text"] == ""


async def test_w16_w20_a_newcomer_sees_the_pointer_and_the_draft_and_asks_who_it_is(
    server: Server, node: Node, ann: RemoteChannel
) -> None:
    await ann.call("move", 3, 4)
    await ann.draft("open")
    await ann.draft("type", "still writing")
    late = await node.join(server.origin)
    await eventually(lambda: {"pointer", "draft"} <= {type_ for type_, _ in late.events}, "both arrive")
    assert await late.get("pointers") == {await ann.get("userId"): {"x": 3, "y": 4}}
    assert [draft["text"] for draft in await late.get("drafts")] == ["still writing"]


async def test_w110_w112_a_line_arrives_with_its_times_and_newcomers_get_it(
    server: Server, node: Node, ann: RemoteChannel, bob: RemoteChannel
) -> None:
    drawn = await ann.call("stroke", [[0, 0], [10.04, -5]])
    heard = await bob.next("stroke")
    assert heard == drawn | {"mine": False}
    assert (heard["points"], heard["name"]) == ([[0, 0], [10, -5]], "Ann")
    late = await node.join(server.origin)
    for channel, lines in ((ann, [drawn]), (bob, [heard]), (late, [heard])):
        assert await channel.get("strokes") == lines
    with pytest.raises(RemoteError) as refused:
        await ann.call("stroke", [[0, 0]])
    assert refused.value.fields["code"] == "payload_empty"


async def test_w150_what_an_operator_tells_everybody_is_an_event(start_server: StartServer, node: Node) -> None:
    key, text = create("ann", OPERATOR, ["*"])
    server = await start_server(api_keys=key.entry, secret="the secret of these tests, long enough")
    bob = await node.join(server.origin)
    headers = {"Authorization": f"Bearer {text}"}
    answer = await server.post("/api/operator/notices", headers, '{"text": "Back at noon"}')
    assert await bob.next("notice") == {"text": "Back at noon", "sentAt": answer.json["timestamp"]}


async def test_w30_reactions_arrive(ann: RemoteChannel, bob: RemoteChannel) -> None:
    await ann.call("react", "heart", {"x": 5, "y": 6})
    assert await bob.next("reaction") == {"userId": await ann.get("userId"), "kind": "heart", "x": 5, "y": 6}


async def test_w10_w28_after_a_break_it_is_the_same_user_and_sends_again_once(
    server: Server, ann: RemoteChannel, bob: RemoteChannel
) -> None:
    user_id = await ann.get("userId")
    for sessions in server.app.sessions._local.of_user(user_id, "garden"):
        sessions.connection.close(GoingAway(retry_ms=1))
    said = await ann.call("say", "said while it is away")
    assert await ann.get("userId") == user_id
    assert (await bob.next("message"))["id"] == said["id"]
    lost = await ann.next("disconnected")
    assert lost["code"] == 4001
    await ann.next("connected")
    # After another message of the same user: a double would have come before it (W14).
    last = await ann.call("say", "the last")
    await bob.next("message", lambda message: message["id"] == last["id"])
    assert [data["id"] for type_, data in bob.events if type_ == "message"] == [said["id"], last["id"]]
    assert "left" not in [type_ for type_, _ in bob.events]


async def test_w13_w90_the_same_id_twice_is_one_message(ann: RemoteChannel, bob: RemoteChannel) -> None:
    first = await ann.call("say", "once", {"x": 0, "y": 0}, {"messageId": "m1"})
    again = await ann.call("say", "once", {"x": 0, "y": 0}, {"messageId": "m1"})
    assert first["sentAt"] == again["sentAt"]
    last = await ann.call("say", "the last")
    await bob.next("message", lambda message: message["id"] == last["id"])
    assert [data["id"] for type_, data in bob.events if type_ == "message"] == ["m1", last["id"]]


async def test_w4_the_token_makes_it_the_same_user_again(server: Server, node: Node, ann: RemoteChannel) -> None:
    again = await node.join(server.origin, token=await ann.get("token"))
    assert await again.get("userId") == await ann.get("userId")
    said = await again.call("say", "from my other client")
    heard = await ann.next("message")
    assert (heard["id"], heard["mine"]) == (said["id"], True)


async def test_w4_a_client_learns_that_the_server_does_not_know_its_token(
    server: Server, node: Node, ann: RemoteChannel
) -> None:
    assert await ann.get("isNewGuest")
    for token, is_new in ((await ann.get("token"), False), ("of.another.server", True)):
        channel = await node.join(server.origin, token=token)
        assert await channel.get("isNewGuest") is is_new
        assert (await channel.get("userId") != await ann.get("userId")) is is_new


async def test_w12_a_newcomer_gets_what_lives_with_its_true_times(
    server: Server, node: Node, ann: RemoteChannel
) -> None:
    said = await ann.call("say", "before you came")
    late = await node.join(server.origin)
    assert await late.get("messages") == [said | {"mine": False}]


async def test_w25_a_refused_message_says_why(ann: RemoteChannel) -> None:
    with pytest.raises(RemoteError) as refused:
        await ann.call("say", "x" * 501)
    assert (refused.value.fields["name"], refused.value.fields["code"]) == ("NotSent", "payload_too_large")
    assert await ann.get("messages") == []


async def test_w65_w72_say_waits_for_a_limit_that_ends_in_time(server: Server, node: Node, ann: RemoteChannel) -> None:
    await claim(server, ann)
    bob = await node.join(server.origin)
    await ann.moderate("slowDown", 1)
    assert (await bob.next("rules"))["slowMs"] == 1000
    first, second = await bob.call("say", "one"), await bob.call("say", "two")
    assert second["sentAt"] - first["sentAt"] >= 1000
    with pytest.raises(RemoteError) as refused:
        await bob.call("say", "three", {"x": 0, "y": 0}, {"timeoutMs": 100})
    fields = refused.value.fields
    assert (fields["code"], fields["limit"]) == ("rate_limited", "slow")
    assert fields["retryAfterMs"] > 0


async def test_w65_w66_w115_an_owner_names_places_clears_and_removes(
    server: Server, node: Node, ann: RemoteChannel
) -> None:
    await claim(server, ann)
    bob = await node.join(server.origin)
    await ann.moderate("placeLandmark", "the pond", {"x": 7, "y": 8})
    assert (await bob.next("rules"))["landmarks"] == [{"name": "the pond", "x": 7, "y": 8}]
    await bob.call("say", "one")
    await ann.moderate("clear")
    await bob.next("expired")
    await bob.next("cleared")
    assert await bob.get("messages") == []
    await bob.moderate("clear")
    assert (await bob.next("error"))["code"] == "not_owner"
    await ann.moderate("remove", await bob.get("userId"))
    assert (await bob.next("closed"))["code"] == 4512
    assert (await bob.next("thrown"))["name"] == "ChannelClosed"
    with pytest.raises(RemoteError, match="4512"):
        await bob.call("say", "still here?")


async def test_w1_w87_a_refusal_before_the_upgrade_is_final_and_says_why(
    server: Server, node: Node, ann: RemoteChannel
) -> None:
    await claim(server, ann)
    await ann.moderate("setPrivate", True)
    await ann.next("rules")
    late = await node.connect(server.origin)
    with pytest.raises(RemoteError) as refused:
        await late.call("ready")
    assert (refused.value.fields["name"], refused.value.fields["code"]) == ("Refused", "channel_private")


async def test_w5_w28_a_final_close_code_ends_the_attempts(start_server: StartServer, node: Node) -> None:
    server = await start_server(connections_per_user=1)
    first = await node.join(server.origin)
    second = await node.connect(server.origin, token=await first.get("token"))
    assert (await second.next("closed"))["code"] == 4504
    await second.next("thrown")
    assert [type_ for type_, _ in second.events] == ["closed", "thrown"]


async def test_w20_in_a_large_channel_only_the_count_comes(start_server: StartServer, node: Node) -> None:
    server = await start_server(roster_limit=2)
    ann, bob = [await node.join(server.origin) for _ in range(2)]
    await ann.next("joined")
    carl = await node.join(server.origin)
    assert await ann.next("count") == 3
    await carl.call("close")

    async def is_whole() -> bool:
        return bool(await ann.get("count") == len(await ann.get("people")) == 2)

    await eventually(is_whole, "the roster is whole again")
    assert set(await ann.get("people")) == {await ann.get("userId"), await bob.get("userId")}


async def test_w21_the_servers_clock_is_measured(start_server: StartServer, node: Node) -> None:
    ahead_ms = 3_600_000
    server = await start_server(now_ms=lambda: int(time.time() * 1000) + ahead_ms)
    ann = await node.join(server.origin)
    said = await ann.call("say", "an hour later")
    assert abs(await ann.call("now") - said["sentAt"]) < 1000 * PATIENCE_S
    assert said["sentAt"] > time.time() * 1000 + ahead_ms - 1000 * PATIENCE_S
    assert (await ann.next("expired"))["id"] == said["id"]


async def test_w28_a_server_that_comes_later_is_found(start_server: StartServer, node: Node) -> None:
    port = reserve_port(start_server)
    ann = await node.connect(f"http://127.0.0.1:{port}")
    assert (await ann.next("disconnected"))["code"] == 1006
    await start_server(port=port)
    await ann.next("connected")


async def test_a_closed_channel_is_left_at_once(ann: RemoteChannel, bob: RemoteChannel) -> None:
    await bob.call("close")
    assert (await ann.next("left"))["userId"]
    assert (await bob.next("closed"))["code"] == 1000
    assert "thrown" not in [type_ for type_, _ in bob.events]


# What is published.


def test_the_package_holds_what_is_built_and_nothing_else(consumer: Path) -> None:
    installed = consumer / "node_modules" / "@asocial" / "client"
    files = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    sources = {path.relative_to(PACKAGE / "src").with_suffix("").as_posix() for path in (PACKAGE / "src").rglob("*.ts")}
    built = {f"dist/{name}{suffix}" for name in sources for suffix in (".js", ".d.ts")}
    assert files == built | {"package.json", "README.md"}
    assert "dependencies" not in json.loads((installed / "package.json").read_text())


@pytest.mark.parametrize(("module", "resolution"), [("NodeNext", "NodeNext"), ("ESNext", "Bundler")])
def test_a_program_that_uses_it_is_type_checked(consumer: Path, module: str, resolution: str) -> None:
    folder = consumer / resolution
    folder.mkdir()
    options = {
        "strict": True, "noEmit": True, "exactOptionalPropertyTypes": True, "skipLibCheck": False, "types": [],
        "target": "ES2022", "lib": ["ES2022", "DOM"], "module": module, "moduleResolution": resolution,
    }  # fmt: skip
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["*.ts"]}))
    (folder / "package.json").write_text('{"type": "module"}')
    for number, block in enumerate(readme("ts")):
        (folder / f"readme{number}.ts").write_text(block)
    (folder / "wrong.ts").write_text(
        "import { connect } from '@asocial/client'\n"
        "connect('https://talk.example').on('message', (message) => message.words)\n"
    )
    tsc = TOOLS / "typescript" / "bin" / "tsc"
    checked = subprocess.run(["node", tsc, "-p", folder], cwd=folder, capture_output=True, text=True, check=False)
    [error] = checked.stdout.splitlines()
    assert error.startswith("wrong.ts(")
    assert "Property 'words' does not exist on type 'Message'" in error


def test_a_vite_project_is_built_with_it(consumer: Path) -> None:
    (consumer / "index.html").write_text('<script type="module" src="/main.ts"></script>')
    (consumer / "main.ts").write_text(readme("ts")[0])
    run("node", TOOLS / "vite" / "bin" / "vite.js", "build", "--logLevel", "warn", cwd=consumer)
    [built] = (consumer / "dist" / "assets").glob("*.js")
    assert "asocial.v1" in built.read_text()


async def test_the_first_example_of_the_readme_answers(
    server: Server, consumer: Path, runtime: str, bob: RemoteChannel
) -> None:
    script = consumer / "example.mjs"
    script.write_text(readme("ts")[0].replace("http://localhost:8080", server.origin))
    example = await asyncio.create_subprocess_exec(*command_of(runtime), script)
    try:
        assert (await bob.next("message", lambda message: message["name"] == "Echo"))["text"] == "I repeat what you say"
        said = await bob.call("say", "anyone?", {"x": 3, "y": 4})
        answer = await bob.next("message", lambda message: message["text"] == said["text"])
        assert (answer["name"], answer["y"]) == ("Echo", 24)
    finally:
        if example.returncode is None:
            example.kill()
        await example.wait()


def readme(language: str) -> list[str]:
    """The code blocks of the README in this language."""
    return [block.text for block in blocks(PACKAGE / "README.md") if block.language == language]


async def claim(server: Server, channel: RemoteChannel) -> None:
    answer = await server.post("/api/channels/garden", {"Authorization": f"Bearer {await channel.get('token')}"})
    assert answer.status == 200, answer
