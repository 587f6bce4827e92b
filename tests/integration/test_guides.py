"""The guide to a message from CI: a reader who does what it says, block by block, gets what it says.

docs/guide/deploy.md is in tests/deploy/test_guide.py.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.client import Client
from tests.support.guide_server import ROOT, GuideServer
from tests.support.markdown_blocks import Block, blocks, run_shell

GUIDE = ROOT / "docs" / "guide" / "first-message-from-ci.md"
ENTRY, KEY = "ci:write:build-*+ops:HASH", "ask_ci_SECRET"
"""What a reader replaces in the blocks."""


@pytest.fixture
def guide_server(tmp_path: Path) -> Iterator[GuideServer]:
    made = GuideServer(tmp_path)
    yield made
    made.end()


async def test_w130_w131_the_guide_to_a_message_from_ci(tmp_path: Path, guide_server: GuideServer) -> None:
    env, port = guide_server.env, guide_server.port
    create, serve, post, answer, workflow = blocks(GUIDE)
    printed = run_shell(create, cwd=tmp_path, env=env)
    [key] = re.findall(r"^ +(ask_ci_\S+)$", printed, re.MULTILINE)
    [entry] = re.findall(r"^ +(ci:write:\S+)$", printed, re.MULTILINE)
    assert entry.startswith(ENTRY.removesuffix("HASH")), "the guide shows the form of the entry"

    await guide_server.start(serve, {ENTRY: entry})
    bob = await Client.connect(f"ws://127.0.0.1:{port}", channel="ops")
    replace = {KEY: key, **guide_server.addresses}
    posted = json.loads(await asyncio.to_thread(run_shell, post, cwd=tmp_path, env=env, replace=replace))
    chat = await bob.receive("chat")
    assert (chat["payload"], chat["name"], chat["bot"]) == ("build 7 is green", "ci", True)
    shown = json.loads(answer.text)
    moments = {"timestamp": posted["timestamp"], "expires_at": posted["expires_at"]}
    assert shown | moments == posted, "the answer in the guide"

    [step] = yaml.safe_load(workflow.text)["jobs"]["announce"]["steps"]
    assert set(step["env"]) == {"ASOCIAL_KEY", "ASOCIAL_URL"}
    job = {"ASOCIAL_KEY": key, "ASOCIAL_URL": f"http://127.0.0.1:{port}"}
    run = {"GITHUB_RUN_NUMBER": "8", "GITHUB_RUN_ID": "1234"}
    step_block = Block(GUIDE, workflow.line, "sh", step["run"])
    for _ in range(2):  # the job is repeated
        await asyncio.to_thread(run_shell, step_block, cwd=tmp_path, env=env | job | run)
    assert (await bob.receive("chat"))["payload"] == "build 8 is green"
    await bob.resync()
    assert not bob.waiting("chat")
    await bob.close()
