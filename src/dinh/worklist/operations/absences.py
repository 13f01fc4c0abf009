"""Being away, and who acts meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment, Person
from dinh.directory.queries.appointments import current_appointments
from dinh.kernel.errors import DomainError, InvalidInput, NotFound
from dinh.worklist.kinds import kinds as known_kinds
from dinh.worklist.models import Absence, Delegation
from dinh.worklist.rules import may_be_delegate


class AbsenceOverlaps(DomainError):
    """The person is away already in these days."""


class AbsenceIsOver(DomainError):
    """What is past is not undone."""


@dataclass(frozen=True)
class NewDelegation:
    """
    :param appointment_id: of the absent person
    :param delegate_id: appointment of who acts meanwhile
    :param kinds: of work; empty means all
    """

    appointment_id: int
    delegate_id: int
    kinds: tuple[str, ...] = ()


@transaction.atomic
def record_absence(
    *,
    actor: Appointment,
    start_date: date,
    end_date: date,
    delegations: Sequence[NewDelegation],
    at: datetime,
    reason: str = "",
) -> Absence:
    """
    Note that the actor is away, first and last day included, and who acts for each position meanwhile.

    The same absence given again (a retry) is returned as it stands. Writes an audit entry.

    :raises InvalidInput: field `end_date` before the first day or past; a delegate of another unit, oneself
        or without a position in all those days; an unknown kind of work
    :raises AbsenceOverlaps: if another absence of the person covers one of the days
    """
    _refuse_bad_period(start_date, end_date, at)
    Person.objects.select_for_update(no_key=True).get(pk=actor.person_id)
    _refuse_bad_delegations(actor, delegations, start_date, end_date)
    if same := _already(actor, start_date, end_date, delegations):
        return same
    absence = Absence.objects.create(
        person_id=actor.person_id,
        start_date=start_date,
        end_date=end_date,
        reason=reason[:200],
        recorded_at=at,
    )
    Delegation.objects.bulk_create(
        Delegation(
            absence=absence,
            appointment_id=one.appointment_id,
            delegate_id=one.delegate_id,
            kinds=sorted(one.kinds),
        )
        for one in delegations
    )
    record("worklist.absence.recorded", target=absence, actor=actor, at=at, details=_details(absence))
    return absence


@transaction.atomic
def cancel_absence(*, absence_id: int, actor: Appointment, at: datetime) -> None:
    """
    End an absence that has not run out; its delegations end with it. A second cancelling changes nothing.

    :raises NotFound: if it is not the actor's own
    :raises AbsenceIsOver: if its last day is past
    """
    own = Absence.objects.select_for_update(no_key=True).filter(person_id=actor.person_id)
    absence = own.filter(pk=absence_id).first()
    if absence is None:
        raise NotFound(_("There is no such absence of yours."))
    if absence.cancelled_at is not None:
        return
    if absence.end_date < timezone.localdate(at):
        raise AbsenceIsOver(_("This absence is over; it cannot be cancelled any more."))
    absence.cancelled_at = at
    absence.save(update_fields=["cancelled_at"])
    record("worklist.absence.cancelled", target=absence, actor=actor, at=at, details=_details(absence))


def _refuse_bad_period(start_date: date, end_date: date, at: datetime) -> None:
    if end_date < start_date:
        raise InvalidInput(_("The last day must not be before the first."), field="end_date")
    if end_date < timezone.localdate(at):
        raise InvalidInput(_("The last day is past. Choose today or later."), field="end_date")


def _refuse_bad_delegations(
    actor: Appointment, delegations: Sequence[NewDelegation], start: date, end: date
) -> None:
    ids = {one.delegate_id for one in delegations}
    delegates = Appointment.objects.in_bulk(ids)
    own = current_appointments(person_id=actor.person_id, today=start).in_bulk()
    for one in delegations:
        absent, delegate = own.get(one.appointment_id), delegates.get(one.delegate_id)
        field = f"delegate_{one.appointment_id}"
        if absent is None:
            raise InvalidInput(_("You do not hold this position in those days."), field=field)
        if delegate is None or not may_be_delegate(delegate, absent):
            raise InvalidInput(_("Choose another person of the same unit."), field=field)
        if not (delegate.is_current(start) and delegate.is_current(end)):
            raise InvalidInput(_("Choose somebody who holds a position in all those days."), field=field)
        if _is_away(delegate, start, end):
            raise InvalidInput(_("This person is away in those days too. Choose somebody else."), field=field)
        if any(known_kinds.get(kind) is None for kind in one.kinds):
            raise InvalidInput(_("Choose kinds of work from the list."), field="kinds")


def _is_away(delegate: Appointment, start: date, end: date) -> bool:
    """What was delegated is not delegated on (Decree 30/2020, Art. 13), so it would wait for nobody."""
    away = Absence.objects.filter(person_id=delegate.person_id, cancelled_at=None)
    return away.filter(start_date__lte=end, end_date__gte=start).exists()


def _already(
    actor: Appointment, start: date, end: date, delegations: Sequence[NewDelegation]
) -> Absence | None:
    """The very same absence if it is there. :raises AbsenceOverlaps: if another one is"""
    own = Absence.objects.filter(person_id=actor.person_id, cancelled_at=None)
    other = own.filter(start_date__lte=end, end_date__gte=start).first()
    if other is None:
        return None
    rows = {(row.appointment_id, row.delegate_id, tuple(row.kinds)) for row in other.delegations.all()}
    wanted = {(one.appointment_id, one.delegate_id, tuple(sorted(one.kinds))) for one in delegations}
    if (other.start_date, other.end_date) == (start, end) and rows == wanted:
        return other
    text = _("You are away from %(start)s to %(end)s already. Cancel that absence first.")
    days = {"start": f"{other.start_date:%d/%m/%Y}", "end": f"{other.end_date:%d/%m/%Y}"}
    raise AbsenceOverlaps(text % days, field="start_date")


def _details(absence: Absence) -> dict[str, object]:
    return {
        "start_date": absence.start_date.isoformat(),
        "end_date": absence.end_date.isoformat(),
        "delegations": [
            {"appointment": row.appointment_id, "delegate": row.delegate_id, "kinds": row.kinds}
            for row in absence.delegations.order_by("appointment_id")
        ],
    }
