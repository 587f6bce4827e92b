"""What people see of an operator: a notice, and a channel that is closed (W138, W150)."""

from __future__ import annotations

import json

from playwright.async_api import expect

from asocial.domain.api_keys import OPERATOR
from tests.support.api_keys import create
from tests.support.server import http_get

from .conftest import Server, Visit


async def test_w138_w150_a_notice_is_a_quiet_line_and_a_closed_channel_stays_closed(
    visit: Visit, server: Server
) -> None:
    key, text = create("ann", OPERATOR, ["*"])
    await server.restart(api_keys=key.entry)
    bob = await visit("/c/garden")

    async def operate(path: str, **body: object) -> None:
        assert server.app is not None
        headers = {"Authorization": f"Bearer {text}"}
        port, path = server.app.port, f"/api/operator/{path}"
        assert (await http_get(port, path, headers, method="POST", body=json.dumps(body))).status == 200

    await operate("notices", text="<b>Restart</b> at noon")
    notice = bob.get_by_test_id("operator-notice")
    await expect(notice).to_have_text("<b>Restart</b> at noon")
    await expect(notice).to_have_role("status")
    await operate("channels/garden/close", seconds=600)
    await expect(bob.get_by_test_id("ended")).to_contain_text("This channel is closed.")
    await bob.get_by_test_id("again").click()
    await expect(bob.get_by_test_id("connection")).to_have_attribute("data-state", "final")
    await operate("channels/garden/close", seconds=0)
    await bob.get_by_test_id("again").click()
    await expect(bob.get_by_test_id("connection")).to_have_attribute("data-state", "live")
