"""The measurement behind 0001-redis-client.md. Needs redis-server, hiredis, uvloop, and redis, coredis, valkey-glide.

    PYTHONPATH=src:. python experiments/redis_client.py [line|redis-py|coredis|glide]...

Each client publishes 20,000 messages of 512 bytes, 20 in a batch, and receives them on a subscription of its own; calls
a small script 20,000 times, 100 in a batch, and 500 times one by one; then its subscribers are killed ten times and the
time is taken until something is heard again. Redis is started and ended here.
"""

# ruff: noqa: ASYNC110
from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable

import uvloop

MESSAGES = 20_000
BODY = b"x" * 512
SCRIPT = "redis.call('HINCRBY', KEYS[1], ARGV[1], 1) return {1, 2, 'x'}"
PATIENCE_S = 10.0


class Bench:
    """What a client is told to do; `heard` counts what its subscription was given."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard = 0

    def hear(self, *_: object) -> None:
        self.heard += 1

    async def run(
        self,
        publish: Callable[[int], Awaitable[object]],
        call: Callable[[int], Awaitable[object]],
        one: Callable[[], Awaitable[object]],
    ) -> str:
        started, cpu = time.perf_counter(), time.process_time()
        for _ in range(MESSAGES // 20):
            await publish(20)
        while self.heard < MESSAGES and time.perf_counter() - started < PATIENCE_S:
            await asyncio.sleep(0.001)
        wall, cpu_us = time.perf_counter() - started, (time.process_time() - cpu) / MESSAGES * 1e6
        text = f"{MESSAGES / wall:.0f}/s | {cpu_us:.1f} us"

        started = time.perf_counter()
        for _ in range(MESSAGES // 100):
            await call(100)
        text += f" | {MESSAGES / (time.perf_counter() - started):.0f}/s"

        times = []
        for _ in range(500):
            started = time.perf_counter()
            await one()
            times.append(time.perf_counter() - started)
        text += f" | {statistics.median(times) * 1e6:.0f} us"

        times = []
        for _ in range(10):
            await asyncio.to_thread(kill, self.port)
            before, started = self.heard, time.perf_counter()
            while self.heard == before and time.perf_counter() - started < PATIENCE_S:
                with contextlib.suppress(Exception):
                    await publish(1)
                await asyncio.sleep(0.001)
            times.append(time.perf_counter() - started)
        text += f" | {statistics.median(times) * 1e3:.0f} ms ({max(times) * 1e3:.0f})"
        return f"{text} | RSS {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB"


async def line(bench: Bench) -> str:
    """Our own connection, and the whole backend for the kills: it is the supervisor that comes back."""
    from tests.support.redis_backend import make_backend
    from tests.support.store_events import IgnoreStoreEvents

    backend = make_backend(f"redis://127.0.0.1:{bench.port}")
    await backend.start(IgnoreStoreEvents())
    pool, subscriber = backend._link.pool, backend._link.subscriber
    await subscriber.subscribe("ch", bench.hear)
    digest = await pool.call("ch", "SCRIPT", "LOAD", SCRIPT)
    assert isinstance(digest, bytes)

    async def publish(count: int) -> None:
        for _ in range(count):
            pool.line("ch").post("PUBLISH", "asocial:{ch}", BODY)
        await asyncio.sleep(0)

    async def call(count: int) -> None:
        wire = pool.line("ch")
        await asyncio.gather(*(wire.request("EVALSHA", digest, 1, "k", n) for n in range(count)))

    result = await bench.run(publish, call, lambda: pool.call("ch", "EVALSHA", digest, 1, "k", 1))
    await backend.close()
    return result


async def redis_py(bench: Bench) -> str:
    import redis.asyncio as redis

    client = redis.Redis(port=bench.port)
    pubsub = client.pubsub()
    await pubsub.subscribe("ch")

    async def read() -> None:
        while True:
            try:
                if await pubsub.get_message(ignore_subscribe_messages=True, timeout=None):
                    bench.hear()
            except redis.ConnectionError:
                await asyncio.sleep(0.01)

    reading = asyncio.create_task(read())
    digest = await client.script_load(SCRIPT)

    async def publish(count: int) -> None:
        pipeline = client.pipeline(transaction=False)
        for _ in range(count):
            pipeline.publish("ch", BODY)
        await pipeline.execute()

    async def call(count: int) -> None:
        pipeline = client.pipeline(transaction=False)
        for n in range(count):
            pipeline.evalsha(digest, 1, "k", n)
        await pipeline.execute()

    result = await bench.run(publish, call, lambda: client.evalsha(digest, 1, "k", 1))
    reading.cancel()
    return result


async def coredis(bench: Bench) -> str:
    import coredis

    async with coredis.Redis(port=bench.port) as client, client.pubsub(channels=["ch"]) as pubsub:

        async def read() -> None:
            async for message in pubsub:
                if message["type"] == "message":
                    bench.hear()

        reading = asyncio.create_task(read())
        digest = await client.script_load(SCRIPT)

        async def publish(count: int) -> None:
            async with client.pipeline(transaction=False) as pipeline:
                for _ in range(count):
                    pipeline.publish("ch", BODY)

        async def call(count: int) -> None:
            async with client.pipeline(transaction=False) as pipeline:
                for n in range(count):
                    pipeline.evalsha(digest, keys=["k"], args=[n])

        result = await bench.run(publish, call, lambda: client.evalsha(digest, keys=["k"], args=[1]))
        reading.cancel()
        return result


async def glide(bench: Bench) -> str:
    from glide import Batch, GlideClient, GlideClientConfiguration, NodeAddress

    node = [NodeAddress("127.0.0.1", bench.port)]
    exact = {GlideClientConfiguration.PubSubChannelModes.Exact: {"ch"}}
    wanted = GlideClientConfiguration.PubSubSubscriptions(exact, bench.hear, None)
    client = await GlideClient.create(GlideClientConfiguration(node))
    subscriber = await GlideClient.create(GlideClientConfiguration(node, pubsub_subscriptions=wanted))
    await asyncio.sleep(0.3)
    digest = await client.custom_command(["SCRIPT", "LOAD", SCRIPT])

    async def publish(count: int) -> None:
        batch = Batch(is_atomic=False)
        for _ in range(count):
            batch.custom_command(["PUBLISH", "ch", BODY])
        await client.exec(batch, raise_on_error=True)

    async def call(count: int) -> None:
        batch = Batch(is_atomic=False)
        for n in range(count):
            batch.custom_command(["EVALSHA", digest, "1", "k", str(n)])
        await client.exec(batch, raise_on_error=True)

    result = await bench.run(publish, call, lambda: client.custom_command(["EVALSHA", digest, "1", "k", "1"]))
    await subscriber.close()
    return result


CLIENTS = {"line": line, "redis-py": redis_py, "coredis": coredis, "glide": glide}


def kill(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"CLIENT KILL TYPE pubsub\r\n")
        sock.recv(100)


def main() -> None:
    if len(sys.argv) != 2:
        print("| client | published and received | CPU each | scripts | one call | after a kill (worst) | memory |")
        for name in sys.argv[1:] or CLIENTS:
            subprocess.run([sys.executable, __file__, name], check=True)
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--save", "", "--dir", folder]
        server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        try:
            time.sleep(0.5)
            print(f"| {sys.argv[1]} | {uvloop.run(CLIENTS[sys.argv[1]](Bench(port)))} |", flush=True)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
