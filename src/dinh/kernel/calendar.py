"""
Working time: days and hours over holidays and swapped days, in the time of Viet Nam.

Deadlines count working days without the day of the event (Civil Code 2015, articles 147 and 148). Public holidays and
the swapped days known so far come from the library `holidays`; rows of law (`data/working_time.toml`) correct it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from dinh.kernel.law import Lawbook, Rule, governing, law_rows

VIETNAM: Final = ZoneInfo("Asia/Ho_Chi_Minh")
MAX_DAYS: Final = 36_600
HOLIDAYS: Final = "Bộ luật Lao động 2019, Điều 112, và thông báo hoán đổi ngày nghỉ hằng năm"
_DATA = Path(__file__).resolve().parent / "data" / "working_time.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours(Rule):
    """Office hours; spans in order, apart, within the day."""

    spans: tuple[tuple[time, time], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Days(Rule):
    """Days that work, or do not, against the week and the holidays: those from `valid_from` to before `valid_until`."""

    works: bool
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week(Rule):
    """Which days of the week work, Monday as 0."""

    weekdays: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting(Rule):
    """How periods are counted."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The day on which a period ends, and the rules that made it so: how it is counted, what was passed over."""

    day: date
    rules: tuple[Rule, ...]


MONDAY_TO_FRIDAY: Final = Week(source="", valid_from=date.min, weekdays=(0, 1, 2, 3, 4))


@dataclass(frozen=True)
class WorkingCalendar:
    """
    When an office works.

    :param hours: at least one; before the first one it holds too
    :param days: what differs from the week and the holidays
    :param weeks: at least one
    :param counting: how periods are counted, for who asks
    """

    hours: Sequence[Hours]
    days: Sequence[Days] = ()
    weeks: Sequence[Week] = (MONDAY_TO_FRIDAY,)
    counting: Sequence[Counting] = ()
    _named: dict[date, Days] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named = {day: rule for rule in self.days for day in _each_day(rule)}
        object.__setattr__(self, "_named", named)

    def is_working_day(self, *, day: date) -> bool:
        """Whether the office works on this day at all."""
        if named := self._named.get(day):
            return named.works
        official = _holidays()
        if day in official:
            return False
        return day in official.weekend_workdays or day.weekday() in self._week(day).weekdays

    def rule_of(self, *, day: date) -> Rule:
        """The rule by which this day works or is a day off."""
        if named := self._named.get(day):
            return named
        official = _holidays()
        if name := official.get(day):
            return _one_day(day, works=False, name=name, source=HOLIDAYS)
        if day in official.weekend_workdays:
            return _one_day(day, works=True, source=HOLIDAYS)
        return self._week(day)

    def deadline(self, *, start: date, days: int) -> Deadline:
        """As `add_working_days`, with the rules: how it is counted, and each that took a day off or added one."""
        end = self.add_working_days(start=start, days=days)
        between = (start + timedelta(days=passed) for passed in range(1, (end - start).days + 1))
        met = (self.rule_of(day=day) for day in between)
        counted = governing(self.counting, on=start)
        rules = [
            *([counted] if counted else []),
            self._week(start),
            *(rule for rule in met if isinstance(rule, Days)),
        ]
        return Deadline(day=end, rules=tuple(dict.fromkeys(rules)))

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

    def closing_time(self, *, day: date) -> datetime:
        """When the office closes on a day; on a day off, when it would."""
        return datetime.combine(day, self._hours_of(day)[-1][1], VIETNAM)

    def _hours_of(self, day: date) -> tuple[tuple[time, time], ...]:
        rule = governing(self.hours, on=day)
        return rule.spans if rule else ()

    def _week(self, day: date) -> Week:
        return governing(self.weeks, on=day) or self.weeks[-1]


@lru_cache(maxsize=1)
def official_calendar() -> WorkingCalendar:
    """The calendar in `data/working_time.toml` and what DINH_LAW_DIR adds to it."""
    content = law_rows(_DATA)
    hours = (Hours(**{**row, "spans": _parsed(row["spans"])}) for row in content["hours"])
    weeks = (Week(**{**row, "weekdays": tuple(row["weekdays"])}) for row in content["week"])
    return WorkingCalendar(
        tuple(hours),
        tuple(_one_day(row.pop("valid_from"), **row) for row in content["day"]),
        tuple(weeks),
        tuple(Counting(**row) for row in content["counting"]),
    )


def is_working_day(*, day: date) -> bool:
    """As `WorkingCalendar.is_working_day`, by the official calendar; so with the others."""
    return official_calendar().is_working_day(day=day)


def add_working_days(*, start: date, days: int) -> date:
    return official_calendar().add_working_days(start=start, days=days)


def add_working_hours(*, start: datetime, hours: float) -> datetime:
    return official_calendar().add_working_hours(start=start, hours=hours)


def closing_time(*, day: date) -> datetime:
    return official_calendar().closing_time(day=day)


def deadline(*, start: date, days: int) -> Deadline:
    return official_calendar().deadline(start=start, days=days)


def working_hours_between(*, start: datetime, end: datetime) -> float:
    return official_calendar().working_hours_between(start=start, end=end)


@lru_cache(maxsize=1)
def _holidays() -> holidays.HolidayBase:
    # Fills itself year by year as days are asked for.
    return holidays.country_holidays("VN", language="vi")


def _one_day(day: date, **given: Any) -> Days:
    """One day, unless an end is given."""
    return Days(**{"valid_from": day, "valid_until": day + timedelta(days=1), **given})


def _each_day(rule: Days) -> Iterator[date]:
    end = rule.valid_until or rule.valid_from + timedelta(days=1)
    return (rule.valid_from + timedelta(days=passed) for passed in range((end - rule.valid_from).days))


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("the moment must be aware")
    return moment.astimezone(VIETNAM)


def _parsed(spans: Sequence[Sequence[str]]) -> tuple[tuple[time, time], ...]:
    return tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in spans)


def _all_rules() -> tuple[Rule, ...]:
    calendar = official_calendar()
    return (*calendar.hours, *calendar.weeks, *calendar.counting, *calendar.days)


def rule_title(rule: Rule) -> str:
    if isinstance(rule, Hours):
        return ", ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in rule.spans)
    if isinstance(rule, Days):
        return rule.name or str(_("Working day") if rule.works else _("Day off"))
    if isinstance(rule, Week):
        return ", ".join(str(WEEKDAYS[day]) for day in rule.weekdays)
    return getattr(rule, "name", "")


WORKING_TIME = Lawbook(
    label=_("Working time and periods"),
    rules=_all_rules,
    matter=lambda rule: (type(rule), rule.valid_from if isinstance(rule, Days) else None),
    title=rule_title,
)
