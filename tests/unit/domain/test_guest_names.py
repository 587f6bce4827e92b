"""Names of guests in four languages (W123)."""

from __future__ import annotations

import pytest

from asocial.domain.guest_names import guest_name
from asocial.domain.profile import clean_name


@pytest.mark.parametrize("language", ["en", "de", "es", "ar"])
def test_w123_every_name_is_allowed_and_no_two_are_the_same(language: str) -> None:
    names = [guest_name(number, language) for number in range(4096)]
    assert len(set(names)) == 4096
    assert [clean_name(name) for name in names] == names


def test_w123_adjectives_follow_the_gender_of_the_animal() -> None:
    german = {guest_name(number, "de") for number in range(4096)}
    assert {"flinker Fuchs", "flinke Eule", "flinkes Reh"} <= german
    spanish = {guest_name(number, "es") for number in range(4096)}
    assert {"zorro astuto", "nutria astuta", "nutria audaz"} <= spanish


def test_w123_a_language_that_has_no_names_gets_english_ones() -> None:
    for language in ("", "fi", "x" * 5000, "en-GB", "EN", "-"):
        assert guest_name(7, language) == guest_name(7, "en")
    assert guest_name(7, "de-AT") == guest_name(7, "DE") == guest_name(7, "de") != guest_name(7, "en")
