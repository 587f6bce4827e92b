"""Every panel at every size and reading direction: nothing overlaps, nothing is cut off, all is in reach."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from .conftest import Join, Visit
from .watch import at_rest, case, say

DEVICES = {
    "mouse": {"desktop": (1440, 900)},
    "touch": {"tablet": (820, 1180), "phone": (375, 667), "landscape": (667, 375), "small": (320, 568)},
}
LOCALES = ["en-GB", "de-DE", "ar-EG"]
FEW = [("mouse", "de-DE"), ("touch", "ar-EG")]
"""German has the longest words, Arabic goes from right to left."""
EACH = [
    pytest.param(device, locale, marks=[] if (device, locale) in FEW else [pytest.mark.repeats])
    for device in DEVICES
    for locale in LOCALES
]
LONG = "a-channel-name-that-has-all-sixty-four-letters-which-it-may-have"
PANELS = {
    "share": ("share-panel", "close-panel"),
    "channels": ("channels-panel", "close-panel"),
    "people": ("roster", "close-panel"),
    "history": ("history-panel", "close-history"),
    "settings": ("settings-panel", "close-settings"),
    "help": ("help-panel", "close-help"),
}
IN_TOOLS = {"history", "settings", "help"}

# What is wrong with a panel, in words. Controls are scrolled into view one after the other and must then be hit where
# they are; what people wrote may be shortened (`translate="no"`), other text may not.
_AUDIT = """
(id) => {
  const panel = document.querySelector(`[data-testid="${id}"]`)
  const wrong = []
  const name = (each) =>
    each.dataset.testid || each.getAttribute('aria-label') || each.textContent.trim().slice(0, 40) || each.tagName
  const box = panel.getBoundingClientRect()
  if (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight)
    wrong.push(`the panel leaves the screen: ${[box.left, box.top, box.right, box.bottom].map(Math.round)}`)
  if (panel.scrollWidth > panel.clientWidth) wrong.push('the panel scrolls sideways')
  const shown = (each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  for (const each of panel.querySelectorAll('*')) {
    if (!shown(each) || each.closest('.sr-only, [translate="no"], svg') || each.matches('input, select')) continue
    const own = [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '')
    if (!own) continue
    const range = document.createRange()
    range.selectNodeContents(each)
    const text = range.getBoundingClientRect()
    if (text.left < box.left - 1 || text.right > box.right + 1) wrong.push(`${name(each)} is cut off by the panel`)
    if (getComputedStyle(each).overflowX !== 'visible' && each.scrollWidth > each.clientWidth + 1)
      wrong.push(`${name(each)} is cut off`)
  }
  const measure = document.createElement('canvas').getContext('2d')
  for (const each of panel.querySelectorAll('input[placeholder]')) {
    measure.font = getComputedStyle(each).font
    if (measure.measureText(each.placeholder).width > each.clientWidth) wrong.push(`${each.placeholder} is cut off`)
  }
  for (const each of panel.querySelectorAll('select')) {
    const style = getComputedStyle(each)
    measure.font = style.font
    const room = each.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
    const [choice] = each.selectedOptions
    if (choice && measure.measureText(choice.text).width > room) wrong.push(`${choice.text} is cut off`)
  }
  const CONTROLS = 'button, a[href], select, input:not(.sr-only), label:has(.sr-only)'
  const controls = [...panel.querySelectorAll(CONTROLS)].filter(
    (each) => each.checkVisibility({ visibilityProperty: true }) && !each.disabled,
  )
  for (const each of controls) {
    each.scrollIntoView({ block: 'nearest' })
    const { left, top, width, height } = each.getBoundingClientRect()
    const hit = document.elementFromPoint(left + width / 2, top + height / 2)
    const own = each.contains(hit) || [...(each.labels ?? [])].some((label) => label.contains(hit))
    if (!own) wrong.push(`${name(each)} cannot be pressed: ${hit ? name(hit) : 'nothing'} is there`)
  }
  const foot = (each) => each.closest('.panel-foot, footer, .sticky')
  for (const [i, a] of controls.entries()) {
    for (const b of controls.slice(i + 1)) {
      // Rows scroll under the one that stays in sight.
      if (a.contains(b) || b.contains(a) || foot(a) !== foot(b)) continue
      const [one, two] = [a.getBoundingClientRect(), b.getBoundingClientRect()]
      const over = Math.min(one.right, two.right) - Math.max(one.left, two.left)
      const down = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top)
      // The acts of a person lie over the name until the row is hovered.
      if (over > 1 && down > 1 && a.closest('li') !== b.closest('li'))
        wrong.push(`${name(a)} and ${name(b)} overlap`)
    }
  }
  const found = ['.scroll-more', '.scroll-end', '.panel-foot, footer'].map((each) => panel.querySelector(each))
  const [more, end, last] = found
  const top = (each) => each.getBoundingClientRect().top
  panel.scrollTop = 0
  const room = panel.scrollHeight - panel.clientHeight
  const edge = last ? top(last) : box.bottom
  if (room > 12 && (top(end) - top(more) < 10 || Math.abs(more.getBoundingClientRect().bottom - edge) > 1))
    wrong.push(`nothing at ${edge} says that there is more below: ${top(more)}, ${top(end)}`)
  panel.scrollTop = panel.scrollHeight
  if (Math.abs(top(end) - top(more)) > 1) wrong.push(`it says that there is more at its end: ${top(more)}, ${top(end)}`)
  panel.scrollTop = 0
  return wrong
}
"""


async def audit(page: Page, panel: str) -> list[str]:
    found: list[str] = await page.evaluate(_AUDIT, panel)
    return found


async def open_on(visit: Visit, device: str, locale: str) -> Page:
    """A page in a channel with a long name, to be resized to each of the device's sizes."""
    touch = device == "touch"
    return await visit(f"/c/{LONG}", has_touch=touch, is_mobile=touch, locale=locale)


