"""Fuzz runs: many servers, many clients and many faults; at the end every client shows the same (docs/decisions/0008).

Each seed is a run (fuzz_run.py). Clients join, leave, disconnect, post, type and change their profiles on up to four
servers. The servers are killed, stopped, frozen and started; their Redis is restarted empty, paused and disconnected.
At rest, every client (fuzz_client.py) must show the roster and the live messages of the model (fuzz_model.py).
Servers are processes, forked from one that has everything imported (fork_server.py).

Runs spend almost all of their time waiting, so several run at once. To choose the seeds:

    ASOCIAL_TEST_SEEDS=17,100-199 python -m pytest tests/faults/test_fuzz.py -k seeds
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest

from asocial.domain.message import Position
from asocial.ports import Batch
from asocial.protocol.codec import pack
from asocial.protocol.schema import Typing
from tests.faults.fork_server import ForkServer, ServerProcess
from tests.faults.fuzz_model import Change, Model
from tests.faults.fuzz_run import FuzzRun
from tests.unit.service.fakes import FakeConnection, make_channel

REGRESSIONS: dict[int, str] = {
    15: "a message posted in an outage by a user who then changed servers never reached later members elsewhere",
    24: "the same, when the process it was posted on had dropped the channel",
    6: "the job that refreshes connections logged a traceback in every outage",
    170: "a profile was forgotten: a process that had missed the change was the first to register with an empty Redis",
    219: "the same, for two users at once",
    84: "a profile was forgotten: changed during an outage, by a tab that was closed before its end",
    67: "a client that joined in the turn that dropped an empty channel waited for ever, and all after it",
    37: "a process was stopped or killed before it had sent the newest count of a crowded channel",
    17: "a count reached other processes before the events that it counts, and all clients there asked for snapshots",
    35: "a process that was suspended applied a profile that its client had changed again elsewhere",
    4: "a crowd counted down to the roster limit: the right number of names, and some of them wrong",
    25: "all processes of a user were suspended, and the first to be back brought back an old profile, now and then",
    42: "a channel was confirmed while an outage ended, and its members were never registered again, now and then",
    12: "the model: an older profile joined when only the server knew that its user had left, now and then",
    0: "a count taken before Redis was restarted was sent after it, so clients asked for snapshots, now and then",
}
"""Seeds that failed once, and why. They run first."""
SEEDS = range(50)
RUNS_AT_ONCE = 4
"""Runs of one test at the same time. The tests themselves may run in parallel, too."""
SEEDS_PER_TEST = 6
FAULT_PATIENCE_S = 4
"""How long a run with a planted fault waits for what will not come."""


@pytest.fixture
async def fork_server() -> AsyncIterator[ForkServer]:
    async with ForkServer() as fork_server:
        yield fork_server


def _chosen(text: str) -> list[int]:
    """`3,10-12` is [3, 10, 11, 12]."""
    spans = [part.partition("-") for part in text.split(",") if part]
    return [seed for first, dash, last in spans for seed in range(int(first), int(last if dash else first) + 1)]


def _shares() -> Iterable[Any]:
    """The seeds of each test. Those that never failed are left to `make test-repeats`."""
    chosen = _chosen(os.environ.get("ASOCIAL_TEST_SEEDS", ""))
    seeds = chosen or list(dict.fromkeys([*REGRESSIONS, *SEEDS]))
    for first in range(0, len(seeds), SEEDS_PER_TEST):
        share = seeds[first : first + SEEDS_PER_TEST]
        repeats = not chosen and REGRESSIONS.keys().isdisjoint(share)
        name = "seeds-" + ",".join(map(str, share))
        yield pytest.param(share, id=name, marks=[pytest.mark.repeats] if repeats else [])


@pytest.mark.parametrize("seeds", list(_shares()))
async def test_every_seed_ends_with_everyone_seeing_the_same(
    seeds: list[int], fork_server: ForkServer, tmp_path: Path
) -> None:
    failed = await _run(seeds, fork_server, tmp_path)
    assert not failed, "\n\n".join(failed)


async def test_the_fuzz_notices_a_broker_that_loses_batches(fork_server: ForkServer, tmp_path: Path) -> None:
    assert await _is_found("lacks the message", range(6), fork_server, tmp_path, drop_every=2)


async def test_the_fuzz_notices_a_model_that_forgets_who_left(fork_server: ForkServer, tmp_path: Path) -> None:
    assert await _is_found("misses user-", range(12), fork_server, tmp_path, forget=True)


@pytest.mark.parametrize("answered", ["before the join is", "after the join is"])
@pytest.mark.parametrize("ends", ["both close", "one stays"])
def test_the_model_allows_an_older_profile_where_it_cannot_know_the_order(answered: str, ends: str) -> None:
    """Two connections change the profile and close, a third one joins with the old profile: seed 12, now and then."""
    server, model = ServerProcess(None, 1, 0, 0), Model()  # type: ignore[arg-type]
    old, new = ("Ann", "jade"), ("Anna", "moss")
    change = Change(new)
    model.changes["ann"] = [Change(old, server), change]
    model.attempts["ann"] = [old, old, old]
    for name in ("ann/1", "ann/2"):
        model.connect("ann", name, old, old, server)
    model.leaving |= {"ann/1"} if ends == "one stays" else {"ann/1", "ann/2"}
    if answered == "before the join is":
        change.confirmed = server
    model.connect("ann", "ann/3", old, old, server)
    change.confirmed = server
    stays = ends == "one stays" and answered == "after the join is"
    assert model.appearances("ann") == ({new} if stays else {old, new})


@pytest.mark.parametrize(("given_up", "expected"), [(True, {"Ann", "Anna"}), (False, {"Anna"})])
def test_the_model_allows_the_profile_of_an_attempt_that_was_given_up(given_up: bool, expected: set[str]) -> None:
    """The server carried it out all the same: the next attempt finds its user there (seed 12, too)."""
    server, model = ServerProcess(None, 1, 0, 0), Model()  # type: ignore[arg-type]
    old, new = ("Ann", "jade"), ("Anna", "moss")
    model.changes["ann"] = [Change(old, server), Change(new, server)]
    model.attempts["ann"] = [old, new] if given_up else [new]
    model.connect("ann", "ann/3", new, old, server)
    assert {name for name, _ in model.appearances("ann")} == expected


async def test_a_draft_of_another_process_does_not_follow_its_end() -> None:
    """Two batches of one process, received within one tick, once changed their order: seed 154, now and then."""
    channel = make_channel()
    ann = FakeConnection("ann")
    channel.attach(ann)
    channel.release(ann, b"")
    channel.deliver(Batch(b"", pack(Typing("m1", "bob", "never m", Position(0, 0)))))
    channel.deliver(Batch(pack(Typing("m1", "bob", "", Position(0, 0))), b""))
    channel.flush()
    assert [frame["payload"] for frame in ann.frames("typing")] == ["never m", ""]


async def _is_found(what: str, seeds: Iterable[int], fork_server: ForkServer, folder: Path, **fault: Any) -> bool:
    """Whether a calm run with this fault fails and reports `what`. Starts no more runs after the first that does."""
    for seed in seeds:
        failed = await _run([seed], fork_server, folder, kind="calm", patience_s=FAULT_PATIENCE_S, **fault)
        if what in "".join(failed):
            return True
    return False


async def _run(seeds: Iterable[int], fork_server: ForkServer, folder: Path, **how: Any) -> list[str]:
    """A report of each seed that failed. `how`: arguments of FuzzRun."""
    slots = asyncio.Semaphore(RUNS_AT_ONCE)

    async def one(seed: int) -> str | None:
        async with slots:
            home = Path(tempfile.mkdtemp(prefix=f"seed-{seed}-", dir=folder))
            run = FuzzRun(seed, fork_server, home, **how)
            wrong = await run.run()
        if not wrong:
            return None
        return "\n".join([f"SEED {seed} ({run.kind}) FAILED", *wrong[:20], "what happened:", run.story(wrong)])

    return [text for text in await asyncio.gather(*map(one, seeds)) if text is not None]
