"""How much of the text on a page is covered by other text, and how far text is from its point."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

_MEASURE = """
() => {
  const texts = []
  const leashes = []
  const names = []
  let dots = 0
  const messages = '[data-testid="message"], [data-testid="draft"], .caret[data-open]'
  for (const each of document.querySelectorAll(messages)) {
    const words = each.querySelector('.words')
    const box = words.getBoundingClientRect()
    if (box.width === 0) { dots += 1; continue }
    const point = each.getBoundingClientRect()
    const x = getComputedStyle(words).direction === 'rtl' ? box.right : box.left
    if (!each.matches('.caret')) leashes.push(Math.hypot(x - point.left, box.top + 14 - point.top))
    const rects = []
    for (const part of each.querySelectorAll('.words:not(textarea), .author')) {
      const range = document.createRange()
      range.selectNodeContents(part)
      rects.push(...range.getClientRects())
    }
    texts.push(rects)
    names.push(words.textContent)
  }
  let area = 0
  let covered = 0
  const pairs = []
  texts.forEach((rects, i) => {
    texts.forEach((others, j) => {
      let common = 0
      for (const a of rects) {
        if (j === i) area += a.width * a.height
        if (j <= i) continue
        for (const b of others) {
          const x = Math.min(a.right, b.right) - Math.max(a.left, b.left)
          const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
          // Line boxes are a little higher than letters.
          if (x > 0 && y > 2) common += x * y
        }
      }
      if (common > 0) pairs.push([names[i], names[j]])
      covered += common
    })
  })
  const dotsOnText = [...document.querySelectorAll('.dot')].filter((dot) => {
    const { left, top, right, bottom } = dot.getBoundingClientRect()
    return right > left && texts.flat().some((text) =>
      Math.min(text.right, right) - Math.max(text.left, left) > 2 &&
      Math.min(text.bottom, bottom) - Math.max(text.top, top) > 4)
  }).length
  return { area, covered, leashes, words: texts.length, dots, dots_on_text: dotsOnText, pairs }
}
"""


async def measure_text(page: Page) -> dict[str, Any]:
    """`area` of all text, names included, and how much of it is `covered` by other text, px²; `leashes`: px from each
    message's point to its text; `words`, `dots`: messages shown as text, and as a dot; `dots_on_text`: dots that cover
    text; `pairs`: the texts that meet."""
    found: dict[str, Any] = await page.evaluate(_MEASURE)
    return found


async def covered_text(page: Page) -> list[list[str]]:
    """The pairs of messages and drafts whose texts lie on each other."""
    pairs: list[list[str]] = (await measure_text(page))["pairs"]
    return pairs
