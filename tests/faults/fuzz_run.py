"""A fuzz run: a Redis, up to four servers, up to twelve clients, and a seed that decides what happens to them.

The seed fixes what is done and when. The operating system still decides how the processes interleave, so a seed that
failed once is likely to fail again, not certain to.
"""

from __future__ import annotations

import asyncio
import inspect
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from asocial.adapters.redis.leases import TAG
from asocial.adapters.redis.names import Names
from tests.faults.fork_server import ForkServer, ServerProcess
from tests.faults.fuzz_client import FuzzClient, differences
from tests.faults.fuzz_model import Change, Model
from tests.support.lifted_limits import LIFTED
from tests.support.log_lines import entries_of
from tests.support.redis_server import Server as RedisServer
from tests.support.server import metric
from tests.support.waiting import LONG_LEASE_MS, PATIENCE_S

SERVERS = 4
CLIENTS = 12
USERS = 7
OPERATIONS = 70
LEASE_MS = 1200
"""In runs with server faults: so short that a lease can run out during the run."""
TIMEOUT_S = 0.5
"""In runs with Redis faults: so short that a pause is an outage. In other runs a slow answer must not be one."""
COLORS = ("rust", "moss", "teal", "plum")

SETTINGS = {
    "host": "127.0.0.1",
    "port": 0,
    "auth": "open",
    "secret": "a secret that is long enough for tests",
    **LIFTED,
    "connections_per_user": 100,  # those of a server that was killed count until its lease is over
    "rate_limit_per_minute": 10_000,
    "message_ttl_seconds": 300,
    "message_ttl_max_seconds": 300,
    "grace_seconds": 0.5,
    "heartbeat_seconds": 0.5,
    "redis_probe_seconds": 0.5,
    "drain_seconds": 3,
    "reconnect_spread_seconds": 0.2,
}

ACTIONS = {
    "join": 4,
    "leave": 1.5,
    "break": 2,
    "post": 8,
    "type": 6,
    "abandon": 1.5,
    "move": 2,
    "profile": 2,
    "wait": 3,
}
SERVER_FAULTS = {"kill server": 0.8, "stop server": 0.5, "start server": 1.2, "freeze server": 0.8}
REDIS_FAULTS = {"restart redis": 0.5, "pause redis": 0.8, "cut redis": 0.8}


