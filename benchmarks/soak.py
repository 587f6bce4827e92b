"""A soak test: half an hour of mixed load with Redis, while the server's resources are recorded.

    python -m benchmarks.soak [--minutes 30] [--people 1000] [--every 5]

1,000 people in ten channels post, point and type, and every few seconds some of them vanish and others come. After
each turn the server's RSS, open files, threads and tasks, and Redis's memory and keys are written down. The slope of a
straight line through what came after the warm-up (the first third) is the answer: under 1 MB in ten minutes, and no
growth in the rest.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.load_generator import Crowd, Shape, crowd
from benchmarks.machine import cores, facts, save
from benchmarks.servers import ASOCIAL, Running, running
from tests.support.redis_server import Server as RedisServer
from tests.support.redis_server import running as running_redis

CHANNELS = 10
MESSAGES_PER_S, CURSORS_PER_S, DRAFTS_PER_S = 40.0, 400.0, 60.0
CHURN_SHARE = 0.05
"""Of the people, who vanish in each turn and are followed by others."""
RSS_LIMIT_MB_PER_10_MIN = 1.0


def slope_per_10_min(points: list[tuple[float, float]]) -> float:
    """Of the least-squares line through (seconds, value), per ten minutes."""
    count = len(points)
    mean_x, mean_y = (sum(point[axis] for point in points) / count for axis in (0, 1))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return 600 * sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def look(server: Running, redis: RedisServer, began: float) -> dict[str, float]:
    told = str(redis.ask("INFO", "memory"))
    used = next(line for line in told.splitlines() if line.startswith("used_memory:"))
    return {
        "at_s": round(time.monotonic() - began, 1),
        "rss_mb": round(server.rss_bytes() / 1e6, 3),
        "open_files": server.open_files(),
        "threads": server.threads(),
        "tasks": tasks(server.address),
        "redis_mb": round(int(used.partition(":")[2]) / 1e6, 3),
        "redis_keys": int(str(redis.ask("DBSIZE"))),
    }


def tasks(address: str) -> int:
    """Of the server's event loop, as it tells Prometheus."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("asocial_tasks "):
                return int(float(line.split()[1]))
    raise ValueError("/metrics has no asocial_tasks")


def turn(people: Crowd, every_s: float) -> dict[str, Any]:
    """Everybody talks for a while; then some go and others come."""
    talk = people.talk(MESSAGES_PER_S, every_s, cursors=CURSORS_PER_S, drafts=DRAFTS_PER_S, patience_s=10)
    gone = round(people.shape.everyone * CHURN_SHARE / CHANNELS) * CHANNELS
    people.drop(gone)
    people.connect()
    return talk


def soak(minutes: float, everyone: int, every_s: float) -> dict[str, Any]:
    shape = Shape(everyone // CHANNELS, CHANNELS)
    machine = facts()
    with contextlib.ExitStack() as stack:
        redis = RedisServer(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="asocial-bench-"))))
        stack.enter_context(running_redis(redis))
        os.sched_setaffinity(redis.pid, cores()[0])
        server = stack.enter_context(running(ASOCIAL, ["--redis-url", redis.url]))
        people = stack.enter_context(crowd([server.address], ASOCIAL.dialect, shape))
        people.connect()
        began = time.monotonic()
        samples, lost, wrong, sent, worst_p99 = [look(server, redis, began)], 0, 0, 0, 0.0
        while time.monotonic() - began < minutes * 60:
            talk = turn(people, every_s)
            sent, lost = sent + talk["sent"], lost + talk["lost"]
            wrong += talk["doubled"] + talk["disordered"] + talk["misrouted"]
            worst_p99 = max(worst_p99, talk["latency"]["p99_ms"])
            samples.append(look(server, redis, began))
            now = samples[-1]
            print(
                f"{now['at_s']:.0f} s: RSS {now['rss_mb']:.1f} MB, {now['open_files']} files, Redis "
                f"{now['redis_mb']:.1f} MB, {sent} messages, lost {lost}",
                file=sys.stderr,
                flush=True,
            )
    settled = [sample for sample in samples if sample["at_s"] >= minutes * 20]
    slopes = {
        f"{name}_per_10_min": round(slope_per_10_min([(sample["at_s"], sample[name]) for sample in settled]), 3)
        for name in ("rss_mb", "open_files", "threads", "tasks", "redis_mb", "redis_keys")
    }
    summary = {**slopes, "sent": sent, "lost": lost, "wrong": wrong, "worst_p99_ms": worst_p99, "minutes": minutes}
    return {
        "benchmark": "soak",
        "machine": machine,
        "plan": {
            "people": everyone,
            "channels": CHANNELS,
            "messages_per_s": MESSAGES_PER_S,
            "cursors_per_s": CURSORS_PER_S,
            "drafts_per_s": DRAFTS_PER_S,
            "churn_share": CHURN_SHARE,
            "every_s": every_s,
        },
        "summary": summary,
        "rows": samples,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--every", type=float, default=5.0, help="seconds of a turn")
    parser.add_argument("--name", default="soak", help="of the result file")
    parser.add_argument("--no-verdict", action="store_true", help="too short a run to judge the slope by")
    given = parser.parse_args()
    result = soak(given.minutes, given.people, given.every)
    summary = result["summary"]
    print(summary)
    print(f"written to {save(given.name, result)}", file=sys.stderr)
    flat = given.no_verdict or summary["rss_mb_per_10_min"] < RSS_LIMIT_MB_PER_10_MIN
    return 0 if flat and summary["lost"] == 0 and summary["wrong"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
