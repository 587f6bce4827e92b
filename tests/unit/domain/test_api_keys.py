"""API keys: their text, their entry in the configuration, and the channels that they are for."""

from __future__ import annotations

import hmac
from types import SimpleNamespace

import pytest

from asocial.domain.api_keys import ApiKeys, parse
from asocial.domain.ids import is_id, may_be_claimed
from tests.support.api_keys import create


def test_a_key_is_found_by_its_text_alone() -> None:
    key, text = create("ci", "write", ["build-*", "ops"])
    other, other_text = create("cd", "read", ["*"])
    keys = ApiKeys([parse(key.entry), parse(other.entry)])
    assert keys.find(text) == key
    assert keys.find(other_text) == other
    assert text.removeprefix("ask_ci_") not in key.entry
    for wrong in ("", text[:-1], text + "A", text.replace("ask_ci", "ask_cd"), text.replace("ask_ci", "ask_no"), "é"):
        assert keys.find(wrong) is None


def test_a_key_posts_under_an_id_that_nobody_can_claim() -> None:
    key, _ = create("n" * 32, "write", ["ops"])
    assert is_id(key.user_id)
    assert not may_be_claimed(key.user_id)


@pytest.mark.parametrize(
    ("channel", "covered"),
    [("build-1", True), ("build-", True), ("ops", True), ("Ops", False), ("ops2", False), ("xbuild-1", False)],
)
def test_a_key_is_for_the_channels_it_names(channel: str, covered: bool) -> None:
    key, _ = create("ci", "write", ["build-*", "ops"])
    assert key.covers(channel) is covered


HASH = "0" * 64


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("", "NAME:RIGHTS:CHANNELS:HASH"),
        (f"ci:write:ops:{HASH}:more", "NAME:RIGHTS:CHANNELS:HASH"),
        (f"c_i:write:ops:{HASH}", "the name of a key"),
        (f":write:ops:{HASH}", "the name of a key"),
        (f"ci:admin:ops:{HASH}", "read, write or operator"),
        (f"ci:write::{HASH}", "each channel of a key"),
        (f"ci:write:ops+[ab]:{HASH}", "each channel of a key"),
        ("ci:write:ops:abc", "64 characters"),
    ],
)
def test_a_wrong_entry_is_explained(entry: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse(entry)


def test_two_keys_of_one_name_are_refused() -> None:
    key, _ = create("ci", "write", ["ops"])
    with pytest.raises(ValueError, match="'ci'"):
        ApiKeys([key, key])


def test_w133_an_unknown_name_costs_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    key, text = create("ci", "write", ["*"])
    keys, compared = ApiKeys([key]), []

    def compare(one: str, other: str) -> bool:
        compared.append(len(one) == len(other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr("asocial.domain.api_keys.hmac", SimpleNamespace(compare_digest=compare))
    assert keys.find(text) is key
    assert keys.find(text.replace("ci", "no")) is None
    assert compared == [True, True]


def test_w136_an_operators_key_is_for_all_channels() -> None:
    key, text = create("ann", "operator", ["*"])
    assert key.entry.startswith("ann:operator:*:")
    assert ApiKeys([parse(key.entry)]).find(text) == key
    with pytest.raises(ValueError, match="operator's key is for all channels"):
        create("ann", "operator", ["garden"])
