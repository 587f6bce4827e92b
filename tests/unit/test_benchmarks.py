"""The logic of the benchmarks: the search, pass or fail, the slope, and the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import figures, plots, profile, report, run, soak, suite

Row = dict[str, Any]


def _row(**differs: object) -> Row:
    row: Row = {"lost": 0, "doubled": 0, "disordered": 0, "misrouted": 0, "closed": 0, "latency": {"p99_ms": 10.0}}
    return {**row, **differs}


@pytest.mark.parametrize("guess", [1.0, 90.0, 5_000.0])
def test_a_search_ends_just_below_the_limit_wherever_it_begins(guess: float) -> None:
    kept, rows = run.search(guess, lambda rate: (rate <= 700, {"rate": rate}), precision=1.1)
    assert kept is not None
    assert 700 / 1.1 <= kept["rate"] <= 700
    assert len(rows) <= run.MOST_PROBES


def test_a_search_that_keeps_nothing_says_so() -> None:
    kept, rows = run.search(100.0, lambda rate: (False, {"rate": rate}), precision=1.1)
    assert kept is None
    assert rows[-1]["rate"] == run.LEAST_RATE


def test_a_rate_is_kept_only_in_time_and_with_everything_there() -> None:
    assert run.keeps_messages(_row())
    assert not run.keeps_messages(_row(latency={"p99_ms": run.P99_BOUND_MS + 0.1}))
    for wrong in ("lost", "doubled", "disordered", "misrouted", "closed"):
        assert not run.keeps_messages(_row(**{wrong: 1}))


def test_cursors_may_be_skipped_but_not_most_of_them() -> None:
    row = {"closed": 0, "cursors_sent": 100, "cursors": 500, "cursor_age": {"p99_ms": 50.0}}
    assert run.keeps_cursors(row, reach=10)
    assert not run.keeps_cursors({**row, "cursors": 499}, reach=10)
    assert not run.keeps_cursors({**row, "cursor_age": {"p99_ms": run.CURSOR_BOUND_MS + 1}}, reach=10)


def test_the_slope_is_that_of_the_line() -> None:
    assert soak.slope_per_10_min([(0.0, 5.0), (300.0, 6.0), (600.0, 7.0)]) == pytest.approx(2.0)
    assert soak.slope_per_10_min([(1.0, 5.0)]) == 0.0


def test_a_plot_is_xml_with_a_longer_bar_for_more() -> None:
    drawn = plots.bars([("speed", [("ours", 100.0, "100"), ("theirs", 50.0, "50"), ("none", None, "—")])], ours="ours")
    boxes = ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}rect")
    ours, theirs, none = [float(box.attrib["width"]) for box in boxes]
    assert ours == pytest.approx(2 * theirs)
    assert none == 0.0


def _fanout(server: str, rate: float, generator_cpu: float = 0.5) -> Row:
    shape = {"people": 500, "channels": 1, "speakers": 50, "payload": 40}
    kept = {"rate": rate, "cpu_s_per_million": 0.1, "generator_cpu": generator_cpu}
    return {"server": server, "round": 1, "shape": shape, "kept": kept, "probes": [{"others_cpu": 0.0}]}


def _results(folder: Path, rows: list[Row]) -> figures.Results:
    machine = {"commit": "0" * 40, "dirty": False}
    (folder / "fanout.json").write_text(json.dumps({"benchmark": "fanout", "machine": machine, "rows": rows}))
    return figures.Results(folder)


def test_the_page_lists_where_asocial_is_slower(tmp_path: Path) -> None:
    told = report.losses(_results(tmp_path, [_fanout("asocial", 100), _fanout("ws", 200), _fanout("starlette", 50)]))
    assert told == ["500 in one channel: ws delivers 99,800/s, 2.00 times as much."]


def test_a_rate_that_the_generator_could_hardly_drive_is_a_lower_bound(tmp_path: Path) -> None:
    told = report.fanout_table(_results(tmp_path, [_fanout("asocial", 100, 0.9), _fanout("ws", 200, 0.7)]))
    assert "at least 49,900" in told
    assert "at least 99,800" not in told


def test_the_page_compares_targets_with_results(tmp_path: Path) -> None:
    results = _results(tmp_path, [_fanout("asocial", 2_000), _fanout("gin_melody", 100)])
    lines = report.targets(results).splitlines()
    assert next(line for line in lines if "Go hub" in line).endswith("| 20.0x | **no** |")
    assert next(line for line in lines if "uWebSockets" in line).endswith("| — | not measured |")


def test_the_template_takes_every_section_even_where_nothing_was_measured(tmp_path: Path) -> None:
    parts = report.sections(figures.Results(tmp_path))
    plots_ = dict.fromkeys(("fanout_plot", "costs_plot", "canvas_plot", "profiles_plot", "soak_plot"), "")
    assert report.MISSING in report.TEMPLATE.read_text().format(**parts, **plots_)


def test_a_profile_counts_each_sample_once_for_the_most_special_part() -> None:
    root = "run (asyncio/runners.py:118);Runner.run (asyncio/runners.py:118);"
    told = profile.shares(
        [
            f"{root}Channel.flush (a.py:1);WebSocketConnection.write (b.py:1) 6",
            f"{root}Channel.flush (a.py:2) 2",
            f"{root}ChatEndpoint._read (c.py:1);Dispatch.receive (d.py:1) 1",
            f"{root[:-1]} 1",
        ]
    )
    assert list(told.values()) == [0.6, 0.2, 0.1, 0.1]
    assert profile.part_of("nobody knows") == profile.OTHER


def test_profiles_are_told_in_processor_time_of_a_message_before_and_after(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    for when, cpu in (("before", 0.8), ("after", 0.4)):
        file = {
            "shape": {"people": 10, "channels": 100},
            "rate": 10_000,
            "row": {"server_cpu": cpu, "latency": {"p99_ms": 12.0}},
            "shares": {"writing": 0.75, "reading": 0.25},
        }
        (tmp_path / "profiles" / f"small-{when}.json").write_text(json.dumps(file))
    told = report.profiles_text(figures.Results(tmp_path))
    assert "| writing | 60.0 | 30.0 |" in told
    assert "| all | 80.0 | 40.0 |" in told
    drawn = plots.stacks(figures.profiles(figures.Results(tmp_path)), unit="µs")
    widths = [
        float(box.attrib["width"]) for box in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}rect")
    ]
    assert widths[0] == pytest.approx(3 * widths[1], rel=0.01)
    assert widths[0] == pytest.approx(2 * widths[2], rel=0.01)


def test_a_server_that_is_measured_anew_takes_its_old_rows_place_and_no_others() -> None:
    before = {"machine": {"commit": "a"}, "rows": [{"server": "ws", "n": 1}, {"server": "asocial", "n": 1}]}
    told = suite.joined(before, {"machine": {"commit": "b"}, "rows": [{"server": "ws", "n": 2}]})
    assert told["rows"] == [{"server": "asocial", "n": 1}, {"server": "ws", "n": 2}]
    assert told["machine"] == {"commit": "a"}
    assert told["later"] == [{"machine": {"commit": "b"}, "servers": ["ws"]}]
