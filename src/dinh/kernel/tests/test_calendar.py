from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinh.kernel.calendar import (
    VIETNAM,
    Days,
    Hours,
    WorkingCalendar,
    add_working_days,
    add_working_hours,
    closing_time,
    deadline,
    is_working_day,
    official_calendar,
    rule_title,
    working_hours_between,
)

SATURDAY, FRIDAY = date(2020, 3, 14), date(2020, 3, 13)
DAYS = st.dates(date(2019, 1, 1), date(2027, 12, 31))
MOMENTS = st.datetimes(datetime(2019, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


def at(*parts):
    return datetime(*parts, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (FRIDAY, True),
        (SATURDAY, False),
        (date(2020, 1, 24), False),  # eve of the lunar New Year
        (date(2020, 4, 2), False),  # commemoration of the Hùng kings
        (date(2020, 9, 2), False),  # National Day
        (date(2020, 9, 3), True),
        (date(2025, 5, 2), False),  # off, and made up for
        (date(2025, 4, 26), True),  # on this Saturday
    ],
)
def test_is_working_day_knows_weekends_and_holidays(day, works):
    assert is_working_day(day=day) is works


def test_swapped_days_correct_week_and_holidays():
    swapped = (
        Days(valid_from=SATURDAY, valid_until=date(2020, 3, 15), works=True, source="notice"),
        Days(valid_from=FRIDAY, valid_until=SATURDAY, works=False, source="notice"),
    )
    calendar = WorkingCalendar(official_calendar().hours, swapped)

    assert calendar.is_working_day(day=SATURDAY)
    assert not calendar.is_working_day(day=FRIDAY)
    assert calendar.add_working_days(start=date(2020, 3, 12), days=2) == date(2020, 3, 16)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (FRIDAY, 1, date(2020, 3, 16)),
        (SATURDAY, 0, date(2020, 3, 16)),
        (FRIDAY, 0, FRIDAY),
        (FRIDAY, 5, date(2020, 3, 20)),
        (date(2020, 1, 22), 1, date(2020, 1, 30)),
    ],
)
def test_add_working_days_leaves_out_the_first_day_and_days_off(start, days, end):
    assert add_working_days(start=start, days=days) == end


def test_deadline_tells_the_rules_that_made_it():
    found = deadline(start=date(2025, 4, 29), days=2)

    assert found.day == add_working_days(start=date(2025, 4, 29), days=2) == date(2025, 5, 6)
    assert [rule.source.split(",")[0] for rule in found.rules] == [
        "Bộ luật Dân sự 2015",
        "Quyết định 188/1999/QĐ-TTg (tuần làm việc 40 giờ",
        *["Bộ luật Lao động 2019"] * 3,
    ]
    assert [rule_title(rule) for rule in found.rules[2:]] == [
        "Ngày Chiến thắng",
        "Ngày Quốc tế Lao động",
        "Ngày nghỉ (thay cho ngày 26/04/2025)",
    ]


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (at(2020, 3, 13, 8, 0), 2, at(2020, 3, 13, 10, 0)),
        (at(2020, 3, 13, 11, 0), 1, at(2020, 3, 13, 14, 0)),
        (at(2020, 3, 13, 16, 30), 1, at(2020, 3, 16, 8, 0)),
        (at(2020, 3, 14, 9, 0), 7.5, at(2020, 3, 16, 17, 0)),
        (at(2020, 3, 13, 6, 0), 0, at(2020, 3, 13, 7, 30)),
        (datetime(2020, 3, 13, 1, 0, tzinfo=UTC), 2, at(2020, 3, 13, 10, 0)),
    ],
)
def test_add_working_hours_passes_over_noon_night_and_weekend(start, hours, end):
    assert add_working_hours(start=start, hours=hours) == end


def test_working_hours_between_counts_office_hours_only():
    monday = at(2020, 3, 16, 8, 30)

    assert working_hours_between(start=at(2020, 3, 13, 15, 0), end=monday) == 3.0
    assert working_hours_between(start=monday, end=at(2020, 3, 13, 15, 0)) == -3.0


def test_hours_change_with_their_rule():
    rules = (
        Hours(valid_from=date(2020, 3, 16), spans=((time(8), time(12)),), source="new"),
        Hours(valid_from=date(2000, 1, 1), spans=((time(7), time(11)),), source="old"),
    )

    calendar = WorkingCalendar(rules)

    assert calendar.add_working_hours(start=at(2020, 3, 13, 10), hours=2) == at(2020, 3, 16, 9)


def test_naive_moments_and_negative_amounts_are_refused():
    with pytest.raises(ValueError, match="aware"):
        add_working_hours(start=datetime(2020, 3, 13), hours=1)
    with pytest.raises(ValueError, match="negative"):
        add_working_hours(start=at(2020, 3, 13), hours=-1)
    with pytest.raises(ValueError, match="negative"):
        add_working_days(start=FRIDAY, days=-1)


@settings(max_examples=50, deadline=None)
@given(start=DAYS, first=st.integers(1, 40), second=st.integers(1, 40))
def test_working_days_add_up_and_end_on_working_days(start, first, second):
    middle = add_working_days(start=start, days=first)

    end = add_working_days(start=start, days=first + second)

    assert is_working_day(day=middle)
    assert add_working_days(start=middle, days=second) == end


@settings(max_examples=50, deadline=None)
@given(start=MOMENTS, minutes=st.integers(0, 6000))
def test_hours_between_are_the_hours_that_were_added(start, minutes):
    end = add_working_hours(start=start, hours=minutes / 60)

    between = working_hours_between(start=start, end=end)

    assert timedelta(hours=between) == pytest.approx(
        timedelta(minutes=minutes), abs=timedelta(milliseconds=1)
    )
    assert end >= start


def test_office_closes_by_the_rule_of_its_day():
    assert closing_time(day=date(2026, 11, 26)) == at(2026, 11, 26, 17)
