"""Random ids: their form, and that no block of random bytes is used twice."""

from __future__ import annotations

import os
import re
import threading
import uuid

import pytest

from asocial.domain import random_ids
from asocial.domain.random_ids import random_hex, random_text, random_uuid


def test_the_ids_have_their_form() -> None:
    for _ in range(1000):
        assert re.fullmatch(r"[0-9a-f]{32}", random_hex())
        assert re.fullmatch(r"[A-Za-z0-9_-]{12}", random_text(9))
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", random_text(16))
        text = random_uuid()
        parsed = uuid.UUID(text)
        assert (str(parsed), parsed.version, parsed.variant) == (text, 4, uuid.RFC_4122)


def test_every_bit_of_an_id_is_random() -> None:
    ids = [int(random_hex(), 16) for _ in range(2000)]
    for bit in range(128):
        assert 700 < sum(each >> bit & 1 for each in ids) < 1300
    assert {uuid.UUID(random_uuid()).bytes[8] >> 4 for _ in range(500)} == {0x8, 0x9, 0xA, 0xB}


def test_threads_never_get_the_same_block() -> None:
    found: list[str] = []

    def take() -> None:
        mine = [random_hex() for _ in range(5000)]
        found.extend(mine)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == len(found) == 20_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_starts_without_the_blocks_of_its_parent() -> None:
    random_hex()
    waiting = len(random_ids._blocks)
    assert waiting
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, bytes([len(random_ids._blocks) == 0]) + random_hex().encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    assert answer[0] == 1
    assert len(random_ids._blocks) == waiting
    assert answer[1:].decode() not in {random_hex() for _ in range(waiting)}
