"""Control messages between processes."""

from __future__ import annotations

from asocial.service.control import ProfileChanged, decode_control, encode_control


def test_messages_survive_the_way_and_stand_on_a_line_each() -> None:
    one, two = ProfileChanged("ann", "Ann\nLee 🦊", "rust"), ProfileChanged("bob", "Bob", "teal")
    assert decode_control(encode_control(one) + encode_control(two)) == [one, two]


def test_a_type_of_a_later_version_is_skipped() -> None:
    known = ProfileChanged("ann", "Ann", "rust")
    assert decode_control(b'{"type":"from_the_future","x":1}\n' + encode_control(known)) == [known]
