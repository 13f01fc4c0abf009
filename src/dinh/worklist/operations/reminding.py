"""Telling people of what is about to be late, of what has become late, and their superiors of what stays so."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.kernel.text import moment_told
from dinh.notify.api import News, notify_all
from dinh.worklist.deadlines import DAY_HOURS, latest_due, soon
from dinh.worklist.kinds import passes_to
from dinh.worklist.models import WorkItem
from dinh.worklist.queries.delegations import delegations_on
from dinh.worklist.queries.items import DIVISION_HEADS, holder_of

BATCH = 500
# What is due at the same moment comes unit by unit, so that a unit's is in one batch and told of together.
_ORDER = ("due_at", "unit_id", "id")
_SEVERAL: Final[dict[str, tuple[Promise, str, str]]] = {
    "worklist.due": (
        gettext_lazy("%(count)d tasks are due within a working day, the first: %(title)s"),
        "worklist:home",
        "",
    ),
    "worklist.late": (
        gettext_lazy("%(count)d tasks are late, the first: %(title)s"),
        "worklist:home",
        "?when=late",
    ),
    "worklist.escalated": (
        gettext_lazy("%(count)d tasks of others are late by more than a working day, the first: %(title)s"),
        "worklist:late_of_others",
        "",
    ),
    "worklist.orphaned": (
        gettext_lazy("%(count)d tasks wait for people who no longer hold the position, the first: %(title)s"),
        "worklist:late_of_others",
        "",
    ),
}
"""By kind: the words for several items, and the page that lists them."""


@transaction.atomic
def warn_of_deadlines(*, at: datetime) -> int:
    """
    Tell whoever it waits for, and who stands in for them, of up to 500 items with a working day left or less.

    What came with so short a deadline is not told of: it has just been seen. Each item is claimed with the
    notification, so that nobody is told twice.

    :returns: how many items were told of
    """
    near = _open().filter(warned_at=None, reminded_at=None, due_at__gte=at, due_at__lt=soon(at=at))
    items = list(near.order_by(*_ORDER)[:BATCH])
    told = [item for item in items if item.due_at and item.created_at < latest_due(late_by=DAY_HOURS, at=at)]
    _tell(told, _whom(told, at), kind="worklist.due", text=_due_text, at=at)
    return _claim(items, warned_at=at)


@transaction.atomic
def remind_of_late_work(*, at: datetime) -> int:
    """
    Tell whoever it waits for, and who stands in for them, of up to 500 items that became late.

    Each item is claimed with the notification, so that nobody is told twice.

    :returns: how many items were told of
    """
    items = list(_open().filter(reminded_at=None, due_at__lt=at).order_by(*_ORDER)[:BATCH])
    _tell(items, _whom(items, at), kind="worklist.late", text=_late_text, at=at)
    return _claim(items, reminded_at=at)


@transaction.atomic
def escalate_late_work(*, at: datetime) -> int:
    """
    Tell superiors of up to 500 items that are late by a working day: of a specialist the heads of the division,
    of these and of whoever has no division the head of the unit.

    Where nobody stands above, nobody is told. Each item is claimed with the notification.

    :returns: how many items were told of
    """
    late = _open().filter(escalated_at=None, due_at__lt=latest_due(late_by=DAY_HOURS, at=at))
    late = late.exclude(reminded_at=None).select_related("appointment__person")
    items = list(late.order_by(*_ORDER)[:BATCH])
    _tell(items, _superiors(items, at), kind="worklist.escalated", text=_escalated_text, at=at)
    return _claim(items, escalated_at=at)


@transaction.atomic
def tell_of_orphaned_work(*, at: datetime) -> int:
    """
    Tell the heads of units of up to 500 items that wait for somebody whose position has ended.

    :returns: how many items were told of
    """
    today = timezone.localdate(at)
    ended = Appointment.objects.filter(pk=OuterRef("appointment_id"), end_date__lt=today)
    left = _open().filter(Exists(ended), escalated_at=None).select_related("appointment__person")
    items = list(left.order_by("unit_id", "id")[:BATCH])
    heads = _holders({item.unit_id for item in items}, at)
    people = [heads[item.unit_id, Role.UNIT_HEAD] for item in items]
    _tell(items, people, kind="worklist.orphaned", text=_orphaned_text, at=at)
    return _claim(items, escalated_at=at)


def _open() -> QuerySet[WorkItem]:
    rows = WorkItem.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return rows.filter(done_at=None)


def _claim(items: Iterable[WorkItem], **moment: datetime) -> int:
    return WorkItem.objects.filter(pk__in=[item.pk for item in items]).update(**moment)


def _tell(
    items: Sequence[WorkItem],
    people: Iterable[Iterable[int]],
    *,
    kind: str,
    text: Callable[[WorkItem], str],
    at: datetime,
) -> None:
    """Of several items at once a person hears once: how many they are, and where the list of them is."""
    notify_all(
        (
            _news(some[0], whom, kind, text(some[0]))
            if len(some) == 1
            else _news_of_several(some, whom, kind)
            for some, whom in _by_share(items, people)
        ),
        at=at,
    )


def _by_share(
    items: Sequence[WorkItem], people: Iterable[Iterable[int]]
) -> Iterator[tuple[list[WorkItem], list[int]]]:
    """The items with whom to tell of them, those together who are told of the same."""
    share: dict[int, list[int]] = defaultdict(list)
    for number, whom in enumerate(people):
        for person in whom:
            share[person].append(number)
    same: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for person, numbers in share.items():
        same[tuple(numbers)].append(person)
    for chosen, told in same.items():
        yield [items[number] for number in chosen], told


def _news_of_several(items: Sequence[WorkItem], whom: Iterable[int], kind: str) -> News:
    words, where, query = _SEVERAL[kind]
    ids = sorted(item.pk for item in items)
    latest = max((item.due_at for item in items if item.due_at), default=None)
    moment = f"{latest:%Y%m%d%H%M}" if latest else ""
    return News(
        appointment_ids=whom,
        kind=kind,
        text=str(words) % {"count": len(items), "title": items[0].title},
        url=reverse(where) + query,
        dedupe_key=f"{kind}:{ids[0]}-{ids[-1]}:{len(ids)}:{moment}",
    )


def _news(item: WorkItem, whom: Iterable[int], kind: str, text: str) -> News:
    key = f"{kind}:{item.pk}:{item.due_at:%Y%m%d%H%M}" if item.due_at else f"{kind}:{item.pk}"
    return News(appointment_ids=whom, kind=kind, text=text, url=item.url, dedupe_key=key)


def _due_text(item: WorkItem) -> str:
    assert item.due_at is not None  # noqa: S101 chosen by it
    return _("Due at %(moment)s: %(title)s") % {"moment": moment_told(item.due_at), "title": item.title}


def _late_text(item: WorkItem) -> str:
    return _("Late: %(title)s") % {"title": item.title}


def _escalated_text(item: WorkItem) -> str:
    return _("Late by more than a working day (%(name)s): %(title)s") % _named(item)


def _orphaned_text(item: WorkItem) -> str:
    return _("Waits for %(name)s, who no longer holds the position; assign it anew: %(title)s") % _named(item)


def _named(item: WorkItem) -> dict[str, str]:
    return {"name": holder_of(item), "title": item.title}


def _whom(items: Sequence[WorkItem], at: datetime) -> list[set[int]]:
    holders = _holders({item.unit_id for item in items if item.role}, at)
    delegates = defaultdict(list)
    for row in delegations_on(timezone.localdate(at)).select_related("delegate"):
        delegates[row.appointment_id].append(row)
    told = []
    for item in items:
        direct = {item.appointment_id} if item.appointment_id else holders[item.unit_id, item.role]
        rows = [
            row for own in direct if own for row in delegates[own] if not row.kinds or item.kind in row.kinds
        ]
        passed = {row.delegate_id for row in rows if passes_to(item.kind, row.delegate)}
        told.append({own for own in direct if own} | passed)
    return told


def _superiors(items: Sequence[WorkItem], at: datetime) -> list[set[int]]:
    units = {item.unit_id for item in items}
    by_unit, by_division = _holders(units, at), _division_heads(units, at)
    return [_above(item, by_unit[item.unit_id, Role.UNIT_HEAD], by_division) for item in items]


def _above(item: WorkItem, heads: set[int], by_division: dict[int, set[int]]) -> set[int]:
    holder = item.appointment
    if holder is None or holder.division_id is None or holder.has_role(*DIVISION_HEADS):
        return heads - {item.appointment_id or 0}
    return by_division[holder.division_id] or heads


def _division_heads(units: Iterable[int], at: datetime) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    rows = _current(units, at).filter(roles__overlap=list(DIVISION_HEADS)).exclude(division=None)
    for pk, division_id in rows.values_list("pk", "division_id"):
        if division_id is not None:
            found[division_id].add(pk)
    return found


def _holders(units: Iterable[int], at: datetime) -> dict[tuple[int, str], set[int]]:
    """Who holds each role in each unit today."""
    found: dict[tuple[int, str], set[int]] = defaultdict(set)
    for pk, unit_id, roles in _current(units, at).values_list("pk", "unit_id", "roles"):
        for role in roles:
            found[unit_id, role].add(pk)
    return found


def _current(units: Iterable[int], at: datetime) -> QuerySet[Appointment]:
    today = timezone.localdate(at)
    holds = Q(end_date=None) | Q(end_date__gte=today)
    return Appointment.objects.filter(holds, unit_id__in=list(units), start_date__lte=today)
