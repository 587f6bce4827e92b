"""The TypeScript types of the frames (scripts/client_types.py)."""

from __future__ import annotations

import msgspec
import pytest

from scripts import client_types


def test_the_client_has_the_types_of_this_servers_frames() -> None:
    assert client_types.TARGET.read_text() == client_types.typescript(), "run `make types`"


def test_a_field_that_holds_encoded_json_must_say_what_is_in_it() -> None:
    class Frame(msgspec.Struct, tag="frame"):
        points: msgspec.Raw

    with pytest.raises(KeyError, match="points"):
        client_types.Writer().add(Frame)


def test_a_type_without_a_counterpart_is_refused() -> None:
    class Frame(msgspec.Struct, tag="frame"):
        at: set[int]

    with pytest.raises(TypeError, match=r"Frame\.at: no TypeScript type"):
        client_types.Writer().add(Frame)
