"""One run of the fuzz: a Redis, up to four servers, up to twelve people, and a seed that decides what happens to them.

The seed fixes what is done and when; how the machines interleave it is their own affair, as it is in earnest. So a
seed that failed once is likely to fail again, not certain to.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from asocial.adapters.redis.leases import TAG
from asocial.adapters.redis.names import Names
from tests.faults.model import Change, Model
from tests.faults.nursery import Nursery, ServerProcess
from tests.faults.person import Person, differences
from tests.support.lifted_limits import LIFTED
from tests.support.redis_server import Server as RedisServer
from tests.support.server import metric
from tests.support.waiting import LONG_LEASE_MS, PATIENCE_S

SERVERS = 4
PEOPLE = 12
USERS = 7
OPERATIONS = 70
LEASE_MS = 1200
"""Where servers are hurt: so short that a run sees it end."""
TIMEOUT_S = 0.5
"""Where Redis is hurt: so short that a pause is noticed. Elsewhere no answer may be taken for missing."""
COLORS = ("rust", "moss", "teal", "plum")

SETTINGS = {
    "host": "127.0.0.1",
    "port": 0,
    "auth": "open",
    "secret": "a secret that is long enough for tests",
    **LIFTED,
    "connections_per_user": 100,  # those of a server that was killed count until its lease is over
    "rate_limit_per_minute": 10_000,
    "message_ttl_seconds": 120,
    "message_ttl_max_seconds": 120,
    "grace_seconds": 0.5,
    "heartbeat_seconds": 0.5,
    "redis_probe_seconds": 0.5,
    "drain_seconds": 3,
    "reconnect_spread_seconds": 0.2,
}

TALK = {"join": 4, "leave": 1.5, "break": 2, "post": 8, "type": 6, "abandon": 1.5, "move": 2, "profile": 2, "wait": 3}
SERVER_FAULTS = {"kill server": 0.8, "stop server": 0.5, "start server": 1.2, "freeze server": 0.8}
REDIS_FAULTS = {"restart redis": 0.5, "pause redis": 0.8, "cut redis": 0.8}


class World:
    """`forget`: a fault in the model, `drop_every`: one in the broker; the fuzz has to find both."""

    def __init__(
        self,
        seed: int,
        nursery: Nursery,
        folder: Path,
        *,
        kind: str = "",
        patience_s: float = PATIENCE_S,
        drop_every: int = 0,
        forget: bool = False,
    ) -> None:
        self.seed = seed
        self.history: list[str] = []
        self._rng = random.Random(seed)
        self._nursery = nursery
        self._folder = folder
        self._drop_every = drop_every
        self._forget = forget
        self._redis = RedisServer(folder)
        self._redis_hurt: asyncio.Task[None] | None = None
        self._servers: list[ServerProcess] = []
        self._starting = 0
        self._people: list[Person] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._began = time.monotonic()
        self._numbers = 0
        self._calm_since = 0.0

        self._patience_s = patience_s
        drawn = self._rng.choices(("calm", "servers", "redis"), (3, 3, 4))[0]
        self.kind = kind or drawn
        self._weights = TALK | (SERVER_FAULTS if self.kind != "calm" else {})
        self._weights |= REDIS_FAULTS if self.kind == "redis" else {}
        roster_limit = 4 if self._rng.random() < 0.2 else 200
        self._settings = SETTINGS | {
            "redis_url": self._redis.url,
            "roster_limit": roster_limit,
            # A refresh that fails to come must not hide behind a long life, nor a ghost behind a short one.
            "presence_ttl_seconds": self._rng.choice((2, 60)),
        }
        self._crowded = roster_limit < USERS
        self._models = {f"channel-{n}": Model() for n in range(self._rng.choice((1, 1, 2)))}

    async def run(self) -> list[str]:
        """What was wrong: nothing, if all is well."""
        await asyncio.to_thread(self._redis.start)
        try:
            await asyncio.gather(*(self._start_server() for _ in range(self._rng.randint(2, SERVERS))))
            for _ in range(OPERATIONS):
                operation = self._rng.choices(list(self._weights), list(self._weights.values()))[0]
                await self._perform(operation)
                await asyncio.sleep(self._rng.choice((0, 0, 0.005, 0.02, 0.05, 0.08)))
            await self._calm_down()
            return await self._at_rest() or await self._epilogue() or self._oddities()
        finally:
            await asyncio.gather(*(person.end() for person in self._people))
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for server in self._servers:
                server.kill()
            await asyncio.to_thread(self._redis.stop)

    def story(self, about: list[str]) -> str:
        """What happened, as far as it has to do with the users and servers that `about` names."""
        named = {word.strip("'(),:[]") for line in about for word in line.split()}
        faults = (*SERVER_FAULTS, *REDIS_FAULTS, "there", "goes on", "redis is back", "over", "rest")

        def concerns(line: str) -> bool:
            # A user is named by its id, a client by the user's id and a number.
            words = {part for word in line.split() for part in (word, word.partition("/")[0])}
            return any(fault in line for fault in faults) or bool(words & named)

        told = [line for line in self.history if concerns(line)]
        return "\n".join(told)

    # What happens.

    async def _perform(self, operation: str) -> None:
        rng, people = self._rng, [person for person in self._people if person.wanted]
        speaker = rng.choice([p for p in people if p.live] or [None])
        servers = [server for server in self._servers if server.state == "running"]
        match operation:
            case "join" if len(people) < PEOPLE:
                self._join(rng.choice(list(self._models)), f"user-{rng.randrange(USERS)}")
            case "leave" if people:
                person = rng.choice(people)
                self._note(f"{person.name} leaves")
                self._do(person.leave())
                if self._forget:
                    person.model.enter(person.user_id)
            case "break" if people:
                person = rng.choice(people)
                after = rng.choice((None, 0.0, 0.05, 0.3, 1.0))
                self._note(f"{person.name} breaks its connection, back after {after}")
                person.kill(back_after_s=after)
            case "post" if speaker:
                draft = speaker.draft
                id_ = draft["message_id"] if draft and rng.random() < 0.7 else self._id()
                self._note(f"{speaker.name} says {id_}")
                self._do(speaker.say(id_, f"the words of {id_}"))
                if rng.random() < 0.1:
                    self._note(f"{speaker.name} breaks its connection right after {id_}")
                    await asyncio.sleep(0)
                    speaker.kill(back_after_s=rng.choice((0.0, 0.05)))
            case "type" if speaker:
                id_ = speaker.draft["message_id"] if speaker.draft else self._id()
                self._note(f"{speaker.name} types {id_}")
                self._do(speaker.type(id_, "wor" + "d" * rng.randrange(1, 20)))
            case "abandon" if speaker and speaker.draft:
                self._note(f"{speaker.name} abandons {speaker.draft['message_id']}")
                self._do(speaker.type(speaker.draft["message_id"], ""))
            case "move" if speaker:
                self._do(speaker.move(rng.uniform(-100, 100), rng.uniform(-100, 100)))
            case "profile" if speaker and not any(p.changing for p in people if p.user_id == speaker.user_id):
                look = (f"name {self._id()}", rng.choice(COLORS))
                self._note(f"{speaker.name} becomes {look}")
                self._do(speaker.become(look))
            case "wait":
                await asyncio.sleep(rng.choice((0.1, 0.3, 0.6)))
            case "start server" if len(servers) + self._starting < SERVERS:
                self._do(self._start_server())
            case "kill server" | "stop server" | "freeze server" if servers:
                self._hurt_server(rng.choice(servers), operation)
            case "restart redis" | "pause redis" | "cut redis" if self._redis_hurt is None or self._redis_hurt.done():
                self._redis_hurt = self._do(self._hurt_redis(operation, rng.uniform(0.05, 1.3)))

    def _join(self, channel: str, user_id: str) -> Person:
        model = self._models[channel]
        if user_id not in model.changes:
            # Nobody ever left the server that vouches for this one: it is where the user says who it is.
            model.changes[user_id] = [Change((f"name of {user_id}", "jade"), ServerProcess(self._nursery, 0, 0, 0))]
        self._numbers += 1
        person = Person(f"{user_id}/{self._numbers}", user_id, channel, model, self._rng, self._pick, self._note)
        self._note(f"{person.name} joins {channel}")
        self._people.append(person)
        return person

    def _hurt_server(self, server: ServerProcess, operation: str) -> None:
        self._note(f"{operation} server {server.number}")
        match operation:
            case "kill server":
                server.kill()
            case "stop server":
                server.terminate()
            case _:
                server.freeze()
                self._do(self._later(self._rng.uniform(0.1, 2.0), server.thaw, f"server {server.number} goes on"))

    async def _hurt_redis(self, operation: str, seconds: float) -> None:
        for model in self._models.values():
            model.shaken = True
        self._note(f"{operation} for {seconds:.2f} s")
        match operation:
            case "restart redis":
                self._redis.stop()
                await asyncio.sleep(seconds)
                await asyncio.to_thread(self._redis.start)
            case "pause redis":
                self._redis.pause()
                await asyncio.sleep(seconds)
                self._redis.go_on()
            case _:
                kind = self._rng.choice(("pubsub", "normal"))
                await asyncio.to_thread(self._redis.ask, "CLIENT", "KILL", "TYPE", kind)
        self._note(f"redis is back from {operation}")

    async def _start_server(self) -> None:
        self._starting += 1
        spec = {
            "settings": self._settings,
            "lease_ms": LONG_LEASE_MS if self.kind == "calm" else LEASE_MS,
            "timeout_s": TIMEOUT_S if self.kind == "redis" else PATIENCE_S,
            "drop_every": self._drop_every,
            "log": str(self._folder / "servers.log"),
        }
        try:
            server = await self._nursery.start(spec)
        finally:
            self._starting -= 1
        self._note(f"server {server.number} is there")
        self._servers.append(server)

    # Rest.

    async def _calm_down(self) -> None:
        """The faults are over; nobody holds a draft. What is left is for the servers and the clients' own rules."""
        if self._redis_hurt is not None:
            await self._redis_hurt
        for server in self._servers:
            server.thaw()
        while self._starting:  # noqa: ASYNC110 (counts, no event)
            await asyncio.sleep(0.02)
        if not any(server.state == "running" for server in self._servers):
            await self._start_server()
        self._note("the faults are over")
        self._calm_since = time.monotonic()
        await self._eventually(
            lambda: [] if all(p.live for p in self._people if p.wanted) else ["not everyone is in"], PATIENCE_S
        )
        for person in self._people:
            if person.draft is not None and person.wanted:
                await person.type(person.draft["message_id"], "")

    async def _at_rest(self) -> list[str]:
        if self.kind != "calm":
            unsure = await self._eventually(self._unsure, PATIENCE_S)
            if unsure:
                return unsure
        wrong = await self._eventually(self._differences, self._patience_s)
        if not wrong and self.kind == "calm" and not self._crowded:
            wrong = [
                f"{person.name} was never told the events {sorted(person.missing())} of {person.epoch}"
                for person in self._people
                if person.wanted and person.missing()
            ]
        self._note("at rest")
        return wrong

    async def _epilogue(self) -> list[str]:
        """After all that, everything still works, and nobody needs to ask for anything."""
        steps: list[tuple[str, Callable[[Person], Awaitable[None]]]] = [
            ("types", lambda visitor: visitor.type("last-draft", "never mind")),
            ("abandons", lambda visitor: visitor.type("last-draft", "")),
            ("types again", lambda visitor: visitor.type("last-words", "so long")),
            ("says", lambda visitor: visitor.say("last-words", "so long")),
            ("becomes", lambda visitor: visitor.become(("the last name", "plum"))),
            ("leaves", lambda visitor: visitor.leave()),
        ]
        for channel in self._models:
            visitor = self._join(channel, "visitor")
            wrong = await self._eventually(self._differences, PATIENCE_S)
            asked = {person.name: person.asked for person in self._people}
            outages = sum(person.outages for person in self._people)
            for what, step in steps:
                if wrong:
                    return [f"after the visitor {what}: {line}" for line in wrong]
                self._note(f"{visitor.name} {what}")
                await step(visitor)
                drafting = {(visitor.user_id, visitor.draft["message_id"])} if visitor.draft else set()
                wrong = await self._eventually(lambda d=drafting, v=visitor: self._differences(d, v), PATIENCE_S)  # type: ignore[misc]
            again = [p.name for p in self._people if p.asked > asked[p.name] and p.wanted and p.channel == channel]
            # A server that a busy machine held up for longer than its lease, or than Redis may take, was hurt again.
            untouched = outages == sum(person.outages for person in self._people)
            if again and untouched and not self._crowded:
                wrong.append(f"{again} had to ask for a snapshot though nothing was wrong any more")
            if wrong:
                return wrong
        return []

    def _differences(self, drafting: set[tuple[str, str]] | None = None, author: Person | None = None) -> list[str]:
        people = [person for person in self._people if person.wanted]
        wrong = [
            line for person in people for line in differences(person, self.kind == "calm", drafting or set(), author)
        ]
        return wrong or self._disagreements(people)

    def _disagreements(self, people: list[Person]) -> list[str]:
        """Whoever is known to two people has one name and colour for both."""
        looks: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for person in people:
            if person.count <= person.limit:
                for user_id, (name, color, _) in person.users.items():
                    looks.setdefault((person.channel, user_id), set()).add((name, color))
        return [f"{user_id} is {sorted(known)} to others" for (_, user_id), known in looks.items() if len(known) > 1]

    def _oddities(self) -> list[str]:
        log = self._folder / "servers.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        errors = [line for line in lines if not line.startswith("{") or json.loads(line).get("level") == "error"]
        return [line for person in self._people for line in person.wrong] + errors[:5]

    async def _unsure(self) -> list[str]:
        """Servers that may not know yet that they were hurt: no probe came back since, or they hold no lease."""
        now_s = time.monotonic()
        key, now_ms = Names().key(TAG, "leases"), str(time.time_ns() // 1_000_000)
        reply = await asyncio.to_thread(self._redis.ask, "ZRANGEBYSCORE", key, now_ms, "+inf")
        # A process registers as "name-random.number"; here its name is enough.
        held = {str(pod).rpartition("-")[0] for pod in reply} if isinstance(reply, list) else set()
        unsure = []
        for server in self._servers:
            if server.state != "running":
                continue
            age_s = await metric(server.port, "broker_probe_age_seconds")
            if f"server-{server.number}" not in held or now_s - age_s < self._calm_since:
                unsure.append(f"server {server.number} has not heard itself, or holds no lease")
        return unsure

    # Small help.

    def _pick(self) -> ServerProcess | None:
        # A client may well try one that is frozen or just gone.
        here = [server for server in self._servers if server.state in ("running", "frozen")]
        return self._rng.choice(here) if here else None

    def _id(self) -> str:
        self._numbers += 1
        return f"m-{self._numbers}"

    def _note(self, line: str) -> None:
        self.history.append(f"{time.monotonic() - self._began:6.3f} {line}")

    def _do(self, what: Awaitable[None]) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.ensure_future(what)
        self._tasks.add(task)
        return task

    async def _later(self, seconds: float, do: Callable[[], None], note: str) -> None:
        await asyncio.sleep(seconds)
        self._note(note)
        do()

    async def _eventually(self, wrong: Callable[[], list[str] | Awaitable[list[str]]], patience_s: float) -> list[str]:
        """What is still wrong when the time is up."""
        deadline = time.monotonic() + patience_s
        while True:
            found = wrong()
            if inspect.isawaitable(found):
                found = await found
            if not found or time.monotonic() > deadline:
                return found
            await asyncio.sleep(0.03)
