"""Telling people of what has become late, once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.directory.models import Appointment
from dinh.notify.api import notify
from dinh.worklist.models import WorkItem
from dinh.worklist.queries.delegations import delegations_on

BATCH = 500


@transaction.atomic
def remind_of_late_work(*, at: datetime) -> int:
    """
    Tell whoever it waits for, and who stands in for them, of up to 500 items that became late.

    Each item is claimed with the notification, so that nobody is told twice.

    :returns: how many items were told of
    """
    late = WorkItem.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    items = list(late.filter(done_at=None, reminded_at=None, due_at__lt=at).order_by("due_at", "id")[:BATCH])
    for item, people in zip(items, _whom(items, at), strict=True):
        notify(
            appointment_ids=people,
            kind="worklist.late",
            text=_("Late: %(title)s") % {"title": item.title},
            url=item.url,
            at=at,
            dedupe_key=f"worklist.late:{item.pk}",
        )
    WorkItem.objects.filter(pk__in=[item.pk for item in items]).update(reminded_at=at)
    return len(items)


def _whom(items: Sequence[WorkItem], at: datetime) -> list[set[int]]:
    today = timezone.localdate(at)
    holders = _holders(items, at)
    delegates = defaultdict(set)
    for row in delegations_on(today):
        delegates[row.appointment_id].add((row.delegate_id, tuple(row.kinds)))
    told = []
    for item in items:
        direct = {item.appointment_id} if item.appointment_id else holders[item.unit_id, item.role]
        passed = {one for own in direct for one, kinds in delegates[own] if not kinds or item.kind in kinds}
        told.append(direct | passed)
    return told


def _holders(items: Sequence[WorkItem], at: datetime) -> dict[tuple[int, str], set[int]]:
    """Who holds each role in each unit concerned today."""
    today = timezone.localdate(at)
    holds = Q(end_date=None) | Q(end_date__gte=today)
    units = {item.unit_id for item in items if item.role}
    found: dict[tuple[int, str], set[int]] = defaultdict(set)
    rows = Appointment.objects.filter(holds, unit_id__in=units, start_date__lte=today)
    for pk, unit_id, roles in rows.values_list("pk", "unit_id", "roles"):
        for role in roles:
            found[unit_id, role].add(pk)
    return found
