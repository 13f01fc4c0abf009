"""How soon the receiving office takes in and presents what arrived (thời hạn tiếp nhận, trình), as dated data."""

from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.documents.enums import Urgency
from dinh.kernel.calendar import add_working_days, add_working_hours, closing_time, is_working_day
from dinh.kernel.law import Lawbook, Rule, governing, law_rows

REGISTER: Final = "documents.register"
DIRECT: Final = "documents.direct"
DELETED: Final = "documents.deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalDeadline(Rule):
    """
    Until when work of one kind is done after something arrived.

    :param working_days: until the office closes on that working day; 0: on the same one
    :param last_call: what arrives on a day of 0 later than this, or on a day off, has until `then_by` of the next
        working day
    :param urgent_hours: working hours for urgent letters
    """

    kind: str
    name: str
    working_days: int
    urgent_hours: float
    last_call: time = time.max
    then_by: time | None = None


def arrival_due(kind: str, *, at: datetime, urgency: int) -> datetime | None:
    """Until when what arrived at this moment is registered, presented or reported on; None without a rule."""
    day = timezone.localdate(at)
    rule = governing((rule for rule in _rules() if rule.kind == kind), on=day)
    if rule is None:
        return None
    if urgency != Urgency.NORMAL:
        return add_working_hours(start=at, hours=rule.urgent_hours)
    if rule.working_days:
        return closing_time(day=add_working_days(start=day, days=rule.working_days))
    if is_working_day(day=day) and timezone.localtime(at).time() <= rule.last_call:
        return max(closing_time(day=day), at)
    return _next_day(rule, at)


def _next_day(rule: ArrivalDeadline, at: datetime) -> datetime:
    closes = closing_time(day=add_working_days(start=timezone.localdate(at), days=1))
    by = rule.then_by
    return closes if by is None else closes.replace(hour=by.hour, minute=by.minute)


@lru_cache(maxsize=1)
def _rules() -> tuple[ArrivalDeadline, ...]:
    rows = law_rows(Path(__file__).resolve().parent / "data" / "arrival_deadlines.toml")["deadline"]
    return tuple(ArrivalDeadline(**_timed(row)) for row in rows)


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    hours = ("last_call", "then_by")
    return {name: time.fromisoformat(given) if name in hours else given for name, given in row.items()}


ARRIVAL_DEADLINES = Lawbook(
    label=_("How soon arrivals are registered and presented"),
    rules=_rules,
    matter=lambda rule: rule.kind,
    title=lambda rule: rule.name,
)
