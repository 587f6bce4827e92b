"""The embed script in Firefox, over the four pages of examples/embed: `make test-full`.

What a browser does differently is here: boxes, keys, focus, listeners. All else is in test_embed.py, in Chromium.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.firefox import ALT, CONTROL, ENTER, ESCAPE, SHIFT, Firefox, Page, running

from .embedding import LINE, NARROW, PAGES, RECORD, TARGETS, WIDE, Site, server, site

__all__ = ["server", "site"]

# Playwright's Chromium counts listeners itself (test_embed.py); here the page counts those of its own objects.
PRELOAD = """() => {
  const { attachShadow } = Element.prototype
  Element.prototype.attachShadow = function (options) { return attachShadow.call(this, { ...options, mode: 'open' }) }
  const { addEventListener, removeEventListener } = EventTarget.prototype
  const kept = new Set()
  window.listenersOfPage = () => kept.size
  const known = (target) => target === window || target === document || target === document.documentElement
    || target === document.body || target === window.visualViewport
  const keys = new Map()
  const keyOf = (target, type, listener, options) => {
    if (!keys.has(listener)) keys.set(listener, keys.size)
    const name = target === window ? 'window' : target.nodeName ?? 'viewport'
    return [name, type, keys.get(listener), Boolean(options?.capture ?? options === true)].join()
  }
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    if (known(this ?? window)) {
      const key = keyOf(this ?? window, type, listener, options)
      kept.add(key)
      if (options?.signal) addEventListener.call(options.signal, 'abort', () => kept.delete(key))
    }
    return addEventListener.call(this ?? window, type, listener, options)
  }
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    if (known(this ?? window)) kept.delete(keyOf(this ?? window, type, listener, options))
    return removeEventListener.call(this ?? window, type, listener, options)
  }
}"""
INSIDE = "document.querySelector('asocial-embed').shadowRoot.querySelector"
SAID = f"{INSIDE}('.item[data-kind=message]')"
LIVE = f"document.querySelector('asocial-embed') && {INSIDE}('.root[data-live][data-theme]')"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def started(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Firefox]:
    async with running(tmp_path_factory.mktemp("firefox"), PRELOAD) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def firefox(started: Firefox) -> AsyncIterator[Firefox]:
    yield started
    await started.close_pages()
    errors, started.errors[:] = [*started.errors], []
    assert not [each for each in errors if "favicon" not in each]


async def visit(firefox: Firefox, site: Site, name: str, viewport: dict[str, int]) -> Page:
    page = await firefox.open(f"{site.origin}/{name}", viewport)
    await page.until(f"!!({LIVE})")
    return page


async def box_of(page: Page, element: str) -> dict[str, float]:
    box: dict[str, float] = await page.evaluate(f"{element}.getBoundingClientRect().toJSON()")
    return box


def found(selector: str) -> str:
    return f"document.querySelector({selector!r})"


async def click(page: Page, element: str) -> None:
    box = await box_of(page, element)
    await page.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


async def say_at(page: Page, x: float, y: float, text: str) -> None:
    await click(page, f"{INSIDE}('.talk')")
    await page.click(x, y)
    await page.type(text)
    await page.press(ENTER)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("ann_has", "bob_has"), [(WIDE, NARROW), (NARROW, WIDE)], ids=["wide", "narrow"])
async def test_words_stand_at_the_same_paragraph_whatever_the_width(
    firefox: Firefox, site: Site, server: Any, name: str, ann_has: dict[str, int], bob_has: dict[str, int]
) -> None:
    ann, bob = await visit(firefox, site, name, ann_has), await visit(firefox, site, name, bob_has)
    await ann.until(f"{INSIDE}('.talk').textContent.includes('2')")
    target = found(TARGETS[name])
    for page in (ann, bob):
        await page.evaluate(f"{target}.scrollIntoView({{ block: 'center' }})")
    paragraph = await box_of(ann, target)
    await say_at(ann, paragraph["x"] + paragraph["width"] / 2, paragraph["y"] + paragraph["height"] / 2, "right here")
    for page, viewport in ((ann, ann_has), (bob, bob_has)):
        await page.until(f"{SAID}?.textContent.includes('right here') && {SAID}.style.visibility === 'visible'")
        there, said = await box_of(page, target), await box_of(page, SAID)
        middle = said["y"] + said["height"] / 2
        assert there["y"] - LINE <= middle <= there["y"] + there["height"] + LINE
        assert said["x"] >= 0
        assert said["x"] + said["width"] <= viewport["width"]
    # The page gets what is done on a message too.
    await bob.evaluate(f"({RECORD})()")
    await bob.click(said["x"] + said["width"] / 2, said["y"] + said["height"] / 2)
    await bob.click(30, 60)
    await bob.press("x")
    assert await bob.evaluate("got") == [["pointerdown", False], ["click", False]] * 2 + [["keydown", False]]


async def test_the_page_gets_all_of_its_own_clicks_and_keys(firefox: Firefox, site: Site, server: Any) -> None:
    ann = await visit(firefox, site, "app.html", WIDE)
    await click(ann, found("#list-next .card:nth-of-type(2)"))
    await ann.press("j")
    assert await ann.evaluate("[pressed, clicked.length]") == [["j"], 1]
    card = await box_of(ann, found("#list-later .card:nth-of-type(1)"))
    await say_at(ann, card["x"] + 50, card["y"] + 10, "n j k")
    await ann.until(f"{SAID}?.textContent.includes('n j k')")
    assert await ann.evaluate("[pressed, clicked.length]") == [["j"], 1]
    await ann.press(ESCAPE)
    await ann.until(f"!{INSIDE}('.root').hasAttribute('data-talking')")
    await ann.press("n")
    assert (await ann.evaluate("pressed"))[-1] == "n"
    await ann.press(CONTROL, SHIFT, "Y")
    await ann.until(f"{INSIDE}('.root').hasAttribute('data-talking')")


@pytest.mark.parametrize("name", PAGES)
async def test_destroy_leaves_nothing(firefox: Firefox, site: Site, server: Any, name: str) -> None:
    site.replace = {'<script src="http': '<script type="text/none" src="http'}
    bare = await firefox.open(f"{site.origin}/{name}", WIDE)
    before = await bare.evaluate("listenersOfPage()")
    site.replace = {}
    ann = await visit(firefox, site, name, WIDE)
    html = await ann.evaluate(
        "(() => { const copy = document.documentElement.cloneNode(true)\n"
        "copy.querySelector('asocial-embed').remove()\nreturn copy.outerHTML })()"
    )
    await say_at(ann, 500, 300, "hello")
    await ann.until(f"{SAID}?.textContent.includes('hello')")
    await ann.click(520, 420)
    await ann.type("half a")
    assert await ann.evaluate("listenersOfPage()") > before
    await ann.evaluate("asocial.destroy()")
    assert await ann.evaluate("document.documentElement.outerHTML") == html
    assert await ann.evaluate("listenersOfPage()") == before
    assert await ann.evaluate("[typeof window.asocial, document.cookie]") == ["undefined", ""]


async def test_a_key_turns_talking_on_and_the_focus_goes_back_to_the_page(
    firefox: Firefox, site: Site, server: Any
) -> None:
    ann = await visit(firefox, site, "documentation.html", WIDE)
    await ann.evaluate("document.querySelector('nav a').focus()")
    await ann.press(ALT, SHIFT, "T")
    await ann.until(f"{INSIDE}('.root').hasAttribute('data-talking')")
    await ann.click(600, 300)
    await ann.until(f"{INSIDE}('.caret input') === document.querySelector('asocial-embed').shadowRoot.activeElement")
    await ann.type("never mind")
    await ann.press(ESCAPE)
    await ann.until(f"!{INSIDE}('.caret')")
    assert await ann.evaluate("document.activeElement.textContent") == "Install"
