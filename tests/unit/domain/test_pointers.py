"""W165: which pointers a group gets."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from asocial.domain.pointers import MAX_POINTERS, NEAR, Pointer, choose

pointers = st.lists(
    st.builds(
        Pointer,
        st.text("abc", min_size=1),
        st.floats(-5000, 5000),
        st.floats(-5000, 5000),
        st.integers(0, 1000),
    ),
    max_size=60,
)


@given(pointers, st.sets(st.text("abc", min_size=1, max_size=2)), st.integers(1, 20))
def test_w165_no_pointer_that_is_left_out_comes_before_one_that_is_chosen(
    all_: list[Pointer], writing: set[str], most: int
) -> None:
    def rank(pointer: Pointer) -> tuple[bool, int, int]:
        return pointer.user_id not in writing, int(math.hypot(pointer.x, pointer.y) // NEAR), -pointer.order

    chosen = choose(all_, (0, 0), writing, most)
    assert len(chosen) == min(most, len(all_))
    assert sorted(map(rank, chosen)) == sorted(map(rank, all_))[: len(chosen)]


def test_w165_those_who_write_come_first_then_the_nearest_then_the_latest() -> None:
    far_writer = Pointer("writer", 9000, 0, 1)
    near, late, early = Pointer("near", 1, 0, 1), Pointer("late", 3000, 0, 9), Pointer("early", 3001, 0, 2)
    assert choose([early, late, near, far_writer], (0, 0), {"writer"}, 3) == [far_writer, near, late]


def test_w165_a_hundred_are_enough() -> None:
    assert MAX_POINTERS == 100
    crowd = [Pointer(str(number), 0, 0, number) for number in range(1000)]
    assert len(choose(crowd, (0, 0), ())) == MAX_POINTERS
