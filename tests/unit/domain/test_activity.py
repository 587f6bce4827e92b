"""W166: activity is coarse, and a client that adds up the changes knows what the server knows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asocial.domain.activity import MAX_PLACES, Activity, Counts, added, coarse
from asocial.domain.cells import CELL

cells = st.tuples(st.integers(-9766, 9766), st.integers(-9766, 9766))
counts = st.dictionaries(cells, st.tuples(st.integers(0, 50), st.integers(0, 9)), max_size=400)
near = st.dictionaries(
    st.tuples(st.integers(0, 30), st.integers(0, 30)), st.tuples(st.integers(0, 50), st.integers(0, 9)), max_size=300
)


@given(counts)
def test_w166_there_are_few_places_and_nobody_is_lost(given_: Counts) -> None:
    _, places = coarse(given_)
    assert len(places) <= MAX_PLACES
    assert sum(people for people, _ in places.values()) == sum(people for people, _ in given_.values())
    assert sum(messages for _, messages in places.values()) == sum(messages for _, messages in given_.values())
    assert (0, 0) not in places.values()


@given(st.lists(st.tuples(near, st.booleans()), max_size=6))
def test_w166_the_changes_add_up_to_the_whole(steps: list[tuple[Counts, bool]]) -> None:
    activity = Activity()
    known: dict[tuple[int, int], tuple[int, int]] = {}
    for now, exact in steps:
        change = activity.update(now, exact=exact)
        if change is not None:
            if change.whole:
                known = {}
            known |= {(x, y): (people, messages) for x, y, people, messages in change.places}
            known = {place: both for place, both in known.items() if both != (0, 0)}
        whole = activity.whole()
        assert whole.size % CELL == 0
        assert known == {(x, y): (people, messages) for x, y, people, messages in whole.places}
        assert len(whole.places) <= MAX_PLACES


def test_w166_only_what_changed_is_sent_and_small_changes_wait() -> None:
    activity = Activity()
    first = activity.update({(0, 0): (10, 1), (5, 5): (3, 0)})
    assert first is not None
    assert first.places == [(512, 512, 10, 1), (5632, 5632, 3, 0)]
    assert activity.update({(0, 0): (10, 1), (5, 5): (3, 0)}) is None
    assert activity.update({(0, 0): (11, 1), (5, 5): (3, 0)}, exact=False) is None
    large = activity.update({(0, 0): (15, 1), (5, 5): (3, 0)}, exact=False)
    assert large is not None
    assert (large.whole, large.places) == (False, [(512, 512, 15, 1)])
    gone = activity.update({(0, 0): (15, 1)}, exact=False)
    assert gone is not None
    assert gone.places == [(5632, 5632, 0, 0)]


def test_counts_of_processes_are_added() -> None:
    assert added([{(0, 0): (1, 2)}, {(0, 0): (3, 0), (1, 1): (1, 0)}]) == {(0, 0): (4, 2), (1, 1): (1, 0)}
