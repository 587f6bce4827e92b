"""The vectors in tests/vectors/sealed.json, which the TypeScript client passes too (W190, W191, W195)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asocial_client.sealed.box import Place, open_box, seal
from asocial_client.sealed.link import SealedLink, decode, sealed_link

from tests.vectors import make_sealed

VECTORS: dict[str, Any] = json.loads(make_sealed.FILE.read_text(encoding="utf-8"))
GARDEN = SealedLink.read(VECTORS["links"][0]["fragment"])


def test_the_file_is_what_its_program_makes() -> None:
    assert make_sealed.FILE.read_text(encoding="utf-8") == make_sealed.text()


@pytest.mark.parametrize("vector", VECTORS["links"], ids=lambda vector: vector["name"])
def test_w190_w191_links_give_the_same_channel_and_key(vector: dict[str, str]) -> None:
    link = SealedLink.read(vector["fragment"] + "@120,-40,1")
    assert (link.name, link.secret) == (vector["name"], decode(vector["secret"]))
    assert (link.fragment, link.channel, link.key) == (vector["fragment"], vector["channel"], decode(vector["key"]))


@pytest.mark.parametrize("number", range(len(VECTORS["damaged_links"])))
def test_w190_a_damaged_link_says_so(number: int) -> None:
    with pytest.raises(ValueError, match="damaged"):
        sealed_link(f"https://talk.example/s/#{VECTORS['damaged_links'][number]}")


@pytest.mark.parametrize("at", range(len("garden.") + 48))
def test_w190_one_wrong_character_anywhere_is_noticed(at: int) -> None:
    good = GARDEN.fragment
    for other in "AbZ9_":
        if other != good[at]:
            with pytest.raises(ValueError, match="damaged"):
                SealedLink.read(good[:at] + other + good[at + 1 :])


def test_w190_other_addresses_are_no_sealed_links() -> None:
    assert sealed_link("https://talk.example/c/garden#1,2,1") is None
    assert sealed_link("talk.example") is None


def test_w190_new_links_differ_and_show_no_secret() -> None:
    one, two = SealedLink.new("garden"), SealedLink.new("garden")
    assert one.channel != two.channel
    assert one.fragment[7:] not in repr(one)
    assert SealedLink.read(one.fragment) == one


@pytest.mark.parametrize("vector", VECTORS["boxes"], ids=lambda vector: vector["kind"])
def test_w195_boxes_are_made_and_opened_the_same(vector: dict[str, Any]) -> None:
    place = Place(GARDEN.channel, *(vector[field] for field in ("user_id", "kind", "message_id", "direction")))
    stream = decode(VECTORS["stream"])
    content = vector["content"].encode()
    nonce = decode(vector["nonce"])
    assert seal(GARDEN.key, place, stream, vector["counter"], content, nonce=nonce) == vector["box"]
    assert open_box(GARDEN.key, place, vector["box"]) == (stream, vector["counter"], content)