async def resize(page: Page, size: tuple[int, int]) -> None:
    await page.set_viewport_size({"width": size[0], "height": size[1]})


async def press(target: Locator) -> None:
    """As a hand does: where the element is now."""
    touch = await target.evaluate("() => matchMedia('(pointer: coarse)').matches")
    await (target.tap() if touch else target.click())


async def open_panel(page: Page, panel: str) -> None:
    if panel in IN_TOOLS and await page.get_by_test_id("tools").is_visible():
        await press(page.get_by_test_id("tools"))
    await press(page.get_by_test_id(panel))
    await expect(page.get_by_test_id(PANELS[panel][0])).to_be_visible()
    await at_rest(page)


async def within_reach(page: Page, test_id: str) -> bool:
    """Whether all of it is on the screen and under no other element, without scrolling."""
    found: bool = await page.get_by_test_id(test_id).first.evaluate(
        """(element) => {
          const { left, top, right, bottom } = element.getBoundingClientRect()
          const whole = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight
          // Not at its corners, which may be round.
          const [x, y] = [(left + right) / 2, (top + bottom) / 2]
          const inside = [[x, y], [left + 2, y], [right - 2, y], [x, top + 2], [x, bottom - 2]]
          return whole && inside.every(([x, y]) => element.contains(document.elementFromPoint(x, y)))
        }"""
    )
    return found


async def help_teaches(page: Page, *, gestures: bool) -> None:
    """Gestures on a touch screen, keys elsewhere."""
    await open_panel(page, "help")
    sheet = page.get_by_test_id("help-panel")
    if gestures:
        await expect(sheet.locator("kbd")).to_have_count(0)
        await expect(sheet.locator("dt").first).to_be_visible()
        # A tablet may have a keyboard.
        await page.get_by_test_id("help-other").tap()
        await expect(sheet.locator("kbd").first).to_be_visible()
        assert await audit(page, "help-panel") == []
    else:
        await expect(sheet.locator("kbd").first).to_be_visible()
        await expect(page.get_by_test_id("help-other")).to_have_count(0)
    await press(page.get_by_test_id("close-help"))


@pytest.mark.parametrize(("device", "locale"), EACH)
async def test_every_panel_fits_and_its_last_button_closes_it(
    visit: Visit, subtests: pytest.Subtests, device: str, locale: str
) -> None:
    page = await open_on(visit, device, locale)
    # The owner's controls are part of the panel of the people.
    await open_panel(page, "people")
    await press(page.get_by_test_id("claim"))
    await expect(page.get_by_test_id("owner")).to_be_visible()
    await page.get_by_test_id("private").click()
    await expect(page.get_by_test_id("invite")).to_be_visible()
    await press(page.get_by_test_id("close-panel"))
    await say(page, 500, 350, "a line that is somewhat longer than most")
    await page.keyboard.press("Escape")
    for size, (width, height) in DEVICES[device].items():
        await resize(page, (width, height))
        await page.mouse.move(2, height / 2)
        for panel, (test_id, done) in PANELS.items():
            async with case(subtests, f"{panel}, {size}", page):
                await open_panel(page, panel)
                assert await within_reach(page, done), "its Done is in sight"
                assert await audit(page, test_id) == []
                if panel == "people":
                    await expect(page.get_by_test_id("invite")).to_be_visible()
                    # The focus changes no corner.
                    await page.keyboard.press("Tab")
                    await page.get_by_test_id(test_id).focus()
                    await expect(page.locator(f'[data-testid="{test_id}"]:focus-visible')).to_have_css(
                        "border-radius", "16px"
                    )
                if panel == "share":
                    assert await within_reach(page, "qr"), "all of the code is seen"
                    assert await within_reach(page, "copy-link")
                    code = await page.get_by_test_id("qr").bounding_box()
                    assert code is not None
                    assert code["width"] >= 150, "a camera can read it"
                await press(page.get_by_test_id(done))
                await expect(page.get_by_test_id(test_id)).to_have_count(0)
    with subtests.test("help teaches gestures on a touch screen and keys elsewhere", size=size):
        await help_teaches(page, gestures=device == "touch")


async def test_the_commands_fit_a_low_window(visit: Visit) -> None:
    page = await visit()
    await resize(page, (900, 420))
    await page.keyboard.press("Control+k")
    await expect(page.get_by_test_id("commands-panel")).to_be_visible()
    await at_rest(page)
    assert await audit(page, "commands-panel") == []


@pytest.mark.parametrize(("device", "locale"), EACH)
async def test_a_long_name_covers_neither_share_nor_the_people(
    visit: Visit, join: Join, subtests: pytest.Subtests, device: str, locale: str
) -> None:
    page = await open_on(visit, device, locale)
    for number in range(8):
        await join(LONG, name=f"somebody {number} with a long name")
    await expect(page.get_by_test_id("roster-count")).to_have_attribute("data-count", "9")
    for size, at in DEVICES[device].items():
        await resize(page, at)
        async with case(subtests, size, page):
            await at_rest(page)
            for each in ("channel", "share", "people"):
                assert await within_reach(page, each), each
            # Nor while the panel that it opens is there.
            for panel in ("share", "channels"):
                await open_panel(page, panel)
                for each in ("channel", "share"):
                    assert await within_reach(page, each), each
                await press(page.get_by_test_id("close-panel"))
