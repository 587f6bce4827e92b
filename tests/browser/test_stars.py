"""Stars on channels, and the notification when somebody comes to a starred one."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.support.waiting import eventually

from .conftest import Join, Server, Visit
from .test_start import hide

# The browser's own notifications cannot be looked at: this notes what the page asks for.
NOTIFICATIONS = """
window.asked = 0
window.told = []
window.Notification = class {
  static permission = '%s'
  static async requestPermission() { window.asked += 1; return (this.permission = '%s') }
  constructor(title, options) {
    if (%s) throw new TypeError('Illegal constructor')
    window.told.push({ title, ...options })
  }
  close() {}
}
"""


async def starred(visit: Visit, *, before: str = "default", after: str = "granted", script: str = "") -> Page:
    """Somebody who starred the channel, with the panel open."""
    page = await visit(script=script or NOTIFICATIONS % (before, after, "false"))
    await page.get_by_test_id("channels").click()
    await page.get_by_test_id("star-this").click()
    await expect(page.get_by_test_id("star-this")).to_have_attribute("aria-pressed", "true")
    return page


async def told(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await page.evaluate("() => window.told")
    return found


async def recorded(page: Page) -> None:
    """The part that watches who comes is loaded: it records the visit too."""
    await page.wait_for_function("() => localStorage.getItem('asocial.recent')?.includes('garden')")
    await page.wait_for_function(
        "() => performance.getEntriesByType('resource').some(({ name }) => name.includes('record-visit'))"
    )


async def test_a_star_is_kept_and_comes_first_on_the_start_page(visit: Visit, server: Server) -> None:
    ann = await starred(visit)
    await ann.evaluate(
        """() => {
          const visits = JSON.parse(localStorage.getItem('asocial.recent'))
          const others = [...Array(8)].map((_, n) => ({ channel: `other-${n}`, at: Date.now() + n }))
          localStorage.setItem('asocial.recent', JSON.stringify([...others, ...visits]))
        }"""
    )
    await ann.goto(server.url("/"))
    rows = ann.get_by_test_id("recent")
    await expect(rows).to_have_count(9)
    await expect(rows.first).to_contain_text("garden")
    star = ann.get_by_role("button", name="Star garden")
    await expect(star).to_have_attribute("aria-pressed", "true")
    await star.click()
    # Without its star it is the oldest of nine, and eight are kept.
    await expect(rows).to_have_count(8)
    await expect(ann.get_by_role("link", name="garden")).to_have_count(0)
    await ann.get_by_role("button", name="Star other-3").click()
    await expect(rows.first).to_contain_text("other-3")


async def test_a_notification_says_who_came_while_the_tab_is_hidden(visit: Visit, join: Join) -> None:
    ann = await starred(visit)
    assert await ann.evaluate("() => window.asked") == 0
    await ann.get_by_test_id("arrivals").check()
    assert await ann.evaluate("() => window.asked") == 1
    await recorded(ann)
    # Ann looks at the page. It shows the first person in the middle of the view, and the next one at its edge.
    await join(name="Bob")
    await expect(ann.get_by_test_id("company")).to_contain_text("Bob")
    await join(name="Eve")
    await expect(ann.get_by_test_id("notices")).to_contain_text("Eve")
    assert await told(ann) == []
    await expect(ann.get_by_test_id("notices")).not_to_contain_text("Eve")
    await hide(ann, True)
    await join(name="Carl")

    async def notified() -> bool:
        return [(each["title"], each["body"]) for each in await told(ann)] == [("garden", "Carl is here")]

    await eventually(notified, "a notification is shown")
    # Not without the star.
    await hide(ann, False)
    await ann.get_by_test_id("star-this").click()
    await hide(ann, True)
    await join(name="Dora")
    await expect(ann.get_by_test_id("notices")).to_contain_text("Dora")
    assert len(await told(ann)) == 1


@pytest.mark.parametrize(
    ("before", "after", "asked", "words"),
    [("denied", "denied", 0, "blocks notifications"), ("default", "denied", 1, "blocks notifications")],
)
async def test_where_notifications_are_blocked_the_page_says_so(
    visit: Visit, before: str, after: str, asked: int, words: str
) -> None:
    ann = await starred(visit, before=before, after=after)
    await ann.get_by_test_id("arrivals").click()
    await expect(ann.get_by_test_id("starring")).to_contain_text(words)
    await expect(ann.get_by_test_id("arrivals")).not_to_be_checked()
    assert await ann.evaluate("() => window.asked") == asked


async def test_where_there_are_no_notifications_the_page_says_so(visit: Visit) -> None:
    ann = await starred(visit, script="delete window.Notification")
    await ann.get_by_test_id("arrivals").click()
    await expect(ann.get_by_test_id("starring")).to_contain_text("shows no notifications")
    await expect(ann.get_by_test_id("arrivals")).not_to_be_checked()


async def test_a_browser_that_only_lets_a_worker_notify_breaks_nothing(visit: Visit, join: Join) -> None:
    ann = await starred(visit, script=NOTIFICATIONS % ("granted", "granted", "true"))
    await ann.get_by_test_id("arrivals").check()
    await recorded(ann)
    await ann.evaluate(
        """() => {
          ServiceWorkerRegistration.prototype.showNotification = async (title, { body }) => told.push({ title, body })
        }"""
    )
    await hide(ann, True)
    await join(name="Bob")

    async def notified() -> bool:
        return await told(ann) == [{"title": "garden", "body": "Bob is here"}]

    await eventually(notified, "a notification is shown")


async def test_a_permission_that_was_taken_back_turns_the_switch_off(visit: Visit) -> None:
    ann = await starred(visit, before="granted")
    await ann.get_by_test_id("arrivals").check()
    await ann.add_init_script(NOTIFICATIONS % ("denied", "denied", "false"))
    await ann.reload()
    await ann.get_by_test_id("channels").click()
    await expect(ann.get_by_test_id("arrivals")).not_to_be_checked()
    await expect(ann.get_by_test_id("starring")).to_contain_text("blocks notifications")
