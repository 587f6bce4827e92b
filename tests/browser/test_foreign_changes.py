"""Others change the page's DOM: translators wrap texts, extensions move and remove elements. The page works on."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .conftest import LIFE_S, Join, Server, Visit
from .test_builds import title_of
from .watch import at_rest, case, say, until_seen

# As Google Translate does it: each text with letters becomes <font><font>text</font></font>, those that come later too.
TRANSLATE = r"""() => {
  const done = new WeakSet()
  const wrap = (text) => {
    const parent = text.parentElement
    if (done.has(text) || !/\p{L}/u.test(text.nodeValue) || !parent) return
    if (parent.closest('script, style, textarea, font, [translate=no], .notranslate')) return
    const outer = document.createElement('font')
    const inner = document.createElement('font')
    const translated = document.createTextNode(text.nodeValue.toUpperCase())
    done.add(translated)
    inner.append(translated)
    outer.append(inner)
    text.replaceWith(outer)
  }
  const walk = (root) => {
    if (root.nodeType === Node.TEXT_NODE) return wrap(root)
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
    const texts = []
    while (walker.nextNode()) texts.push(walker.currentNode)
    texts.forEach(wrap)
  }
  walk(document.body)
  new MutationObserver((changes) => {
    for (const { addedNodes, target, type } of changes) {
      if (type === 'characterData') walk(target)
      for (const node of addedNodes) if (node.isConnected) walk(node)
    }
  }).observe(document.body, { childList: true, subtree: true, characterData: true })
}"""

# Removes, moves elsewhere or wraps something, again and again; the same each time for one seed.
MEDDLE = """(seed) => {
  let state = seed
  const chance = (n) => (state = (state * 48271) % 2147483647) % n
  const change = () => {
    const all = [...document.querySelectorAll('#page *')]
    const node = all[chance(all.length)]
    const other = all[chance(all.length)]
    if (!node || !other) return
    const act = chance(4)
    if (act === 0) node.remove()
    else if (act === 1 && !node.contains(other)) other.append(node)
    else if (act === 2) {
      const wrapper = document.createElement('span')
      node.replaceWith(wrapper)
      wrapper.append(node)
    } else for (const text of node.childNodes) if (text.nodeType === Node.TEXT_NODE) text.remove()
  }
  window.meddle = async (changes) => {
    for (; changes > 0; changes -= 1) {
      change()
      await new Promise((done) => setTimeout(done))
    }
  }
}"""

PANELS = {
    "help": "help-panel",
    "settings": "settings-panel",
    "people": "roster",
    "share": "share-panel",
    "channels": "channels-panel",
    "history": "history-panel",
}
"""By the button that opens it."""


async def open_each_panel(page: Page) -> None:
    for button, panel in PANELS.items():
        await page.get_by_test_id(button).click()
        await expect(page.get_by_test_id(panel)).to_be_attached()
        await page.keyboard.press("Escape")
        await expect(page.get_by_test_id(panel)).to_have_count(0)


async def test_two_people_talk_while_their_pages_are_translated(visit: Visit, server: Server) -> None:
    ann, bob = await visit(), await visit(locale="de-DE")
    for page in (ann, bob):
        await page.evaluate(TRANSLATE)
    await say(ann, 300, 200, "a word")
    await until_seen(bob, "A WORD")
    await say(bob, 300, 400, "look, https://example.org is there")
    await expect(ann.get_by_test_id("link")).to_have_count(1)
    await ann.keyboard.type("still writing")
    await expect(bob.get_by_test_id("draft")).to_contain_text("still writing")
    for page in (ann, bob):
        await open_each_panel(page)
    await ann.context.set_offline(True)
    await expect(ann.get_by_test_id("connection")).not_to_have_attribute("data-state", "live")
    await ann.context.set_offline(False)
    await expect(ann.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    await server.pass_time(LIFE_S, ann)
    await expect(ann.get_by_test_id("message")).to_have_count(0)
    await expect(ann.get_by_test_id("caret")).to_have_value("still writing")
    # What changes shows its new text, once, in the translator's words.
    await expect(ann.get_by_test_id("roster-count")).to_have_text("2 HERE", use_inner_text=True)


async def test_no_text_with_letters_has_siblings(visit: Visit, join: Join) -> None:
    """React keeps a text beside others as a node of its own; wrapped, it can be neither changed nor removed."""
    ann, bob = await visit(), await join()
    await ann.evaluate(
        r"""() => {
          window.beside = new Set()
          const look = () => {
            const walker = document.createTreeWalker(document.getElementById('page'), NodeFilter.SHOW_TEXT)
            while (walker.nextNode()) {
              const { nodeValue, parentNode } = walker.currentNode
              if (/\p{L}/u.test(nodeValue) && parentNode.childNodes.length > 1) window.beside.add(parentNode.outerHTML)
            }
          }
          new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true })
          look()
        }"""
    )
    await bob.cursor((-300, -150))
    await bob.typing("see", message_id="see", at=(-200, -50))
    await expect(ann.get_by_test_id("draft")).to_contain_text("see")
    await bob.chat("see https://example.org now", message_id="see", at=(-200, -50))
    await expect(ann.get_by_test_id("link")).to_have_count(1)
    await open_each_panel(ann)
    assert await ann.evaluate("() => [...window.beside]") == []


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.repeats) for seed in (7, 42))])
async def test_whatever_is_removed_moved_or_wrapped_the_page_comes_back(visit: Visit, join: Join, seed: int) -> None:
    ann, bob = await visit(), await join()
    await say(ann, 300, 200, "before")
    await bob.receive("chat", where=lambda frame: frame["payload"] == "before")
    await ann.evaluate(MEDDLE, seed)
    # In a few rounds: a page that fails eight times in a row, each within two seconds, says so and stays away.
    for number in range(5):
        await bob.cursor((-190, -50 + number))
        await bob.chat(f"word {number}", at=(-200, -50))
        await ann.mouse.click(200 + 40 * number, 250)
        await ann.keyboard.type("x")
        await ann.evaluate("() => meddle(16)")
        await expect(ann.locator("#page .plane textarea")).to_have_count(1)
    # Whatever was left, it works again.
    await expect(ann.locator("#page .plane textarea")).to_have_count(1)
    await expect(ann.get_by_test_id("trouble")).to_be_hidden()
    await at_rest(ann)
    await ann.evaluate("() => document.querySelector('#page .page').remove()")
    await expect(ann.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    await say(ann, 300, 500, "after")
    await bob.receive("chat", where=lambda frame: "after" in frame["payload"])  # maybe with an "x" that was left


async def test_a_part_that_is_moved_elsewhere_brings_the_page_back(
    visit: Visit, join: Join, subtests: pytest.Subtests
) -> None:
    """It is still in the document, but not where it works."""
    ann, bob = await visit(), await join()
    for part in (".plane textarea", ".world", ".plane"):
        async with case(subtests, part, ann):
            await ann.mouse.click(300, 300)
            await ann.keyboard.type("half a thou")
            await ann.evaluate(
                "(part) => document.querySelector('#page .page').append(document.querySelector(part))", part
            )
            moved = ann.locator(f"#page .page > {part.removeprefix('.plane ')}:last-child")
            await expect(moved).to_have_count(0)
            await expect(ann.locator("#page main .plane textarea")).to_be_focused()
            await ann.keyboard.type("ght")
            await ann.keyboard.press("Enter")
            assert (await bob.receive("chat"))["payload"] == "half a thought"
        await ann.keyboard.press("Escape")


async def test_a_page_that_is_taken_out_comes_back_with_its_draft_on_the_same_connection(
    visit: Visit, join: Join
) -> None:
    ann, bob = await visit(), await join()
    sockets: list[str] = []
    ann.on("websocket", lambda socket: sockets.append(socket.url))
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("half a thou")
    for part in ("#page", ".page", "main", ".world", ".plane textarea"):
        await ann.evaluate("(part) => document.querySelector(part).remove()", part)
        caret = ann.get_by_test_id("caret")
        await expect(caret).to_have_value("half a thou")
        await expect(caret).to_be_focused()
    await ann.keyboard.type("ght")
    await ann.keyboard.press("Enter")
    assert (await bob.receive("chat"))["payload"] == "half a thought"
    assert sockets == []


async def test_a_page_that_fails_again_and_again_says_so_in_the_readers_language(visit: Visit) -> None:
    for locale, said, reads in (("en-GB", "stopped working", "ltr"), ("de-DE", "funktioniert nicht", "ltr"),
                                ("es-ES", "dejó de funcionar", "ltr"), ("ar-EG", "توقّفت", "rtl")):  # fmt: skip
        ann = await visit(locale=locale)
        await ann.evaluate("() => setInterval(() => document.querySelector('#page .world')?.remove(), 50)")
        title = title_of(ann)
        await expect(title).to_contain_text(said)
        await expect(title).to_have_css("direction", reads)
        await ann.get_by_test_id("trouble").get_by_role("button").click()
        await expect(ann.get_by_test_id("connection")).to_have_attribute("data-state", "live")
        await expect(ann.get_by_test_id("trouble")).to_be_hidden()
