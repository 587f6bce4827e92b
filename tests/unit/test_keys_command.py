"""`asocial keys create`: it prints a key and the entry that the configuration holds."""

from __future__ import annotations

import pytest

from asocial.cli import main
from asocial.domain.api_keys import ApiKeys, parse


@pytest.mark.parametrize(
    ("arguments", "rights", "channels"),
    [
        (["--channels", "build-*,ops"], "write", ("build-*", "ops")),
        (["--channels", "ops", "--rights", "read"], "read", ("ops",)),
        (["--operator"], "operator", ("*",)),
    ],
)
def test_the_printed_key_and_entry_belong_together(
    capsys: pytest.CaptureFixture[str], arguments: list[str], rights: str, channels: tuple[str, ...]
) -> None:
    assert main(["keys", "create", "ci", *arguments]) == 0
    text, entry = (line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("    "))
    key = ApiKeys([parse(entry)]).find(text)
    assert key is not None
    assert (key.rights, key.channels) == (rights, channels)


@pytest.mark.parametrize("arguments", [[], ["--channels", "ops", "--operator"], ["--channels", "a b"]])
def test_a_key_is_for_channels_or_for_an_operator(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    try:
        code: object = main(["keys", "create", "ci", *arguments])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert capsys.readouterr().out == ""
