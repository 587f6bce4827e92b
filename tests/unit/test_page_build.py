"""The page's build keeps the hashed files of the previous build (scripts/page.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import page


def built(folder: Path, *names: str) -> Path:
    (folder / "assets").mkdir(parents=True)
    for name in names:
        (folder / "assets" / name).write_text(f"{name} of {folder.name}")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "assets").iterdir())


def test_the_files_of_the_previous_build_are_shipped_too(tmp_path: Path) -> None:
    old = built(tmp_path / "old", "index-AAAA.js", "index-AAAA.js.br", "font-CCCC.woff2")
    new = built(tmp_path / "new", "index-BBBB.js", "font-CCCC.woff2")
    page.take_over(page.previous_files(str(old)), new)
    assert names(new) == ["font-CCCC.woff2", "index-AAAA.js", "index-AAAA.js.br", "index-BBBB.js"]
    # The same name is the same content: what this build made stays.
    assert (new / "assets" / "font-CCCC.woff2").read_text() == "font-CCCC.woff2 of new"


def test_only_the_previous_build_is_kept(tmp_path: Path) -> None:
    first = built(tmp_path / "first", "index-1111.js")
    second = built(tmp_path / "second", "index-2222.js")
    third = built(tmp_path / "third", "index-3333.js")
    page.take_over(page.previous_files(str(first)), second)
    page.take_over(page.previous_files(str(second)), third)
    assert names(third) == ["index-2222.js", "index-3333.js"]


def test_without_previous_files_nothing_is_added(tmp_path: Path) -> None:
    new = built(tmp_path / "new", "index-BBBB.js")
    page.take_over(page.previous_files(None), new)
    page.take_over(page.previous_files(""), new)
    assert names(new) == ["index-BBBB.js"]


def test_a_change_of_the_client_is_a_change_of_the_page() -> None:
    assert page.CLIENT / "src" / "core" / "frames.ts" in set(page.sources())
    assert not [path for path in page.sources() if "dist" in path.parts], "what is built is no source"


def test_a_folder_that_is_no_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(page.PageError, match="has no assets/ in it"):
        page.previous_files(str(tmp_path))
