"""Working time left, and the mark for it."""

from datetime import datetime, timedelta

import pytest

from dinh.kernel.calendar import VIETNAM
from dinh.worklist.deadlines import hours_left, latest_due, mark_of, time_left

FRIDAY_AFTERNOON = datetime(2026, 3, 6, 16, 0, tzinfo=VIETNAM)


def at(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("due_at", "hours", "mark", "words"),
    [
        (at(6, 16, 30), 0.5, "yellow", "còn chưa đến 1 giờ làm việc"),
        (at(9, 8, 30), 2, "yellow", "còn 2 giờ làm việc"),
        (at(9, 16, 30), 8, "green", "còn 8 giờ làm việc"),
        (at(10, 17), 16, "green", "còn 2 ngày làm việc"),
        (at(6, 15, 30), -0.5, "red", "vừa quá hạn"),
        (at(6, 9), -5, "red", "quá hạn 5 giờ làm việc"),
        (at(2, 8), -36, "red", "quá hạn 4 ngày làm việc"),
        (None, None, "", ""),
    ],
)
def test_what_is_left_counts_working_time_only(due_at, hours, mark, words):
    assert hours_left(due_at, now=FRIDAY_AFTERNOON) == hours
    assert mark_of(due_at, now=FRIDAY_AFTERNOON) == mark
    assert time_left(due_at, now=FRIDAY_AFTERNOON) == words


def test_deadlines_far_away_are_counted_roughly_and_quickly():
    assert time_left(FRIDAY_AFTERNOON + timedelta(days=36_500), now=FRIDAY_AFTERNOON).startswith("còn 26")


def test_latest_due_leaves_nights_and_weekends_out():
    assert latest_due(late_by=7.5, at=at(9, 10)) - at(6, 10) < timedelta(minutes=1)
