"""What one process remembers of admissions: as little as still counts. (The decisions are the contract suite's.)"""

from __future__ import annotations

from msgspec.structs import replace

from asocial.domain.admission import Admissions, MessageLimits, Posting
from asocial.domain.fairness import MINUTE_MS

START = 10_000 * MINUTE_MS
LIMITS = MessageLimits(100, 1000, 200)


def test_w72_what_is_over_is_forgotten() -> None:
    admissions = Admissions()
    for number in range(20_000):
        now = START + number * 1000
        user = f"u{number}"
        posting = Posting("chat", f"c{number}", user, f"a{number}", "m", 1000, now, now + 5000, "hi")
        admissions.admit(posting, LIMITS, now)
        admissions.admit(replace(posting, kind="draft", message_id="d"), LIMITS, now)
    held = {name: len(getattr(admissions, name)) for name in ("_windows", "_channels", "_slots", "_drafts")}
    assert all(size < 3000 for size in held.values()), held
    admissions.clear()
    assert not any(len(getattr(admissions, name)) for name in held)
