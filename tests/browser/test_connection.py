"""An honest connection: what is lost is said, what was typed is kept, what returns is whole."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from .conftest import LIFE_S, Join, Server, Visit
from .test_finding import look_away
from .watch import messages, say, seen, until_seen, watch, world_point

CONNECTION = '[data-testid="connection"]'


async def test_a_draft_survives_a_restart_of_the_server_and_so_does_who_one_is(visit: Visit, server: Server) -> None:
    ann, bob = await visit(), await visit()
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("before")
    await expect(bob.get_by_test_id("draft")).to_contain_text("before")
    await server.stop()
    await expect(ann.locator(CONNECTION)).not_to_have_attribute("data-state", "live")
    await ann.keyboard.type(" and after")
    await server.start()
    for person in (ann, bob):
        await expect(person.locator(CONNECTION)).to_have_attribute("data-state", "live")
        await expect(person.get_by_test_id("roster-count")).to_have_attribute("data-count", "2")
    await expect(bob.get_by_test_id("draft")).to_contain_text("before and after")
    await ann.keyboard.press("Enter")
    await until_seen(bob, "before and after")


async def test_what_is_said_without_a_connection_is_pending_and_arrives_once(visit: Visit, server: Server) -> None:
    ann, bob = await visit(), await visit()
    await watch(bob)
    await server.stop()
    await expect(ann.locator(CONNECTION)).not_to_have_attribute("data-state", "live")
    await say(ann, 300, 300, "into the dark")
    await expect(ann.locator('[data-testid="message"]')).to_have_attribute("data-state", "pending")
    await server.start()
    await until_seen(bob, "into the dark")
    assert await messages(bob) == ["into the dark"]
    assert list((await seen(bob))["arrived"]) == ["into the dark"]


async def test_the_wait_is_counted_and_can_be_cut_short(visit: Visit, server: Server) -> None:
    ann = await visit()
    await server.stop()
    # After a few attempts the wait is long enough to see it cut short.
    await expect(ann.locator(CONNECTION)).to_contain_text(re.compile(r"Reconnecting in [4-9] s"))
    await server.start()
    # From the press on, nothing is counted any more.
    await ann.evaluate(
        """() => {
          const state = document.querySelector('[data-testid="connection"]')
          document.querySelector('[data-testid="now"]').click()
          window.counted = []
          new MutationObserver(() => window.counted.push(state.textContent))
            .observe(state, { subtree: true, childList: true, characterData: true })
        }"""
    )
    await expect(ann.locator(CONNECTION)).to_have_attribute("data-state", "live")
    assert not [text for text in await ann.evaluate("() => window.counted") if "Reconnecting in" in text]


async def test_the_network_going_and_coming_back_is_seen_at_once(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await ann.context.set_offline(True)
    await expect(ann.locator(CONNECTION)).not_to_have_attribute("data-state", "live")
    await ann.context.set_offline(False)
    await expect(ann.locator(CONNECTION)).to_have_attribute("data-state", "live")
    await bob.chat("welcome back")
    await until_seen(ann, "welcome back")


async def test_w29_people_out_of_reach_are_told_of_and_then_no_more(visit: Visit, server: Server) -> None:
    ann = await visit()
    assert server.app is not None
    server.app.outages.begin()
    await expect(ann.locator(CONNECTION)).to_have_attribute("data-degraded", "true")
    await expect(ann.locator(CONNECTION)).to_contain_text("cannot be reached")
    await expect(ann.locator(CONNECTION)).to_contain_text("The people you see still get your messages")
    # Other things at the edge step back while one talks; this does not.
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("I wonder")
    await expect(ann.locator("[data-talking] header")).to_have_css("opacity", "0.8")
    assert await ann.locator(".edge", has=ann.locator(CONNECTION)).evaluate("(e) => getComputedStyle(e).opacity") == "1"
    await server.app.outages.end()
    await expect(ann.locator(CONNECTION)).not_to_have_attribute("data-degraded", "true")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"rate_limit_per_minute": 2}, "Too many messages in one minute."),
        ({"rate_limit_per_minute_per_ip": 2}, "Too many messages from your network."),
    ],
)
async def test_w72_a_refused_message_says_why_and_keeps_its_text(
    visit: Visit, join: Join, server: Server, reason: str
) -> None:
    ann, bob = await visit(), await join()
    for text in ("one", "two", "three too many"):
        await say(ann, 300, 300, text)
    refused = ann.locator('[data-testid="message"][data-state="refused"]')
    await expect(refused).to_contain_text("three too many")
    await expect(refused).to_contain_text(reason)
    await expect(refused).to_contain_text(re.compile(r"Wait \d+ s before sending again\."))
    await expect(refused.get_by_test_id("send-again")).to_be_disabled()
    await bob.resync()
    assert [frame["payload"] for frame in bob.received if frame["type"] == "chat"] == ["one", "two"]
    # It outlives the others: its author decides what becomes of the text. A message under the mouse would stay, too.
    await ann.mouse.move(800, 600, steps=2)
    await server.pass_time(LIFE_S, ann)
    await expect(ann.locator('[data-testid="message"][data-state="sent"]')).to_have_count(0)
    await expect(refused).to_have_count(1)
    # The countdown beside it is over, so that this button stays where it is.
    await expect(refused.get_by_test_id("send-again")).to_be_enabled()
    await refused.get_by_test_id("discard").click()
    await expect(refused).to_have_count(0)


async def test_what_is_sent_shows_that_it_is_on_its_way_and_then_that_it_is_said(visit: Visit, server: Server) -> None:
    ann = await visit()
    await server.stop()
    await say(ann, 300, 300, "are you there?")
    mine = ann.get_by_test_id("message")
    await expect(mine).to_have_attribute("data-state", "pending")
    await expect(mine).to_contain_text("sending")
    thin = await mine.locator(".words").evaluate("(e) => getComputedStyle(e).fontWeight")
    await server.start()
    await expect(mine).to_have_attribute("data-state", "sent")
    await expect(mine).not_to_contain_text("sending")
    await expect(mine.locator(".words")).not_to_have_css("font-weight", thin)


@pytest.mark.parametrize("settings", [{"message_ttl_seconds": 2}])
async def test_w10_words_older_than_their_life_are_offered_and_sent_only_by_hand(
    visit: Visit, join: Join, server: Server
) -> None:
    ann = await visit()
    await server.stop()
    await expect(ann.locator(CONNECTION)).not_to_have_attribute("data-state", "live")
    await say(ann, 300, 300, "too late")
    late = ann.locator('[data-testid="message"][data-state="late"]')
    await expect(late).to_contain_text("Not sent.")
    # From now on messages live long: the next one arrives in time on a slow machine, too.
    await server.restart(message_ttl_seconds=LIFE_S)
    await expect(ann.locator(CONNECTION)).to_have_attribute("data-state", "live")
    bob = await join()
    assert bob.sync["messages"] == []
    # What is posted after it arrives; it did not.
    await say(ann, 300, 500, "in time")
    assert (await bob.receive("chat"))["payload"] == "in time"
    await late.get_by_test_id("send-again").click()
    assert (await bob.receive("chat"))["payload"] == "too late"
    await expect(late).to_have_count(0)


@pytest.mark.parametrize("settings", [{"message_ttl_seconds": 240, "message_ttl_max_seconds": 240}])
async def test_w12_what_was_said_during_a_drop_and_lives_comes_with_the_life_it_has_left(
    visit: Visit, server: Server
) -> None:
    ann, bob = await visit(), await visit()
    await ann.context.set_offline(True)
    await expect(ann.locator(CONNECTION)).not_to_have_attribute("data-state", "live")
    await say(bob, 300, 300, "meanwhile")
    await until_seen(bob, "meanwhile")
    await server.pass_time(120, bob)
    assert await messages(ann) == []
    await ann.context.set_offline(False)
    await until_seen(ann, "meanwhile")
    # Ann has had it for a moment only, and yet it is over for both.
    await server.pass_time(120, ann, bob)
    for person in (ann, bob):
        await expect(person.get_by_test_id("message")).to_have_count(0)


async def test_a_reload_by_accident_loses_nothing_that_was_written(visit: Visit, join: Join, server: Server) -> None:
    ann = await visit()
    await look_away(ann, 3000, 1200)
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("a long and careful thou")
    at = float(await ann.locator(".caret[data-open]").get_attribute("data-x") or "nan")
    await server.stop()
    await expect(ann.locator(CONNECTION)).not_to_have_attribute("data-state", "live")
    await ann.keyboard.press("Enter")
    await ann.keyboard.type("and the next")
    # The page may be back before it is loaded anew: of what it sends then nothing arrives.
    await ann.evaluate("() => { WebSocket.prototype.send = () => {} }")
    await server.start()
    bob = await join()
    await ann.reload()
    await expect(ann.locator(CONNECTION)).to_have_attribute("data-state", "live")
    caret = ann.get_by_test_id("caret")
    await expect(caret).to_have_value("and the next")
    await expect(caret).to_be_focused()
    await expect(caret).to_be_in_viewport()
    held = ann.locator('[data-testid="message"][data-state="late"]').filter(has_text="a long and careful thou")
    await expect(held).to_have_count(1)
    assert (await world_point(ann, "a long and careful thou"))[0] == at
    # Offered, not fired; the draft is seen again, and goes on where it was.
    draft = await bob.receive("typing", where=lambda frame: frame["payload"] == "and the next")
    await ann.keyboard.type(" line")
    await ann.keyboard.press("Enter")
    message = await bob.receive("chat")
    assert (message["payload"], message["position"]) == ("and the next line", draft["position"])
    await held.get_by_test_id("send-again").click()
    assert (await bob.receive("chat"))["payload"] == "a long and careful thou"
    # Said or let go, it is not offered again.
    await ann.reload()
    await expect(ann.locator(CONNECTION)).to_have_attribute("data-state", "live")
    await expect(ann.locator(".caret[data-open]")).to_have_count(0)
    await expect(ann.locator('[data-testid="message"][data-state="late"]')).to_have_count(0)


async def test_what_arrived_after_all_is_not_offered_again(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("did you get this?")
    # It arrives; of the answer nobody learns, and the page is loaded anew.
    await ann.evaluate("() => Object.defineProperty(MessageEvent.prototype, 'data', { get: () => '' })")
    await ann.keyboard.press("Enter")
    assert (await bob.receive("chat"))["payload"] == "did you get this?"
    await ann.reload()
    await expect(ann.locator(CONNECTION)).to_have_attribute("data-state", "live")
    words = ann.locator('[data-testid="message"]').filter(has_text="did you get this?")
    await expect(words).to_have_count(1)
    await expect(words).to_have_attribute("data-state", "sent")
