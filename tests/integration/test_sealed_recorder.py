"""What the server knows of a sealed channel while people talk in it: its memory, its log and its Redis are searched.

The same talk in an ordinary channel is the negative control: there the search finds everything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from asocial_client import Channel, Draft, Message, Stroke, connect
from asocial_client.sealed.link import SealedLink

from tests.support.processes import Process, processes
from tests.support.redis_server import Server

from .test_python_client import next_of

SAID = {
    "a message": "velvet thunderclap",
    "a draft": "half a sent",
    "a name": "Wilhelmina Qux",
    "a position": "8675309.5",
    "a point of a stroke": "7654321.5",
}


@pytest.fixture(scope="module")
def server(folder: Path, redis: Server) -> Iterator[Process]:
    with processes(folder, 1, redis.url, "--message-ttl-seconds", "60") as [started]:
        yield started


def memory_of(pid: int) -> Iterator[bytes]:
    """What the process can write to, which is all that it did not load from a file. It is read while it runs."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, rights, *_ = line.split()
            if not rights.startswith("rw"):
                continue
            begin, end = (int(edge, 16) for edge in span.split("-"))
            try:
                yield os.pread(memory.fileno(), end - begin, begin)
            except OSError:
                continue


def found_in(parts: Iterator[bytes]) -> set[str]:
    """Which of SAID is there."""
    found: set[str] = set()
    for part in parts:
        found |= {what for what, text in SAID.items() if text.encode() in part}
    return found


async def talk(link: str) -> None:
    async with connect(link, name=SAID["a name"], color="teal") as ann, connect(link, name="B", color="rust") as bob:
        await _talk(ann, bob)


async def _talk(ann: Channel, bob: Channel) -> None:
    async with ann.draft(at=(8675309.5, 0)) as draft:
        await draft.type(SAID["a draft"])
        assert (await next_of(bob, Draft)).text == SAID["a draft"]
        await draft.say(SAID["a message"])
    assert (await next_of(bob, Message)).text == SAID["a message"]
    await ann.stroke([(7654321.5, 0), (1, 1)])
    await next_of(bob, Stroke)


async def test_w193_w199_the_server_holds_nothing_of_what_people_say(
    folder: Path, redis: Server, server: Process
) -> None:
    origin = f"http://127.0.0.1:{server.port}"

    def everything() -> Iterator[bytes]:
        yield from memory_of(server.pid)
        yield from memory_of(redis.pid)
        yield from (path.read_bytes() for path in folder.rglob("*") if path.is_file())

    link = SealedLink.new("garden-of-forking-paths")
    await talk(f"{origin}/s/#{link.fragment}")
    assert found_in(everything()) == set()
    secrets = (link.secret, link.key, link.name.encode(), link.fragment.encode())
    assert not [part for part in everything() for secret in secrets if secret in part]
    assert any(link.channel.encode() in part for part in everything())
    # The negative control, afterwards: it leaves what it said in memory.
    await talk(f"{origin}/c/garden")
    assert found_in(everything()) == set(SAID)
