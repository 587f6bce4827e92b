"""The layout of `benchmarks/page_layout.py`: it uses the page's own code, and covers no text."""

from __future__ import annotations

from benchmarks.page_layout import model


def test_the_layout_of_the_benchmark_covers_no_text() -> None:
    rows = model()["layout"]
    assert [row["people"] for row in rows] == [2, 5, 12, 20, 40]
    assert [row["overlap_percent"] for row in rows] == [0] * 5
    events = model("--events", "2")
    assert {event["who"] for event in events} == {0, 1}
    assert any(event["done"] for event in events)
