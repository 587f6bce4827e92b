"""Experiments that run without servers still run, and their answers keep their direction."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def million() -> ModuleType:
    spec = importlib.util.spec_from_file_location("million", ROOT / "experiments" / "million.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["million"] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def test_the_calculation_of_a_million_people_runs_small() -> None:
    arguments = ["--people", "20000", "--places", "400", "--seconds", "30"]
    command = [sys.executable, str(ROOT / "experiments" / "million.py"), *arguments]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert [line.split(":")[0] for line in out.splitlines() if line.startswith("exponent")] == [
        "exponent 0.6", "exponent 0.8", "exponent 1"
    ]  # fmt: skip
    assert all(int(shards) >= 2 for shards in re.findall(r"shards (\d+) on", out))


def test_everybody_is_on_a_shard_and_none_is_too_full(million: ModuleType) -> None:
    costs = million.Costs.measured()
    places = million.sizes(50_000, 500, 1.0)
    shards = million.share_out(places, costs)
    here = [0] * len(places)
    for shard in shards:
        assert shard.load <= million.FULL
        assert shard.people == sum(people for _, people in shard.pieces)
        for place, people in shard.pieces:
            here[place] += people
    assert here == places


def test_what_crosses_and_who_moves_grow_with_what_causes_them(million: ModuleType) -> None:
    costs = million.Costs.measured()
    places = million.sizes(20_000, 400, 0.8)
    shards = million.share_out(places, costs)
    split = [million.Shard([(place, size // 2), (place, size - size // 2)]) for place, size in enumerate(places)]
    assert million.crossing(places, split)[0] > million.crossing(places, shards)[0]
    moves = million.hand_overs(places, shards, 60.0, seed=1)
    rates = [moves[stay][0] for stay in million.STAYS_S]
    assert rates == sorted(rates, reverse=True)
