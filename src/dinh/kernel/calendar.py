"""
Working time: days and hours over holidays and swapped days, in the time of Viet Nam.

Deadlines count working days without the day of the event (Civil Code 2015, articles 147 and 148). Public holidays
(Labour Code 2019, article 112) come from the library `holidays`; `Day` rows, dated data, correct it.
"""

import bisect
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import holidays

VIETNAM: Final = ZoneInfo("Asia/Ho_Chi_Minh")
MAX_DAYS: Final = 36_600
_DATA = Path(__file__).resolve().parent / "data" / "working_time.toml"


@dataclass(frozen=True, kw_only=True)
class Hours:
    """Office hours from a day on, with the rule that sets them; spans in order, apart, within the day."""

    valid_from: date
    spans: tuple[tuple[time, time], ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day that works, or does not, against the week and the holidays, with the notice that says so."""

    date: date
    works: bool
    source: str


@dataclass(frozen=True)
class WorkingCalendar:
    """
    When an office works.

    :param hours: at least one, by `valid_from`; before the first one its spans hold too
    """

    hours: Sequence[Hours]
    days: Sequence[Day] = ()
    _named: dict[date, bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hours", tuple(sorted(self.hours, key=lambda rule: rule.valid_from)))
        object.__setattr__(self, "_named", {day.date: day.works for day in self.days})

    def is_working_day(self, *, day: date) -> bool:
        """Whether the office works on this day at all."""
        named = self._named.get(day)
        return named if named is not None else day.weekday() < 5 and day not in _holidays()

    def add_working_days(self, *, start: date, days: int) -> date:
        """
        The day on which a period of so many working days ends; the first day is not counted.

        With 0: the day itself, or the next working day after a day off.

        :raises ValueError: for a negative number
        """
        if days < 0:
            raise ValueError("days must not be negative")
        if days == 0:
            return next(self._working_days(start))
        following = self._working_days(start + timedelta(days=1))
        return next(day for number, day in enumerate(following, 1) if number == days)

    def add_working_hours(self, *, start: datetime, hours: float) -> datetime:
        """
        The moment at which so many working hours have passed since the start, in local time.

        :param start: aware
        :raises ValueError: for a negative number or a naive moment
        """
        left = timedelta(hours=hours)
        if left < timedelta():
            raise ValueError("hours must not be negative")
        for begin, end in self._spans(_local(start)):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        raise AssertionError("spans never end")

    def working_hours_between(self, *, start: datetime, end: datetime) -> float:
        """Working hours from one aware moment to another; negative if the end lies before the start."""
        first, last = _local(start), _local(end)
        if last < first:
            return -self.working_hours_between(start=end, end=start)
        total = timedelta()
        for begin, finish in self._spans(first):
            if begin >= last:
                break
            total += min(finish, last) - begin
        return total / timedelta(hours=1)

    def _working_days(self, start: date) -> Iterator[date]:
        for offset in range(MAX_DAYS):
            day = start + timedelta(days=offset)
            if self.is_working_day(day=day):
                yield day
        raise ValueError("the calendar has no working day within a hundred years")

    def _spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        for day in self._working_days(start.date()):
            for opens, closes in self._hours_of(day):
                begin = datetime.combine(day, opens, VIETNAM)
                end = datetime.combine(day, closes, VIETNAM)
                if end > start:
                    yield max(begin, start), end

    def _hours_of(self, day: date) -> tuple[tuple[time, time], ...]:
        place = bisect.bisect_right(self.hours, day, key=lambda rule: rule.valid_from)
        return self.hours[max(place - 1, 0)].spans


@lru_cache(maxsize=1)
def official_calendar() -> WorkingCalendar:
    """The calendar in `data/working_time.toml`."""
    content = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    hours = (
        Hours(valid_from=item["valid_from"], spans=_parsed(item["spans"]), source=item["source"])
        for item in content["hours"]
    )
    return WorkingCalendar(tuple(hours), tuple(Day(**item) for item in content.get("day", ())))


def is_working_day(*, day: date) -> bool:
    """As `WorkingCalendar.is_working_day`, by the official calendar; so with the others."""
    return official_calendar().is_working_day(day=day)


def add_working_days(*, start: date, days: int) -> date:
    return official_calendar().add_working_days(start=start, days=days)


def add_working_hours(*, start: datetime, hours: float) -> datetime:
    return official_calendar().add_working_hours(start=start, hours=hours)


def working_hours_between(*, start: datetime, end: datetime) -> float:
    return official_calendar().working_hours_between(start=start, end=end)


@lru_cache(maxsize=1)
def _holidays() -> holidays.HolidayBase:
    # Fills itself year by year as days are asked for.
    return holidays.country_holidays("VN")


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("the moment must be aware")
    return moment.astimezone(VIETNAM)


def _parsed(spans: Sequence[Sequence[str]]) -> tuple[tuple[time, time], ...]:
    return tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in spans)
