"""Public user ids, and which users a list entry matches (W60, W62)."""

from __future__ import annotations

import pytest

from asocial.domain.identity import is_one_of, opaque_id
from asocial.domain.ids import is_id


def test_w60_an_opaque_id_is_an_id_that_depends_on_key_issuer_and_subject() -> None:
    ids = [opaque_id(*parts) for parts in (
        (b"k", "https://a", "ann"), (b"l", "https://a", "ann"), (b"k", "https://b", "ann"), (b"k", "https://a", "bob"),
        (b"k", "https://a\nann", ""),
    )]  # fmt: skip
    assert len(set(ids[:4])) == 4
    assert all(is_id(one) and len(one) == 20 for one in ids)
    assert ids[0] == opaque_id(b"k", "https://a", "ann")


@pytest.mark.parametrize(
    ("who", "claims", "means"),
    [
        ("ann", {}, True),
        ("bob", {}, False),
        ("sub=ann", {}, False),
        ("role=owner", {"role": "owner"}, True),
        ("role=owner", {"role": "owners"}, False),
        ("role=owner", {"role": ["guest", "owner"]}, True),
        ("role=owner", {"role": []}, False),
        ("role=None", {}, False),
        ("role=None", {"role": None}, False),
        ("level=3", {"level": 3}, True),
        ("staff=true", {"staff": True}, True),
        ("staff=1", {"staff": True}, False),
        ("staff=True", {"staff": True}, False),
        ("a=b=c", {"a": "b=c"}, True),
        ("role=x", {"role": {"x": "x"}}, False),
    ],
)
def test_w62_an_entry_matches_its_users(who: str, claims: dict[str, object], means: bool) -> None:
    assert is_one_of(who, "ann", claims) is means
