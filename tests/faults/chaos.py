"""Faults one after another, while people talk: nothing is lost, and no client gets a message twice or after its end.

A run is made of rounds. A round has each kind of fault once, in an order that the seed decides. After each the run
waits until everybody is back, and then for a calm stretch. What happens in calm is judged strictly. Around a fault a
client may get a message twice, because nobody can know what a broken connection delivered; but few do.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.crowd import Crowd, Person, crowd, wall_ms
from tests.support.processes import Process, all_ready, processes
from tests.support.redis_server import Server
from tests.support.waiting import eventually

PEOPLE = 36
KINDS = ("kill", "terminate", "freeze", "redis killed", "redis frozen", "redis emptied")
FLAGS = ("--reconnect-spread-seconds", "2", "--rate-limit-per-minute", "0")
PAUSES_S = (1.0, 4.0)
"""How long a person is silent between two messages."""
RECOVERY_S = 60.0
AFTERMATH_S = 1.0
"""After everybody is back, before calm is expected."""
CALM_S = 3.5
"""And as much longer as this program was late, or a busy machine would leave nothing to judge."""
ON_THE_WAY_MS = 2500
"""A message that was said this long before the end of a calm stretch has reached everyone who was there."""
LATE_MS = 500
"""A frame this much after the message's end was sent too late. Less may be this program's own doing."""
FEW = 0.01
"""The share of frames that may be doubled or late around faults."""


@dataclass
class Verdict:
    calm: list[tuple[float, float]] = field(default_factory=list)
    """Stretches without a fault, ms of the wall clock."""
    frames: int = 0
    doubled: int = 0
    late: int = 0
    doubled_in_calm: int = 0
    late_in_calm: int = 0
    due: int = 0
    """Deliveries, in calm stretches, of messages to people who were there."""
    lost: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.frames} chat frames: {self.doubled} doubled, {self.late} late; in calm {self.doubled_in_calm} and "
            f"{self.late_in_calm}; {self.due} deliveries due in calm, {len(self.lost)} lost"
        )

    def check(self) -> None:
        assert self.due > 10 * PEOPLE, f"too little was said to show something: {self}"
        assert not self.lost, f"{self}: {self.lost[:5]}"
        assert self.doubled_in_calm == self.late_in_calm == 0, str(self)
        assert self.doubled <= FEW * self.frames, str(self)
        assert self.late <= FEW * self.frames, str(self)


async def run(folder: Path, redis: Server, *, seconds: float, seed: int, kinds: Sequence[str] = KINDS) -> Verdict:
    """Whole rounds, until `seconds` are over."""
    rng = random.Random(seed)
    calm: list[tuple[float, float]] = []
    with processes(folder, 3, redis.url, *FLAGS) as trio:
        async with crowd(*(process.url for process in trio)) as all_of:
            people = await all_of.enter(PEOPLE, "garden")
            talking = [asyncio.create_task(_talk(person, random.Random(rng.random()))) for person in people]
            lag = LoopLag()
            try:
                ends = time.monotonic() + seconds
                while time.monotonic() < ends:
                    for kind in rng.sample(kinds, len(kinds)):
                        await _fault(kind, rng, trio, redis, all_of)
                        await asyncio.sleep(AFTERMATH_S)
                        began_ms = wall_ms()
                        await asyncio.sleep(CALM_S + lag.most_ms / 1000)
                        calm.append((began_ms, wall_ms()))
            finally:
                for task in (*talking, lag.task):
                    task.cancel()
                await asyncio.gather(*talking, lag.task, return_exceptions=True)
            return judge(people, calm, lag.most_ms)


async def _fault(kind: str, rng: random.Random, trio: list[Process], redis: Server, all_of: Crowd) -> None:
    """Do it, and wait until everything works again and everybody is in."""
    process = rng.choice(trio)
    restored = {person.token: person.notices.count("restored") for person in all_of.people}
    print(f"{kind} ({process.number})")
    match kind:
        case "kill" | "terminate":
            if kind == "kill":
                process.kill()
            else:
                assert await process.terminated() == 0
            await asyncio.sleep(rng.uniform(0.2, 2))
            process.spawn()
            await asyncio.to_thread(process.wait)
        case "freeze":
            process.signal(signal.SIGSTOP)
            await asyncio.sleep(rng.choice((3, 8)))
            process.signal(signal.SIGCONT)
        case "redis killed":
            redis.stop()
            await asyncio.sleep(rng.choice((0.2, 1, 3)))
            await asyncio.to_thread(redis.start)
        case "redis frozen":
            redis.pause()
            await asyncio.sleep(rng.choice((0.5, 1.5, 4)))
            redis.go_on()
        case "redis emptied":
            redis.ask("FLUSHALL")
            # Nobody notices before the next renewal of a lease.
            await eventually(
                lambda: all(p.notices.count("restored") > restored[p.token] for p in all_of.people),
                "everybody was told that Redis is back",
                patience_s=RECOVERY_S,
            )
    await all_ready(*trio, patience_s=RECOVERY_S)
    await eventually(
        lambda: all(p.inside and p.notices[-1:] != ["degraded"] for p in all_of.people),
        f"everybody back after {kind}",
        patience_s=RECOVERY_S,
    )


async def _talk(person: Person, rng: random.Random) -> None:
    while True:
        await asyncio.sleep(rng.uniform(*PAUSES_S))
        # What lives no more is not sent again (W10).
        if person.inside:
            number = int(person.say("are you there?").removeprefix("m-"))
            for message_id in [m for m in person.unacked if int(m.removeprefix("m-")) < number]:
                del person.unacked[message_id]


class LoopLag:
    """How late this program itself is: what it reads late was not sent late."""

    def __init__(self) -> None:
        self.most_ms = 0.0
        self.task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.05)
            self.most_ms = max(self.most_ms, (time.monotonic() - began - 0.05) * 1000)


def judge(people: Sequence[Person], calm: list[tuple[float, float]], lag_ms: float = 0.0) -> Verdict:
    verdict = Verdict(calm)

    def is_calm(at_ms: float) -> bool:
        return any(start <= at_ms <= end for start, end in calm)

    for person in people:
        late = [at_ms for at_ms, by_ms in person.late_ms if by_ms > LATE_MS + lag_ms]
        verdict.frames += person.chats
        verdict.doubled += len(person.doubled_ms)
        verdict.late += len(late)
        verdict.doubled_in_calm += sum(map(is_calm, person.doubled_ms))
        verdict.late_in_calm += sum(map(is_calm, late))
    for author in people:
        for message_id, ack in author.acked.items():
            said_ms = ack["timestamp"]
            until_ms = next((end for start, end in calm if start <= said_ms < end - ON_THE_WAY_MS - lag_ms), None)
            if until_ms is None:
                continue
            for reader in people:
                stays = [*reader.stays, (reader.since_ms, wall_ms())]
                if reader is not author and any(since < said_ms and until > until_ms for since, until in stays):
                    verdict.due += 1
                    if (author.user_id, message_id) not in reader.messages:
                        verdict.lost.append(f"{reader.user_id} at {reader.url} has no {message_id} of {author.url}")
    return verdict
