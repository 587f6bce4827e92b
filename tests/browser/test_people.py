"""Who is here: the count, the names, the pointers; always true."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.support.client import Client

from .conftest import Join, Visit
from .watch import go_to, say, until_seen


async def expect_count(page: Page, count: int) -> None:
    await expect(page.locator('[data-testid="roster-count"]')).to_have_attribute("data-count", str(count))


async def test_people_are_counted_as_they_come_and_go(visit: Visit) -> None:
    ann = await visit()
    await expect_count(ann, 1)
    bob, cat = await visit(), await visit()
    for person in (ann, bob, cat):
        await expect_count(person, 3)
    await cat.close()
    for person in (ann, bob):
        await expect_count(person, 2)


async def test_a_second_tab_is_the_same_person_and_a_reload_too(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    tab = await ann.context.new_page()
    await tab.goto(ann.url)
    await expect_count(tab, 2)
    await expect_count(bob, 2)
    await tab.close()
    await ann.reload()
    await expect_count(ann, 2)
    await expect_count(bob, 2)


# What a screen reader announces: all of a region that changed or, if its parts are announced alone, what is new in it.
LISTEN = """() => {
  window.said = []
  for (const region of document.querySelectorAll('[role="status"], [role="alert"]')) {
    const whole = region.getAttribute('aria-atomic') !== 'false'
    new MutationObserver((changes) => {
      const added = changes.flatMap(({ type, target, addedNodes }) => type === 'childList' ? [...addedNodes] : [target])
      const texts = (whole ? [region] : added.filter((node) => node.isConnected)).map((node) => node.textContent)
      window.said.push(...texts.filter((text) => text !== ''))
    }).observe(region, { childList: true, subtree: true, characterData: true })
  }
}"""


async def expect_said(page: Page, *wanted: str) -> None:
    """The page says all of this, each of it once, and nothing else before the last of it."""
    await page.wait_for_function("(last) => window.said.includes(last)", arg=wanted[-1])
    assert await page.evaluate("() => window.said") == list(wanted)
    await page.evaluate("() => { window.said = [] }")


async def test_each_arrival_is_said_once(visit: Visit, join: Join, subtests: pytest.Subtests) -> None:
    writer = await join(name="Dan")
    for y in range(-240, 280, 40):
        await writer.chat("words all over this small view", at=(7_000 - 140, 7_000 + y))
    await writer.close()
    ann = await visit(viewport={"width": 320, "height": 568})
    company, notices = ann.get_by_test_id("company"), ann.get_by_test_id("notices")
    await expect(company).to_be_attached()
    await ann.evaluate(LISTEN)

    async def arrive(*names: str) -> list[Client]:
        return [await join(name=each) for each in names]

    async def leave(people: list[Client]) -> None:
        for each in people:
            await each.close()
        await expect_count(ann, 1)
        left = "(count) => window.said.join().match(/Bob|Cat/g)?.length === count"
        await ann.wait_for_function(left, arg=len(people))
        await expect(notices).to_have_text("")
        await ann.evaluate("() => { window.said = [] }")

    with subtests.test("the first in the middle, the next at the edge"):
        people = await arrive("Bob")
        await expect(company).to_have_text("Bob is here")
        people += await arrive("Cat")
        await expect_said(ann, "Bob is here", "Cat is here")
        await leave(people)
    with subtests.test("while you write, at the edge"):
        await ann.keyboard.type("a thought")
        people = await arrive("Bob")
        await expect(notices).to_have_text("Bob is here")
        await ann.keyboard.press("Enter")
        await until_seen(ann, "a thought")
        await expect_said(ann, "Bob is here")
        await leave(people)
    with subtests.test("where there is no room, at the edge"):
        await ann.keyboard.press("Escape")
        await go_to(ann, "#7000,7000,1")
        people = await arrive("Bob")
        await expect(notices).to_have_text("Bob is here")
        await expect_said(ann, "Bob is here")
        await leave(people)
    with subtests.test("who follows you is not said again with who comes"):
        await go_to(ann, "#0,0,1")
        people = await arrive("Bob")
        await expect(company).to_have_text("Bob is here")
        [ann_id] = {user["user_id"] for user in people[0].sync["users"]} - {people[0].user_id}
        await people[0].follow(ann_id)
        await expect(notices).to_have_text("Bob follows you")
        people += await arrive("Cat")
        await expect_said(ann, "Bob is here", "Bob follows you", "Cat is here")


async def test_oneself_is_marked_and_a_new_name_is_everyones_and_stays(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    await ann.get_by_test_id("people").click()
    await expect(ann.get_by_test_id("self")).to_contain_text("you")
    name = ann.get_by_test_id("your-name")
    assert await name.input_value() != ""
    await name.fill("Ann of the Garden")
    await name.press("Enter")
    await ann.get_by_test_id("color-plum").click()
    await bob.get_by_test_id("people").click()
    await expect(bob.get_by_test_id("person")).to_have_text(re.compile("Ann of the Garden"))

    await ann.reload()
    await ann.get_by_test_id("people").click()
    await expect(ann.get_by_test_id("your-name")).to_have_value("Ann of the Garden")
    await ann.get_by_test_id("people").click()
    await say(ann, 300, 400, "it is me")
    await until_seen(bob, "it is me")
    await expect(bob.locator('[data-testid="message"]')).to_contain_text("Ann of the Garden")


async def test_pointers_are_seen_with_their_names_move_and_go_with_their_person(visit: Visit, join: Join) -> None:
    ann, bob = await join(), await visit()
    await ann.cursor((-190, -50))
    pointer = bob.get_by_test_id("cursor")
    await expect(pointer).to_have_count(1)
    await expect(pointer).not_to_have_text("")
    await ann.cursor((200, 150))
    await bob.wait_for_function(
        """() => {
          const at = new DOMMatrix(document.querySelector('[data-testid="cursor"]').style.transform)
          return Math.abs(at.e - 700) < 3 && Math.abs(at.f - 500) < 3
        }"""
    )
    await ann.close()
    await expect(pointer).to_have_count(0)


async def test_a_pointer_glides_between_its_updates(visit: Visit, join: Join) -> None:
    ann, bob = await join(), await visit()
    await ann.cursor((-298, -50))
    await expect(bob.get_by_test_id("cursor")).to_have_count(1)
    await bob.evaluate(
        """() => {
          const element = document.querySelector('[data-testid="cursor"]')
          window.path = []
          const look = () => {
            const x = Math.round(new DOMMatrix(element.style.transform).e)
            if (window.path.at(-1) !== x) window.path.push(x)
            requestAnimationFrame(look)
          }
          look()
        }"""
    )
    await ann.cursor((100, -50))
    await bob.wait_for_function("() => Math.abs(window.path.at(-1) - 600) < 3")
    path: list[int] = await bob.evaluate("() => window.path")
    # One update of the wire, places in between on the screen: how many, the machine's frames decide.
    assert any(220 < x < 580 for x in path), path
    assert all(190 <= x <= 640 for x in path), path


async def test_who_joins_later_sees_where_people_are_and_what_they_are_writing(visit: Visit) -> None:
    ann = await visit()
    await ann.mouse.move(300, 300)
    await ann.mouse.click(320, 320)
    await ann.keyboard.type("still thinking")
    bob = await visit()
    await expect(bob.get_by_test_id("draft")).to_contain_text("still thinking")
    await expect(bob.get_by_test_id("cursor")).to_have_count(1)
