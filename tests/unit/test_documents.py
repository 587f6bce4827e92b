"""The documents: every link and every named file exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("benchmarks", "deploy", "docs", "examples", "experiments", "packages", "scripts", "src", "tests", "web")
SKIPPED = {".venv", "node_modules", "page", "results", "target", "__pycache__"}
TEXTS = {".css", ".lua", ".md", ".mjs", ".py", ".rs", ".ts", ".tsx", ".yaml", ".yml"}
DECISIONS = ROOT / "docs" / "decisions"


def texts(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in SKIPPED:
                yield from texts(path)
        elif path.suffix in TEXTS:
            yield path


FILES = [*sorted(ROOT.glob("*.md")), *(path for folder in FOLDERS for path in texts(ROOT / folder))]
PAGES = [path for path in FILES if path.suffix == ".md"]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings, and those that the page names."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return set(re.findall(r'<a id="([^"]+)">', text)) | {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{name_of(page)}: there is no {link}"
        if anchor:
            assert anchor in anchors(target), f"{name_of(page)}: {name_of(target.resolve())} has no heading #{anchor}"


def test_every_document_that_is_named_is_in_the_repository() -> None:
    """`docs/decisions/0005` names a page by the beginning of its name, where a line is too short for all of it."""
    for path in FILES:
        for name in re.findall(r"(?<![/\w])(?:docs|experiments)/[\w./-]*\w", path.read_text(encoding="utf-8")):
            assert list(ROOT.glob(f"{name}*")), f"{name_of(path)} names {name}, which does not exist"


def test_each_decision_has_a_number_of_its_own_and_is_in_the_list() -> None:
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    numbers = [page.name[:4] for page in pages]
    assert len(numbers) == len(set(numbers)), f"a number is used twice: {numbers}"
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    for page in pages:
        assert f"({page.name})" in index, f"docs/decisions/README.md does not list {page.name}"
        assert page.read_text(encoding="utf-8").startswith(f"# {page.name[:4]}: "), page.name


def test_every_path_that_a_page_names_is_in_the_repository() -> None:
    """In code style, from the root. NAME and the language `fr` stand for something; some folders are built."""
    built = ("src/asocial/page", "web/node_modules", "benchmarks/results/quick")
    for page in PAGES:
        if page.name == "CHANGELOG.md":
            continue
        for name in re.findall(
            r"`((?:benchmarks|deploy|docs|examples|packages|scripts|src|tests|web)/[\w./-]+)`", page.read_text()
        ):
            if name.startswith(built) or "NAME" in name or Path(name).stem == "fr":
                continue
            assert list(ROOT.glob(f"{name}*")), f"{name_of(page)} names {name}, which does not exist"
