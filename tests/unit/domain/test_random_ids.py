"""Random ids: their form, and that none is given out twice."""

from __future__ import annotations

import base64
import os
import re
import threading
import uuid
from collections.abc import Callable

import pytest

from asocial.domain.random_ids import random_hex, random_text, random_uuid


def test_the_ids_have_their_form() -> None:
    for _ in range(1000):
        assert re.fullmatch(r"[0-9a-f]{32}", random_hex())
        assert re.fullmatch(r"[A-Za-z0-9_-]{12}", random_text(12))
        assert re.fullmatch(r"[A-Za-z0-9_-]{16}", random_text(16))
        text = random_uuid()
        parsed = uuid.UUID(text)
        assert (str(parsed), parsed.version, parsed.variant) == (text, 4, uuid.RFC_4122)


@pytest.mark.parametrize(
    ("number", "bits", "fixed"),
    [
        (lambda: int(random_hex(), 16), 128, []),
        (lambda: uuid.UUID(random_uuid()).int, 128, [62, 63, 76, 77, 78, 79]),
        (lambda: int.from_bytes(base64.urlsafe_b64decode(random_text(16))), 96, []),
    ],
    ids=["hex", "uuid", "text"],
)
def test_every_bit_of_an_id_is_random(number: Callable[[], int], bits: int, fixed: list[int]) -> None:
    """`fixed`: the bits that are not: a UUID's version and variant."""
    ids = [number() for _ in range(2000)]
    counts = {bit: sum(each >> bit & 1 for each in ids) for bit in range(bits)}
    assert [bit for bit, count in counts.items() if not 700 < count < 1300] == fixed


@pytest.mark.parametrize("make", [random_hex, random_uuid, lambda: random_text(16)], ids=["hex", "uuid", "text"])
def test_threads_never_get_the_same_id(make: Callable[[], str]) -> None:
    found: list[str] = []

    def take() -> None:
        mine = [make() for _ in range(5000)]
        found.extend(mine)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == len(found) == 20_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("make", [random_hex, random_uuid, lambda: random_text(16)], ids=["hex", "uuid", "text"])
def test_a_forked_process_has_no_ids_of_its_parent(make: Callable[[], str]) -> None:
    make()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, make().encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        answer = answers.read().decode()
    os.waitpid(child, 0)
    assert answer
    assert answer not in {make() for _ in range(1000)}
