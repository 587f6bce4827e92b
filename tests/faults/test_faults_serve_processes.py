"""`asocial serve --processes N`: processes that share a port and a private Redis, and what happens when one ends."""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from asocial import top
from asocial.processes import restarts
from asocial.processes.supervisor import SAME_SIGNAL_S
from tests.faults.crowd import Person, agree, all_hear, crowd
from tests.support.processes import SECRET, processes
from tests.support.redis_server import Server, ask
from tests.support.serve_processes import START_PATIENCE_S, Parent, children, parent_of
from tests.support.waiting import eventually

LONG_GRACE = ("--grace-seconds", "25")
"""A busy machine is slow to connect people again."""


async def test_a_killed_process_is_started_again_and_nobody_is_seen_leaving(folder: Path) -> None:
    with parent_of(folder, 2, "", *LONG_GRACE) as parent:
        async with crowd(parent.url) as all_of:
            # The control: on the process that is killed, and does not come back.
            [quitter] = await all_of.enter(1, "garden", comes_back=False)
            [doomed] = [number for number, count in (await parent.metrics("members")).items() if count]
            people = await all_of.enter(30, "garden")
            await agree(people, (person.user_id for person in all_of.people))
            async with talking(people):
                before = parent.workers()
                os.kill(before[doomed], signal.SIGKILL)
                await eventually(lambda: parent.workers()[doomed] != before[doomed], "started again")
                await eventually(
                    lambda: all(quitter.user_id in p.left_at_s for p in people), "the control is seen leaving"
                )
            moved = [person for person in people if person.closes]
            assert moved, "the control: some were on the killed process"
            assert {code for person in moved for code in person.closes} == {1006}
            for person in people:
                assert person.left() == Counter([quitter.user_id]), person.story
            await agree(people, (person.user_id for person in people))
            await all_hear(people[:3], people)
            assert parent.workers().keys() == {1, 2}
            [ended] = parent.entries("a process ended and is started again")
            assert (ended["process"], ended["code"]) == (doomed, -signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl+C"])
async def test_a_signal_drains_all_processes_and_ends_the_private_redis(folder: Path, number: int) -> None:
    with parent_of(folder, 2, "", "--reconnect-spread-seconds", "1") as parent:
        async with crowd(parent.url) as all_of:
            people = await all_of.enter(20, "garden", comes_back=False)
            assert all((await parent.metrics("members")).values()), "the control: some are on each process"
            parent.signal(number)
            assert await ended(parent) == 0
            await eventually(parent.all_gone, "nothing that it started is left")
            await eventually(lambda: all(person.closes == [4001] for person in people), "all sent away in order")
        assert not private_directories(folder)
        assert {entry.get("process") for entry in parent.entries("stopped")} == {1, 2, None}


async def test_a_second_ctrl_c_ends_all_at_once(folder: Path) -> None:
    with parent_of(folder, 2, "", "--drain-seconds", "600", "--drain-notice-seconds", "300") as parent:
        parent.signal(signal.SIGINT)
        await eventually(lambda: len(parent.entries("draining")) == 2, "both drain")
        parent.signal(signal.SIGINT)
        assert await ended(parent) == 130
        await eventually(parent.all_gone, "nothing that it started is left")


async def test_a_later_second_sigterm_ends_all_at_once_and_an_immediate_one_does_not(folder: Path) -> None:
    with parent_of(folder, 2, "", "--drain-seconds", "600", "--drain-notice-seconds", "300") as parent:
        parent.signal(signal.SIGTERM)
        parent.signal(signal.SIGTERM)
        await eventually(lambda: len(parent.entries("draining")) == 2, "both drain")
        await asyncio.sleep(SAME_SIGNAL_S + 0.5)
        assert parent.runs
        parent.signal(signal.SIGTERM)
        assert await ended(parent) == 143
        await eventually(parent.all_gone, "nothing that it started is left")


async def test_processes_that_hang_are_killed_when_the_time_for_a_shutdown_is_over(folder: Path) -> None:
    with parent_of(folder, 2, "", "--drain-seconds", "3") as parent:
        os.kill(parent.workers()[1], signal.SIGSTOP)
        parent.signal(signal.SIGTERM)
        assert await ended(parent) == 1, "the exit code says that not all stopped in order"
        await eventually(parent.all_gone, "nothing that it started is left")


async def test_when_the_parent_is_killed_its_processes_drain_and_nothing_is_left(folder: Path) -> None:
    with parent_of(folder, 2, "", "--reconnect-spread-seconds", "1") as parent:
        async with crowd(parent.url) as all_of:
            people = await all_of.enter(10, "garden", comes_back=False)
            parent.kill()
            await eventually(parent.all_gone, "nothing that it started is left")
            await eventually(lambda: all(person.closes == [4001] for person in people), "all sent away in order")
        assert not private_directories(folder)


async def test_a_private_redis_that_ends_is_started_again(folder: Path) -> None:
    with parent_of(folder, 2, "", *LONG_GRACE) as parent:
        async with crowd(parent.url) as all_of:
            people = await all_of.enter(20, "garden")
            before = parent.redis_pid()
            os.kill(before, signal.SIGKILL)
            await eventually(lambda: all("restored" in person.notices for person in people), "Redis is back")
            assert parent.redis_pid() != before
            await agree(people, (person.user_id for person in people))
            await all_hear(people[:2], people)
            for person in people:
                assert person.notices == ["degraded", "restored"], "as in any outage of Redis"
                assert not person.closes
                assert not person.left()


def test_the_private_redis_listens_on_no_port_and_only_this_user_reaches_it(folder: Path) -> None:
    with parent_of(folder):
        [directory] = private_directories(folder)
        assert directory.stat().st_mode & 0o077 == 0
        path = str(directory / "redis.sock")
        assert ask(0, "CONFIG", "GET", "port", path=path) == ["port", "0"]
        assert ask(0, "CONFIG", "GET", "save", path=path) == ["save", ""]


def test_a_secret_of_the_settings_is_in_no_argument_of_a_process(folder: Path) -> None:
    """The parent of this test has it in its own: a flag is chosen by the person who starts it."""
    with parent_of(folder) as parent:
        for pid in children(parent.pid):
            assert SECRET.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()


async def test_a_configured_redis_is_used_and_joins_other_servers(folder: Path, redis: Server) -> None:
    with parent_of(folder, 2, redis.url) as parent, processes(folder, 1, redis.url) as (other,):
        assert len(children(parent.pid)) == 2, "no Redis of its own"
        async with crowd(parent.url) as all_of:
            here = await all_of.enter(10, "garden")
            there = await all_of.enter(2, "garden", at=other.url)
            await all_hear([here[0], there[0]], [*here, *there])


def test_without_a_redis_it_says_what_to_install(folder: Path) -> None:
    code, text = failed(folder, "", PATH=str(folder))
    assert code == 2
    assert "valkey-server or redis-server" in text
    assert "ASOCIAL_REDIS_URL" in text


def test_a_wrong_setting_is_reported_once(folder: Path) -> None:
    code, text = failed(folder, "", "--auth", "jwt")
    assert code == 2
    assert text.count("jwt_issuer: required") == 1


def test_a_port_that_other_processes_share_is_taken(folder: Path) -> None:
    with parent_of(folder) as parent:
        code, text = failed(folder, "", "--port", str(parent.port))
        assert code == 1
        assert f"cannot listen on 127.0.0.1 port {parent.port}" in text


async def test_a_process_that_dies_again_and_again_ends_all_with_an_error(folder: Path) -> None:
    with parent_of(folder, faults=True) as parent:
        killed: set[int] = set()
        while parent.runs:
            pid = parent.workers()[1]
            if pid not in killed:
                killed.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.02)
        assert await ended(parent) == 1
        assert len(killed) == restarts.SHORT_LIVES + 1
        pauses = [entry["pause_seconds"] for entry in parent.entries("a process ended and is started again")]
        assert pauses == sorted(set(pauses)), "each pause is longer"
        [error] = [line for line in parent.faults() if "again and again" in line]
        assert '"process": 1' in error
        await eventually(parent.all_gone, "nothing that it started is left")