class FuzzRun:
    """`forget` is a fault in the model, `drop_every` one in the broker: the fuzz must find both."""

    def __init__(
        self,
        seed: int,
        fork_server: ForkServer,
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
        self._fork_server = fork_server
        self._folder = folder
        self._drop_every = drop_every
        self._forget = forget
        self._redis = RedisServer(folder)
        self._redis_fault: asyncio.Task[None] | None = None
        self._servers: list[ServerProcess] = []
        self._starting = 0
        self._clients: list[FuzzClient] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._began = time.monotonic()
        self._numbers = 0
        self._calm_since = 0.0

        self._patience_s = patience_s
        drawn = self._rng.choices(("calm", "servers", "redis"), (3, 3, 4))[0]
        self.kind = kind or drawn
        self._weights = ACTIONS | (SERVER_FAULTS if self.kind != "calm" else {})
        self._weights |= REDIS_FAULTS if self.kind == "redis" else {}
        roster_limit = 4 if self._rng.random() < 0.2 else 200
        self._settings = SETTINGS | {
            "redis_url": self._redis.url,
            "roster_limit": roster_limit,
            # A short TTL shows a refresh that is missing, a long one a connection that nobody removes.
            "presence_ttl_seconds": self._rng.choice((2, 60)),
        }
        self._crowded = roster_limit < USERS
        self._models = {f"channel-{n}": Model() for n in range(self._rng.choice((1, 1, 2)))}

    async def run(self) -> list[str]:
        """The failures; an empty list if the run passed."""
        await asyncio.to_thread(self._redis.start)
        try:
            await asyncio.gather(*(self._start_server() for _ in range(self._rng.randint(2, SERVERS))))
            for _ in range(OPERATIONS):
                operation = self._rng.choices(list(self._weights), list(self._weights.values()))[0]
                await self._perform(operation)
                await asyncio.sleep(self._rng.choice((0, 0, 0.005, 0.02, 0.05, 0.08)))
            await self._calm_down()
            return await self._at_rest() or await self._final_check() or self._errors()
        finally:
            await asyncio.gather(*(client.end() for client in self._clients))
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for server in self._servers:
                server.kill()
            await asyncio.to_thread(self._redis.stop)

    def story(self, about: list[str]) -> str:
        """The lines of the history about faults and about the users and servers that the lines of `about` name."""
        named = {word.strip("'(),:[]") for line in about for word in line.split()}
        faults = (*SERVER_FAULTS, *REDIS_FAULTS, "there", "goes on", "redis is back", "over", "rest")

        def concerns(line: str) -> bool:
            # A user is named by its id, a client by the user's id and a number.
            words = {part for word in line.split() for part in (word, word.partition("/")[0])}
            return any(fault in line for fault in faults) or bool(words & named)

        return "\n".join(line for line in self.history if concerns(line))

    # Operations.

    async def _perform(self, operation: str) -> None:
        rng, clients = self._rng, [client for client in self._clients if client.wanted]
        author = rng.choice([client for client in clients if client.live] or [None])
        servers = [server for server in self._servers if server.state == "running"]
        match operation:
            case "join" if len(clients) < CLIENTS:
                self._join(rng.choice(list(self._models)), f"user-{rng.randrange(USERS)}")
            case "leave" if clients:
                client = rng.choice(clients)
                self._note(f"{client.name} leaves")
                self._do(client.leave())
                if self._forget:
                    client.model.enter(client.user_id)
            case "break" if clients:
                client = rng.choice(clients)
                after = rng.choice((None, 0.0, 0.05, 0.3, 1.0))
                self._note(f"{client.name} breaks its connection, back after {after}")
                client.kill(back_after_s=after)
            case "post" if author:
                draft = author.draft
                id_ = draft["message_id"] if draft and rng.random() < 0.7 else self._id()
                self._note(f"{author.name} posts {id_}")
                self._do(author.post(id_, f"the text of {id_}"))
                if rng.random() < 0.1:
                    self._note(f"{author.name} breaks its connection right after {id_}")
                    await asyncio.sleep(0)
                    author.kill(back_after_s=rng.choice((0.0, 0.05)))
            case "type" if author:
                id_ = author.draft["message_id"] if author.draft else self._id()
                self._note(f"{author.name} types {id_}")
                self._do(author.type(id_, "wor" + "d" * rng.randrange(1, 20)))
            case "abandon" if author and author.draft:
                self._note(f"{author.name} abandons {author.draft['message_id']}")
                self._do(author.type(author.draft["message_id"], ""))
            case "move" if author:
                self._do(author.move(rng.uniform(-100, 100), rng.uniform(-100, 100)))
            case "profile" if author and not any(c.changing for c in clients if c.user_id == author.user_id):
                appearance = (f"name {self._id()}", rng.choice(COLORS))
                self._note(f"{author.name} changes its profile to {appearance}")
                self._do(author.change_profile(appearance))
            case "wait":
                await asyncio.sleep(rng.choice((0.1, 0.3, 0.6)))
            case "start server" if len(servers) + self._starting < SERVERS:
                self._do(self._start_server())
            case "kill server" | "stop server" | "freeze server" if servers:
                self._disturb_server(rng.choice(servers), operation)
            case "restart redis" | "pause redis" | "cut redis" if self._redis_fault is None or self._redis_fault.done():
                self._redis_fault = self._do(self._disturb_redis(operation, rng.uniform(0.05, 1.3)))

    def _join(self, channel: str, user_id: str) -> FuzzClient:
        model = self._models[channel]
        if user_id not in model.changes:
            # The name and colour that the client connects with. No server can lose them, so none has ended.
            model.changes[user_id] = [Change((f"name of {user_id}", "jade"), ServerProcess(self._fork_server, 0, 0, 0))]
        self._numbers += 1
        client = FuzzClient(f"{user_id}/{self._numbers}", user_id, channel, model, self._rng, self._pick, self._note)
        self._note(f"{client.name} joins {channel}")
        self._clients.append(client)
        return client

    def _disturb_server(self, server: ServerProcess, operation: str) -> None:
        self._note(f"{operation} server {server.number}")
        match operation:
            case "kill server":
                server.kill()
            case "stop server":
                server.terminate()
            case _:
                server.freeze()
                self._do(self._later(self._rng.uniform(0.1, 2.0), server.thaw, f"server {server.number} goes on"))

    async def _disturb_redis(self, operation: str, seconds: float) -> None:
        for model in self._models.values():
            model.redis_failed = True
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
            "slow_rules": self.kind == "redis",
            "log": str(self._folder / "servers.log"),
        }
        try:
            server = await self._fork_server.start(spec)
        finally:
            self._starting -= 1
        self._note(f"server {server.number} is there")
        self._servers.append(server)

    # At rest.

    async def _calm_down(self) -> None:
        """End all faults and all drafts. The servers and the rules of the clients must do the rest."""
        if self._redis_fault is not None:
            await self._redis_fault
        for server in self._servers:
            server.thaw()
        while self._starting:  # noqa: ASYNC110 (counts, no event)
            await asyncio.sleep(0.02)
        if not any(server.state == "running" for server in self._servers):
            await self._start_server()
        self._note("the faults are over")
        self._calm_since = time.monotonic()
        # A server that is stopping still sends its clients away. Those would miss drafts: nobody sends them again.
        await self._eventually(
            lambda: [f"{c.name} is not connected" for c in self._clients if c.wanted and not c.is_settled], PATIENCE_S
        )
        for client in self._clients:
            if client.draft is not None and client.wanted:
                await client.type(client.draft["message_id"], "")

    async def _at_rest(self) -> list[str]:
        if self.kind != "calm":
            unsure = await self._eventually(self._unsure, PATIENCE_S)
            if unsure:
                return unsure
        wrong = await self._eventually(self._differences, self._patience_s)
        if not wrong and self.kind == "calm" and not self._crowded:
            wrong = [
                f"{client.name} was never told the events {sorted(client.missing())} of {client.epoch}"
                for client in self._clients
                if client.wanted and client.missing()
            ]
        self._note("at rest")
        return wrong

    async def _final_check(self) -> list[str]:
        """After the faults everything works, and no client needs to ask for a snapshot."""
        steps: list[tuple[str, Callable[[FuzzClient], Awaitable[None]]]] = [
            ("types", lambda visitor: visitor.type("last-draft", "never mind")),
            ("abandons", lambda visitor: visitor.type("last-draft", "")),
            ("types again", lambda visitor: visitor.type("last-message", "so long")),
            ("posts", lambda visitor: visitor.post("last-message", "so long")),
            ("changes its profile", lambda visitor: visitor.change_profile(("the last name", "plum"))),
            ("leaves", lambda visitor: visitor.leave()),
        ]
        for channel in self._models:
            visitor = self._join(channel, "visitor")
            wrong = await self._eventually(lambda: self._differences() or self._waiting(), self._patience_s)
            asked = {client.name: len(client.asked) for client in self._clients}
            outages, leases = sum(client.outages for client in self._clients), await self._leases()
            for what, step in steps:
                if wrong:
                    return [f"after the visitor {what}: {line}" for line in wrong]
                self._note(f"{visitor.name} {what}")
                await step(visitor)
                drafting = {(visitor.user_id, visitor.draft["message_id"])} if visitor.draft else set()
                wrong = await self._eventually(lambda d=drafting, v=visitor: self._differences(d, v), self._patience_s)  # type: ignore[misc]
            again = {
                client.name: client.asked[asked[client.name] :]
                for client in self._clients
                if client.wanted and client.channel == channel and len(client.asked) > asked[client.name]
            }
            # A busy machine can stop a server for longer than its lease or the timeout of Redis: another fault.
            # Its clients learn of it only with the next renewal, but a lease that ran out gets another name.
            no_faults = outages == sum(client.outages for client in self._clients) and leases == await self._leases()
            if again and no_faults and not self._crowded:
                wrong += [
                    f"{name} had to ask for a snapshot though nothing was wrong: {why}" for name, why in again.items()
                ]
            if wrong:
                return wrong
        return []

    def _differences(self, drafting: set[tuple[str, str]] | None = None, author: FuzzClient | None = None) -> list[str]:
        clients = [client for client in self._clients if client.wanted]
        wrong = [
            line for client in clients for line in differences(client, self.kind == "calm", drafting or set(), author)
        ]
        return wrong or self._profile_conflicts(clients)

    def _waiting(self) -> list[str]:
        return [f"{c.name} waits for a snapshot" for c in self._clients if c.wanted and c.waits_for_snapshot]

    def _profile_conflicts(self, clients: list[FuzzClient]) -> list[str]:
        """Every client must show the same name and colour for a user."""
        appearances: dict[tuple[str, str], set[tuple[str, str]]] = {}
        for client in clients:
            if client.count <= client.limit:
                for user_id, (name, color, _) in client.users.items():
                    appearances.setdefault((client.channel, user_id), set()).add((name, color))
        return [
            f"{user_id} is shown as {sorted(known)}" for (_, user_id), known in appearances.items() if len(known) > 1
        ]

    def _errors(self) -> list[str]:
        log = self._folder / "servers.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        errors = [line for line in lines if not line.startswith("{")]
        errors += [str(entry) for entry in entries_of(lines) if entry.get("level") == "error"]
        return [line for client in self._clients for line in client.errors] + errors[:5]

    async def _unsure(self) -> list[str]:
        """Servers that may not have noticed a fault yet: they had no probe back since, or hold no lease."""
        now_s = time.monotonic()
        held, unsure = await self._leases(), []
        for server in self._servers:
            if server.state != "running":
                continue
            age_s = await metric(server.port, "broker_probe_age_seconds")
            if server.number not in held or now_s - age_s < self._calm_since:
                unsure.append(f"server {server.number} has no probe back, or holds no lease")
        return unsure

    async def _leases(self) -> dict[int, str]:
        """The leases that running servers hold, by their numbers; one that ran out is followed by another name."""
        key, now_ms = Names().key(TAG, "leases"), str(time.time_ns() // 1_000_000)
        reply = await asyncio.to_thread(self._redis.ask, "ZRANGEBYSCORE", key, now_ms, "+inf")
        # A process registers as "server-number-random.life".
        names = {int(str(name).split("-")[1]): str(name) for name in reply} if isinstance(reply, list) else {}
        running = {server.number for server in self._servers if server.state == "running"}
        return {number: name for number, name in names.items() if number in running}

    # Helpers.

    def _pick(self) -> ServerProcess | None:
        # A client may try a server that is frozen or has just ended.
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
        """What `wrong` still finds when the time is up."""
        deadline = time.monotonic() + patience_s
        while True:
            found = wrong()
            if inspect.isawaitable(found):
                found = await found
            if not found or time.monotonic() > deadline:
                return found
            await asyncio.sleep(0.03)
