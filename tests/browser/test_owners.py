"""A channel of one's own on the page: making it ours, what others see of it, and who stays out (W63 to W66)."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from .conftest import Server, Visit
from .watch import say, until_seen

CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


async def open_people(page: Page) -> None:
    if await page.get_by_test_id("roster").count() == 0:
        await page.get_by_test_id("people").click()
    await expect(page.get_by_test_id("roster")).to_be_visible()


async def own(visit: Visit) -> Page:
    page = await visit(**CLIPBOARD)
    await open_people(page)
    await page.get_by_test_id("claim").click()
    await expect(page.get_by_test_id("owner")).to_be_visible()
    return page


async def open_caret(page: Page) -> None:
    await page.mouse.click(300, 350)
    await expect(page.get_by_test_id("caret")).to_be_focused()


async def copied(page: Page) -> str:
    await expect(page.get_by_test_id("owner-notice")).to_have_text(re.compile("copied", re.IGNORECASE))
    text: str = await page.evaluate("navigator.clipboard.readText()")
    return text


async def switch(page: Page, name: str, *, on: bool = True) -> None:
    """The box shows what the server says, not what was pressed."""
    await page.get_by_test_id(name).click()
    await expect(page.get_by_test_id(name)).to_be_checked(checked=on)


async def final(page: Page, words: str) -> None:
    link = page.get_by_test_id("connection")
    await expect(link).to_have_attribute("data-state", "final")
    await expect(link).to_contain_text(words)


async def test_who_is_alone_may_make_a_channel_theirs_and_nobody_after_them(visit: Visit) -> None:
    await own(visit)
    bob = await visit()
    await open_people(bob)
    await expect(bob.get_by_test_id("claim")).to_have_count(0)
    await expect(bob.get_by_test_id("owner")).to_have_count(0)
    await expect(bob.get_by_test_id("remove")).to_have_count(0)


async def test_the_default_channel_is_offered_to_nobody(visit: Visit) -> None:
    ann = await visit("/c/default")
    await open_people(ann)
    await expect(ann.get_by_test_id("self")).to_be_visible()
    await expect(ann.get_by_test_id("claim")).to_have_count(0)


async def test_others_see_at_the_caret_that_a_channel_is_slow_or_only_read(visit: Visit) -> None:
    ann = await own(visit)
    bob = await visit()
    await open_caret(bob)
    await expect(bob.get_by_test_id("caret-rule")).to_have_count(0)
    await open_people(ann)
    await ann.get_by_test_id("slow").select_option("15")
    await expect(bob.get_by_test_id("caret-rule")).to_contain_text("15 s")
    await switch(ann, "read-only")
    await expect(bob.get_by_test_id("caret-rule")).to_contain_text("owner")
    await bob.keyboard.type("may I?")
    await bob.keyboard.press("Enter")
    await expect(bob.locator('[data-state="refused"]')).to_contain_text("may I?")
    late = await visit()
    await open_caret(late)
    await expect(late.get_by_test_id("caret-rule")).to_contain_text("owner")
    await switch(ann, "read-only", on=False)
    await ann.get_by_test_id("slow").select_option("0")
    await open_caret(late)
    await expect(late.get_by_test_id("caret-rule")).to_have_count(0)


async def test_a_cleared_channel_is_empty_for_everyone_and_they_are_told(visit: Visit) -> None:
    ann = await own(visit)
    bob = await visit()
    await say(bob, 300, 400, "this goes")
    await until_seen(ann, "this goes")
    await open_people(ann)
    await ann.get_by_test_id("clear").click()
    for page in (ann, bob):
        await expect(page.get_by_text("this goes")).to_have_count(0)
    await expect(bob.get_by_test_id("notices")).to_contain_text("cleared all messages")
    await say(bob, 300, 450, "this stays")
    await until_seen(ann, "this stays")


async def test_who_is_removed_is_told_and_stays_out(visit: Visit) -> None:
    ann = await own(visit)
    bob = await visit()
    await open_people(ann)
    remove = ann.get_by_test_id("remove")
    await remove.click()
    await expect(bob.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    await remove.click()
    await final(bob, "removed")
    await expect(ann.get_by_test_id("roster-count")).to_have_attribute("data-count", "1")
    await bob.get_by_test_id("again").click()
    await final(bob, "removed")
    await bob.reload()
    await final(bob, "removed")


async def test_a_private_channel_is_entered_by_its_invitation_alone(visit: Visit) -> None:
    ann = await own(visit)
    await switch(ann, "private")
    await ann.get_by_test_id("invite").click()
    link = await copied(ann)
    stranger = await visit(live=False)
    await final(stranger, "private")
    bob = await visit(link.removeprefix(link.split("/c/")[0]))
    await say(bob, 300, 400, "thank you")
    await until_seen(ann, "thank you")
    await bob.reload()
    await expect(bob.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    await switch(ann, "private", on=False)
    await stranger.get_by_test_id("again").click()
    await expect(stranger.get_by_test_id("connection")).to_have_attribute("data-state", "live")


async def test_who_is_invited_to_read_is_told_so_at_the_caret(visit: Visit) -> None:
    ann = await own(visit)
    await switch(ann, "private")
    await ann.get_by_test_id("invite-to-read").click()
    link = await copied(ann)
    bob = await visit(link.removeprefix(link.split("/c/")[0]))
    await open_caret(bob)
    await expect(bob.get_by_test_id("caret-rule")).to_contain_text("can read here")


async def shared_link(page: Page) -> str:
    """Copied from the Share panel, once its code shows the same link."""
    await expect(page.get_by_test_id("qr")).to_be_visible()
    return await page.get_by_test_id("share-address").input_value()


async def test_w63_sharing_a_private_channel_makes_an_invitation(visit: Visit) -> None:
    ann = await own(visit)
    name = await ann.get_by_test_id("your-name").input_value()
    await switch(ann, "private")
    await ann.keyboard.press("Escape")
    await ann.get_by_test_id("share").click()
    await expect(ann.get_by_test_id("inviting")).to_contain_text("You own this channel.")
    to_write = await shared_link(ann)
    async with ann.expect_request("**/invitations") as asked:
        await ann.get_by_test_id("invitation-days").select_option("7")
    assert (await asked.value).post_data_json == {"rights": "write", "ttl_seconds": 7 * 86_400}
    async with ann.expect_response("**/invitations"):
        await ann.get_by_test_id("invitation-rights").select_option("read")
    await expect(ann.get_by_test_id("share-address")).not_to_have_value(to_write)
    to_read = await shared_link(ann)
    bob = await visit(to_write.removeprefix(to_write.split("/c/")[0]))
    await say(bob, 300, 400, "thank you")
    await until_seen(ann, "thank you")
    cat = await visit(to_read.removeprefix(to_read.split("/c/")[0]))
    await open_caret(cat)
    await expect(cat.get_by_test_id("caret-rule")).to_contain_text("can read here")
    # Who does not own it cannot invite: they see who can.
    await bob.keyboard.press("Escape")
    await bob.get_by_test_id("share").click()
    await expect(bob.get_by_test_id("who-invites")).to_contain_text(f"Only {name}")
    await expect(bob.get_by_test_id("who-invites")).to_contain_text("can invite people")
    await expect(bob.get_by_test_id("qr")).to_have_count(0)


async def test_a_guests_page_asks_for_nothing_about_signing_in(visit: Visit, server: Server) -> None:
    asked: list[str] = []
    page = await visit("/health", live=False)
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(server.url("/c/garden"))
    await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    assert any("/assets/index-" in url for url in asked)
    assert [url for url in asked if "/api/config" in url or "identity" in url or "firebase" in url] == []
