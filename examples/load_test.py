"""Puts people into a channel who all talk, and says how long messages took and whether all of them arrived.

    python load_test.py --people 20 --seconds 5 --url http://localhost:8080

Keep to the limits of the server: people * rate messages a second in one channel, and 100 a minute from each person.
"""

import argparse
import asyncio
import statistics
import time

from asocial_client import Channel, Message, connect


async def listen(channel: Channel, delays_ms: list[float]) -> None:
    async for event in channel:
        match event:
            case Message():
                delays_ms.append(channel.now_ms() - event.sent_at)


async def talk(channel: Channel, number: int, rate: float, seconds: float) -> int:
    sent, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        await channel.say(f"message {sent} of {number}", at=(number * 40, 0))
        sent += 1
        await asyncio.sleep(1 / rate)
    return sent


async def main(arguments: argparse.Namespace) -> None:
    people = [connect(arguments.url, arguments.channel, name=f"Load {n}") for n in range(arguments.people)]
    await asyncio.gather(*(person.__aenter__() for person in people))
    delays_ms: list[float] = []
    listeners = [asyncio.create_task(listen(person, delays_ms)) for person in people]
    talking = (talk(person, number, arguments.rate, arguments.seconds) for number, person in enumerate(people))
    sent = sum(await asyncio.gather(*talking))
    expected = sent * (len(people) - 1)
    for _ in range(50):
        if len(delays_ms) >= expected:
            break
        await asyncio.sleep(0.1)
    await asyncio.gather(*(person.close() for person in people))
    await asyncio.gather(*listeners)
    print(f"{len(people)} people sent {sent} messages; {len(delays_ms)} of {expected} copies arrived")
    if len(delays_ms) > 1:
        percentiles = statistics.quantiles(delays_ms, n=100)
        print(f"delay: median {percentiles[49]:.1f} ms, 99 % within {percentiles[98]:.1f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("channel", nargs="?", default="load")
    parser.add_argument("--url", default="http://localhost:8080")
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--rate", type=float, default=1.0, help="messages a second of each person")
    parser.add_argument("--seconds", type=float, default=5.0)
    asyncio.run(main(parser.parse_args()))
