"""Which frames of other processes have arrived in a channel, by the numbers that their publishers give them.

A publisher numbers the reliable frames of a channel one by one, and each batch carries a span of numbers. So the frames
that arrived are a few spans: one, unless something was lost.
"""

from __future__ import annotations

MAX_PUBLISHERS = 64
MAX_SPANS = 16
"""More publishers or gaps than a few seconds can bring. Above, the oldest are dropped."""


class Received:
    __slots__ = ("_spans",)

    def __init__(self) -> None:
        self._spans: dict[bytes, list[tuple[int, int]]] = {}

    def __bool__(self) -> bool:
        """Whether anything has arrived."""
        return bool(self._spans)

    def add(self, publisher: bytes, number: int, count: int) -> bool:
        """Record that `count` frames arrived, numbered from `number`. False if some of them had arrived before."""
        end = number + count
        spans = self._spans.get(publisher)
        if spans is None:
            while len(self._spans) >= MAX_PUBLISHERS:
                del self._spans[next(iter(self._spans))]
            spans = self._spans[publisher] = []
        if any(number < known_end and known < end for known, known_end in spans):
            return False
        if spans and spans[-1][1] == number:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((number, end))
            del spans[:-MAX_SPANS]
        return True

    def mark_received_up_to(self, publisher: bytes, number: int) -> None:
        """All frames up to `number`, included, have arrived or are not expected any more."""
        later = [span for span in self._spans.pop(publisher, ()) if span[0] > number]
        self._spans[publisher] = [(0, number + 1), *later]

    def copy(self) -> Received:
        """A copy of the current state."""
        other = Received()
        other._spans = {publisher: spans.copy() for publisher, spans in self._spans.items()}
        return other

    def forget(self, publisher: bytes) -> None:
        self._spans.pop(publisher, None)

    def has(self, publisher: bytes, number: int) -> bool:
        return any(known <= number < end for known, end in self._spans.get(publisher, ()))
