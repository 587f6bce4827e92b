"""What one process stores for admissions, and for how long. (The contract suite tests the decisions.)"""

from __future__ import annotations

from msgspec.structs import replace

from asocial.domain.admission import MessageLimiter, MessageLimits, Posting
from asocial.domain.fairness import MINUTE_MS

START = 10_000 * MINUTE_MS
LIMITS = MessageLimits(100, 1000, 200)


def test_w72_finished_windows_are_forgotten() -> None:
    admissions = MessageLimiter()
    for number in range(20_000):
        now = START + number * 1000
        user = f"u{number}"
        posting = Posting("chat", f"c{number}", user, f"a{number}", "m", 1000, now, now + 5000, "hi")
        admissions.admit(posting, LIMITS, now)
        admissions.admit(replace(posting, kind="draft", message_id="d"), LIMITS, now)

    def held() -> list[int]:
        counted = (admissions._windows._windows, admissions._channels, admissions._slots, admissions._drafts)
        return [len(each) for each in counted]

    assert all(size < 3000 for size in held()), held()
    admissions.clear()
    assert held() == [0, 0, 0, 0]
