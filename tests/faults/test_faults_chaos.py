"""Every kind of fault once, in about a minute; full_chaos.py does it for ten minutes (`make test-full`)."""

from __future__ import annotations

from pathlib import Path

from tests.faults.chaos import Verdict, judge, run
from tests.faults.crowd import Person, wall_ms
from tests.support.redis_server import Server


async def test_w90_no_fault_loses_doubles_or_delays_what_is_said_in_calm(folder: Path, redis: Server) -> None:
    verdict = await run(folder, redis, seconds=1, seed=40)
    print(verdict)
    verdict.check()


def test_the_verdict_finds_what_is_doubled_late_and_lost() -> None:
    now_ms = wall_ms()
    ann, bob, cyd = (Person("garden", list, user_id=name, since_ms=now_ms - 60_000) for name in ("a", "b", "c"))
    ann.acked["m-1"] = {"timestamp": now_ms - 9_000}
    chat = {"type": "chat", "message_id": "m-1", "user_id": "a", "name": "", "payload": "", "timestamp": now_ms}
    for expires_at in (now_ms + 5_000, now_ms - 2_000):
        bob._chat(chat | {"expires_at": expires_at})
    calm = [(now_ms - 10_000, wall_ms())]
    found = judge([ann, bob, cyd], calm)
    assert (found.due, len(found.lost), found.doubled_in_calm, found.late_in_calm) == (2, 1, 1, 1)
    around_faults = judge([ann, bob, cyd], [])
    assert around_faults == Verdict([], frames=2, doubled=1, late=1)
