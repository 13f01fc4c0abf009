"""How much working time is left until a deadline, in hours, in words and as a mark."""

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from dinh.kernel.calendar import add_working_hours, working_hours_between

DAY_HOURS: Final = 7.5
"""Working hours of a day (07:30-11:30, 13:30-17:00)."""
FAR: Final = timedelta(days=90)
"""Beyond this, days of the calendar are near enough, and quicker counted."""


def hours_left(due_at: datetime | None, *, now: datetime) -> float | None:
    """Working hours until a deadline, negative once it has passed; None without one."""
    if due_at is None:
        return None
    if abs(due_at - now) > FAR:
        return (due_at - now).days * DAY_HOURS * 5 / 7
    return working_hours_between(start=now, end=due_at)


def mark_of(due_at: datetime | None, *, now: datetime) -> str:
    """red: late; yellow: at most one working day left; green: more; empty without a deadline."""
    hours = hours_left(due_at, now=now)
    if due_at is None or hours is None:
        return ""
    if due_at < now:
        return "red"
    return "yellow" if hours <= DAY_HOURS else "green"


def time_left(due_at: datetime | None, *, now: datetime) -> str:
    """In words: working hours up to two working days, working days beyond; empty without a deadline."""
    hours = hours_left(due_at, now=now)
    if due_at is None or hours is None:
        return ""
    whole = int(abs(hours))
    numbers = {"hours": whole, "days": int(abs(hours) // DAY_HOURS)}
    is_near = abs(hours) < 2 * DAY_HOURS
    if due_at < now:
        return _just_late(whole, is_near) or _late(is_near) % numbers
    if whole == 0:
        return _("less than one working hour left")
    return (_("%(hours)d working h left") if is_near else _("%(days)d working days left")) % numbers


def latest_due(*, late_by: float, at: datetime) -> datetime:
    """
    The latest deadline that has been missed by so many working hours, to the minute.

    :param late_by: working hours
    """
    early, late = at - FAR, at
    while late - early > timedelta(minutes=1):
        middle = early + (late - early) / 2
        if working_hours_between(start=middle, end=at) >= late_by:
            early = middle
        else:
            late = middle
    return early


def soon(*, at: datetime) -> datetime:
    """Until when a deadline is one working day away or less."""
    return add_working_hours(start=at, hours=DAY_HOURS)


def _just_late(hours: int, is_near: bool) -> str:
    return _("late by less than one working hour") if is_near and hours == 0 else ""


def _late(is_near: bool) -> str:
    return _("late by %(hours)d working h") if is_near else _("late by %(days)d working days")
