"""Counts and logs every refused connection: one metric, one kind of log line (W88).

The counter is exact. Log lines are limited for each code, so that a flood of refusals does not flood the log; the next
line says how many were left out.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from ... import logs
from ...domain.errors import Refusal
from ...domain.limits import TokenBucket
from ...service.counters import Counters
from .refusals import wire_code_of

LINES_PER_SECOND = 0.5
LINES_AT_ONCE = 5
VALUE_CHARACTERS = 400
"""What a client sent is logged up to this length."""
_WARNINGS = frozenset({"origin_forbidden", "host_not_allowed", "identity_unavailable"})
"""Codes that usually mean a wrong setting or an unavailable service: logged as warnings."""

log = logs.get(__name__)


class RefusalLog:
    """`now_s`: any monotonic clock."""

    def __init__(self, counters: Counters, now_s: Callable[[], float] = time.monotonic) -> None:
        self._counters = counters
        self._now_s = now_s
        self._buckets: dict[str, TokenBucket] = {}
        self._left_out: Counter[str] = Counter()

    def count(self, refusal: Refusal) -> None:
        """A request was answered with this refusal."""
        code = wire_code_of(refusal)
        self._counters.errors[code] += 1
        self.note(code, refusal.message, **refusal.log_fields)

    def note(self, code: str | int, reason: str, **fields: object) -> None:
        """A request or a connection was refused with this code (W1, W28). `fields`: the client, and what it sent."""
        name, now_s = str(code), self._now_s()
        self._counters.refusals[name] += 1
        bucket = self._buckets.setdefault(name, TokenBucket(LINES_PER_SECOND, LINES_AT_ONCE, now_s))
        if bucket.take(now_s):
            self._left_out[name] += 1
            return
        if left_out := self._left_out.pop(name, 0):
            fields["left_out"] = left_out
        write = log.warning if name in _WARNINGS else log.info
        fields = {key: _printable(value) for key, value in fields.items()}
        write("connection refused", code=code, reason=_printable(reason), **fields)


def _printable(value: object) -> object:
    if not isinstance(value, str):
        return value
    return "".join(sign if sign.isprintable() else "?" for sign in value[:VALUE_CHARACTERS])