async def test_metrics_and_top_show_all_processes_whichever_is_asked(folder: Path) -> None:
    with parent_of(folder, 3) as parent:
        async with crowd(parent.url) as all_of:
            await all_of.enter(20, "garden")
            for _ in range(10):  # each connection may reach another process
                members = await parent.metrics("members")
                assert members.keys() == {1, 2, 3}
                assert sum(members.values()) == 20
                assert set((await parent.metrics("process_up")).values()) == {1.0}
            out = io.StringIO()
            assert await top.watch([f"http://127.0.0.1:{parent.port}"], 0.1, once=True, out=out) in (0, 1)
            lines = out.getvalue().splitlines()
            assert [line.split()[1:3] for line in lines[1:4]] == [["1", "ready"], ["2", "ready"], ["3", "ready"]]


async def test_log_lines_of_a_process_have_its_number(folder: Path) -> None:
    with parent_of(folder) as parent:
        async with crowd(parent.url) as all_of:
            await all_of.enter(20, "garden")
            await eventually(lambda: len(parent.entries("connection opened")) == 20, "logged")
        assert {entry["process"] for entry in parent.entries("connection opened")} == {1, 2}


def private_directories(folder: Path) -> list[Path]:
    return list(folder.glob("asocial-*"))


async def ended(parent: Parent) -> int:
    assert parent._popen is not None
    return await asyncio.to_thread(parent._popen.wait, START_PATIENCE_S)


def failed(folder: Path, redis_url: str, *flags: str, **extra: str) -> tuple[int, str]:
    """The exit code and the output of a parent that does not start."""
    parent = Parent(folder, 2, redis_url, *flags, **extra)
    parent.spawn()
    try:
        assert parent._popen is not None
        code = parent._popen.wait(START_PATIENCE_S)
    except subprocess.TimeoutExpired:
        parent.stop()
        raise
    return code, "\n".join(parent.lines())


@contextlib.asynccontextmanager
async def talking(people: list[Person]) -> AsyncIterator[None]:
    """About twenty messages a second, of those who are in."""

    async def talk() -> None:
        for number in itertools.count():
            speaker = random.choice(people)
            if speaker.inside:
                speaker.say(f"message {number}")
            await asyncio.sleep(0.05)

    task = asyncio.create_task(talk())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
