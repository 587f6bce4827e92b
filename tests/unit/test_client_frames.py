"""The Python client's frame types are generated from the server's."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from asocial.protocol import schema
from scripts import client_frames


def test_the_file_is_what_the_script_writes() -> None:
    assert client_frames.main(["--check"]) == 0


def test_a_stale_file_fails_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = tmp_path / "frames.py"
    stale.write_text(client_frames.TARGET.read_text().replace("    seq: int\n", "", 1))
    monkeypatch.setattr(client_frames, "TARGET", stale)
    assert client_frames.main(["--check"]) == 1
    output = capsys.readouterr().out
    assert "+    seq: int" in output
    assert "run make client-frames" in output


def test_a_type_that_it_cannot_write_is_an_error() -> None:
    class Odd(msgspec.Struct):
        content: bytes

    with pytest.raises(TypeError, match="cannot write the type"):
        client_frames._struct(Odd)


def test_every_frame_of_the_server_is_there() -> None:
    written = client_frames.source()
    for frame in (*schema.ClientFrame.__args__, *schema.ServerFrame.__args__):
        assert f'tag="{frame.__struct_config__.tag}"' in written, frame
