"""What waits for whom until when: what other modules may call, in the act's own transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from dinh.directory.models import Appointment
from dinh.kernel.compiled import planned_cursor
from dinh.worklist.kinds import WorkKind, kinds

__all__ = [
    "NewWork", "WorkKind", "acts_for", "add_same_work", "add_work", "amount_waiting", "finish_work",
    "finish_work_of", "kinds", "move_deadline", "passed_to",
]  # fmt: skip


@dataclass(frozen=True)
class NewWork:
    """
    Something that begins to wait.

    :param kind: `module.what`, e.g. `documents.sign`
    :param role: of `directory.enums.Role`, when it waits for whoever holds it in the unit
    :param appointment_id: when it waits for one person in one position
    :param url: path of the page where it is done
    :param urgency: 0 normal to 3 most urgent (hỏa tốc)
    """

    kind: str
    unit_id: int
    target_type: str
    target_id: int
    title: str
    url: str
    created_at: datetime
    role: str = ""
    appointment_id: int | None = None
    due_at: datetime | None = None
    urgency: int = 0


def amount_waiting(appointment: Appointment, *wanted: str) -> int:
    """How many things of these kinds wait for somebody, e.g. for the menu; costs one query a request."""
    from dinh.worklist.queries.items import amounts_waiting

    amounts = amounts_waiting(appointment)
    return sum(amounts.get(kind, 0) for kind in wanted)


def add_work(items: Iterable[NewWork]) -> None:
    """Let things wait, all in one statement."""
    from dinh.worklist.models import WorkItem

    WorkItem.objects.bulk_create(WorkItem(**vars(item)) for item in items)


def add_same_work(
    work: NewWork, *, waiting: Sequence[tuple[int, int]], ends: models.Model | None = None
) -> None:
    """
    Let the same thing wait in many units, in one statement, whatever their number.

    :param work: what all share; the number 0 in its `url` stands for each one's target
    :param waiting: (unit, target) of each
    :param ends: nothing waits for this record any more, as after `finish_work`
    """
    before, _zero, after = work.url.rpartition("0")
    given = vars(work) | {
        "units": [unit for unit, _target in waiting],
        "targets": [target for _unit, target in waiting],
        "before": before,
        "after": after,
        "ended_type": ends and ends._meta.label_lower,
        "ended_id": ends and ends.pk,
    }
    with planned_cursor() as cursor:
        cursor.execute(_ADD_SAME, given)


_ADD_SAME = """
WITH ended AS (
    UPDATE worklist_workitem SET done_at = %(created_at)s
    WHERE target_type = %(ended_type)s AND target_id = %(ended_id)s AND done_at IS NULL
)
INSERT INTO worklist_workitem
    (kind, unit_id, role, appointment_id, target_type, target_id, title, url, urgency, due_at, created_at)
SELECT %(kind)s, unit, %(role)s, %(appointment_id)s::bigint, %(target_type)s, target, %(title)s,
       %(before)s::text || target || %(after)s::text, %(urgency)s, %(due_at)s::timestamptz, %(created_at)s
FROM unnest(%(units)s::bigint[], %(targets)s::bigint[]) AS waiting(unit, target)
"""


def finish_work(
    target: models.Model, *, at: datetime, kinds: Iterable[str] = (), appointment_id: int | None = None
) -> int:
    """
    Nothing of these kinds (all kinds if none is named) waits for this record any more.

    :returns: how many items were closed
    """
    from dinh.worklist.models import WorkItem

    waiting = WorkItem.objects.filter(target_type=target._meta.label_lower, target_id=target.pk, done_at=None)
    if kinds := tuple(kinds):
        waiting = waiting.filter(kind__in=kinds)
    if appointment_id is not None:
        waiting = waiting.filter(appointment_id=appointment_id)
    return waiting.update(done_at=at)


def finish_work_of(model: type[models.Model], ids: Sequence[int], *, at: datetime) -> int:
    """
    Nothing waits for these records any more: `finish_work` for many, in one statement.

    :returns: how many items were closed
    """
    from dinh.worklist.models import WorkItem

    waiting = WorkItem.objects.filter(target_type=model._meta.label_lower, target_id__in=ids, done_at=None)
    return waiting.update(done_at=at)


def move_deadline(target: models.Model, *, due_at: datetime | None) -> int:
    """
    What waits for this record waits until another moment, and is told of anew when that comes.

    :returns: how many items were changed
    """
    from dinh.worklist.models import WorkItem

    waiting = WorkItem.objects.filter(target_type=target._meta.label_lower, target_id=target.pk, done_at=None)
    return waiting.update(due_at=due_at, warned_at=None, reminded_at=None, escalated_at=None)


def acts_for(*, appointment: Appointment, at: datetime, kind: str = "") -> frozenset[int]:
    """
    The appointments whose work this one may do at a moment: its own, and those it stands in for.

    For the predicates of other modules: `step.appointment_id in acts_for(...)`. Who stands in acts in his
    own name and signs with his own certificate.

    :param kind: of work, e.g. `documents.handle`; without it, those for whom it does anything at all
    """
    from dinh.worklist.queries.delegations import stand_ins_of

    others = stand_ins_of(appointment, today=timezone.localdate(at))
    passed = (other.appointment_id for other in others if (kind in other.kinds if kind else other.kinds))
    return frozenset((appointment.pk, *passed))


def passed_to(appointment: Appointment, *, kind: str) -> "models.QuerySet[Any, int]":
    """
    Those for whom this appointment does work of a kind today, as `acts_for` but for itself: primary keys of
    appointments, not asked for yet, for a condition of a query.
    """
    from dinh.worklist.queries import delegations

    return delegations.passed_to(appointment, kind=kind, today=timezone.localdate())
