"""docs/guide/embed.md: a site's author who does what it says, block by block, gets what it says."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Page, expect

from tests.support.markdown_blocks import blocks, replaced

from .conftest import Server
from .embedding import SAID, Open, Site, server, site, visit_site

__all__ = ["server", "site", "visit_site"]

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide" / "embed.md"
ALLOW, TAG, OWNERS, POLICY, PINNED, ANCESTORS, BOX = blocks(GUIDE)
TEXT = GUIDE.read_text(encoding="utf-8")
SITE, TALK = "https://site.example", "https://talk.example"
LIVE = "asocial-embed .root[data-live]"


def setting(text: str) -> dict[str, str]:
    """`ASOCIAL_NAME=value` as a flag of the server."""
    name, value = text.strip().split("=", 1)
    return {name.removeprefix("ASOCIAL_").lower(): value}


def page_with(site: Site, tag: str) -> None:
    """The article, with a tag of the guide in place of its own."""
    site.replace = {f'<script src="{site.server_url}/embed.js"  async></script>': tag}


async def live(page: Page) -> None:
    await page.wait_for_selector(LIVE, state="attached")


async def test_a_reader_of_the_guide_gets_what_it_says(visit_site: Open, site: Site, server: Server) -> None:
    await server.restart(**setting(replaced(ALLOW, {SITE: site.origin})))
    page_with(site, replaced(TAG, {TALK: site.server_url}))
    ann = await visit_site("article.html")
    await ann.keyboard.press("Alt+Shift+T")
    await ann.mouse.click(500, 300)
    await ann.keyboard.type("as the guide says")
    await ann.keyboard.press("Enter")
    await expect(ann.locator(f"asocial-embed {SAID}")).to_contain_text("as the guide says")

    site.headers = {
        "Content-Security-Policy": replaced(
            POLICY, {TALK: site.server_url, "wss://talk.example": site.server_url.replace("http", "ws")}
        ).strip()
    }
    made = await (await ann.request.get(f"{site.server_url}/embed.json")).json()
    tag = replaced(PINNED, {f"{TALK}/assets/embed-HASH.js": site.server_url + made["src"]})
    page_with(site, tag.replace("sha384-...", made["integrity"]))
    await ann.goto(f"{site.origin}/article.html")
    await live(ann)
    site.headers = {}

    page_with(site, replaced(TAG, {TALK: site.server_url, " async": ' data-channel="docs" async'}))
    await ann.goto(f"{site.origin}/article.html")
    await live(ann)
    assert await ann.evaluate("asocial.channel") == "embed-docs"
    await server.restart(**setting(replaced(OWNERS, {"USER_ID": await ann.evaluate("asocial.userId")})))
    await ann.reload()
    await live(ann)
    await ann.evaluate("asocial.open()")
    await expect(ann.locator("asocial-embed .clear")).to_have_text("Remove all messages")

    await server.restart(**setting(replaced(ANCESTORS, {SITE: site.origin})))
    page_with(site, replaced(BOX, {TALK: site.server_url}))
    await ann.goto(f"{site.origin}/article.html")
    await expect(ann.frame_locator("iframe").get_by_test_id("channel")).to_have_text("garden")


async def test_the_guide_names_every_option_and_every_call(visit_site: Open) -> None:
    listed = set(re.findall(r"^\| `data-([\w-]+)`", TEXT, re.MULTILINE))
    source = (ROOT / "web" / "embed" / "options.ts").read_text(encoding="utf-8")
    read = {
        re.sub(r"[A-Z]", lambda letter: f"-{letter[0].lower()}", name) for name in re.findall(r"data\.(\w+)", source)
    }
    assert listed == read
    ann = await visit_site("article.html")
    calls = {name for line in TEXT.splitlines() if line.startswith("|") for name in re.findall(r"asocial\.(\w+)", line)}
    assert calls == set(await ann.evaluate("Object.keys(asocial)"))
