"""The Redis component's start scripts, in real processes. Only `make test-deploy-full` runs this."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.deploy.tools import ROOT, tool
from tests.support.redis_server import temporary_folder


def test_three_pods_find_each_other_fail_over_and_take_the_old_master_back() -> None:
    if os.geteuid() != 0:
        pytest.fail("namespaces need root: sudo make test-deploy-full")
    tool("redis-cli")
    with temporary_folder() as folder:
        done = subprocess.run(
            ["unshare", "--net", "--mount", "--fork", sys.executable, "-m", "tests.deploy.in_sentinels", folder],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        print(done.stdout)
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
