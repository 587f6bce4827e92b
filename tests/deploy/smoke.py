"""Whether a deployment works: the page opens, and two people in one channel read each other.

    python -m tests.deploy.smoke BACKEND-URL PAGE-URL

Prints what it saw; ends with an error if something is wrong.
"""

from __future__ import annotations

import asyncio
import sys
import urllib.request

from tests.support.client import Client


async def read_each_other(backend: str) -> None:
    url = backend.replace("http", "ws", 1)
    ann, bob = await Client.connect(url, channel="smoke"), await Client.connect(url, channel="smoke")
    await ann.chat("is anybody here?", message_id="m1")
    seen = await bob.receive("chat")
    assert seen["message_id"] == "m1", seen
    await ann.close()
    await bob.close()


def main() -> None:
    backend, page = (url.rstrip("/") for url in sys.argv[1:3])
    for url, text in ((f"{backend}/ready", '"ready"'), (f"{page}/c/garden", "<title>"), (f"{page}/health", "ok")):
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert text in answer.read().decode(), url
        print(f"{url}: {answer.status}")
    asyncio.run(read_each_other(backend))
    print(f"{backend}/api/chat: a message arrived")


if __name__ == "__main__":
    main()
