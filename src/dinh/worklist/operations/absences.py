"""Being away, and who acts meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from dinh.audit.api import record
from dinh.directory.models import Appointment, Person
from dinh.directory.queries.appointments import current_appointments
from dinh.kernel.errors import DomainError, InvalidInput, NotFound
from dinh.notify.api import notify
from dinh.worklist.kinds import kinds as known_kinds
from dinh.worklist.models import Absence, Delegation
from dinh.worklist.queries.delegations import people_managed_by
from dinh.worklist.rules import may_be_delegate, may_name_delegate, reaches_all_units


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
    person_id: int | None = None,
) -> Absence:
    """
    Note that somebody is away, first and last day included, and who acts for each position meanwhile.

    The same absence given again (a retry) is returned as it stands. Writes an audit entry; tells the person, if
    another recorded it.

    :param person_id: whose absence; the actor's own if none is given
    :raises NotFound: if the actor does not look after this person's absences
    :raises InvalidInput: field `end_date` before the first day or past; a delegate of another unit, oneself
        or without a position in all those days; an unknown kind of work
    :raises AbsenceOverlaps: if another absence of the person covers one of the days
    """
    person_id = actor.person_id if person_id is None else person_id
    _require_managed(actor, person_id, at)
    _refuse_bad_period(start_date, end_date, at)
    Person.objects.select_for_update(no_key=True).get(pk=person_id)
    _refuse_bad_delegations(actor, person_id, delegations, start_date, end_date)
    if same := _already(person_id, start_date, end_date, delegations):
        return same
    absence = Absence.objects.create(
        person_id=person_id,
        recorded_by=None if person_id == actor.person_id else actor,
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
    if absence.recorded_by_id is not None:
        _tell(absence, actor, at, kind="worklist.absence_recorded", words=_recorded)
    return absence


@transaction.atomic
def cancel_absence(*, absence_id: int, actor: Appointment, at: datetime) -> None:
    """
    End an absence that has not run out; its delegations end with it. A second cancelling changes nothing.

    :raises NotFound: if it is neither the actor's own nor one that the actor looks after
    :raises AbsenceIsOver: if its last day is past
    """
    absence = Absence.objects.select_for_update(no_key=True).filter(pk=absence_id).first()
    if absence is None or not _is_managed(actor, absence.person_id, at):
        raise NotFound(_("You have no such absence."))
    if absence.cancelled_at is not None:
        return
    if absence.end_date < timezone.localdate(at):
        raise AbsenceIsOver(_("This absence is over; it cannot be cancelled any more."))
    absence.cancelled_at = at
    absence.save(update_fields=["cancelled_at"])
    record("worklist.absence.cancelled", target=absence, actor=actor, at=at, details=_details(absence))
    if absence.person_id != actor.person_id:
        _tell(absence, actor, at, kind="worklist.absence_cancelled", words=_cancelled)


def _require_managed(actor: Appointment, person_id: int, at: datetime) -> None:
    if not _is_managed(actor, person_id, at):
        raise NotFound(_("There is no such person in your care."))


def _is_managed(actor: Appointment, person_id: int, at: datetime) -> bool:
    """Oneself, or somebody whose absences one looks after."""
    managed = people_managed_by(actor, today=timezone.localdate(at))
    return person_id == actor.person_id or managed.filter(person_id=person_id).exists()


def _tell(absence: Absence, actor: Appointment, at: datetime, *, kind: str, words: Callable[[], str]) -> None:
    """Let the absent person know, in each position, who did it."""
    positions = current_appointments(person_id=absence.person_id, today=timezone.localdate(at))
    with override(settings.LANGUAGE_CODE):
        text = words() % {
            "who": actor.person.full_name,
            "start": f"{absence.start_date:%d/%m/%Y}",
            "end": f"{absence.end_date:%d/%m/%Y}",
        }
    notify(
        appointment_ids=list(positions.values_list("pk", flat=True)),
        kind=kind,
        text=text,
        url=reverse("worklist:absences"),
        at=at,
        dedupe_key=f"{kind}:{absence.pk}",
    )


def _recorded() -> str:
    return _("%(who)s recorded that you are away from %(start)s to %(end)s. Cancel it if that is not so.")


def _cancelled() -> str:
    return _("%(who)s cancelled your absence from %(start)s to %(end)s; your work comes to you again.")


def _refuse_bad_period(start_date: date, end_date: date, at: datetime) -> None:
    if end_date < start_date:
        raise InvalidInput(_("The last day must not be before the first."), field="end_date")
    if end_date < timezone.localdate(at):
        raise InvalidInput(_("The last day is past. Choose today or later."), field="end_date")


def _refuse_bad_delegations(
    actor: Appointment, person_id: int, delegations: Sequence[NewDelegation], start: date, end: date
) -> None:
    ids = {one.delegate_id for one in delegations}
    delegates = Appointment.objects.in_bulk(ids)
    own = current_appointments(person_id=person_id, today=start).in_bulk()
    is_own = person_id == actor.person_id
    for one in delegations:
        absent, delegate = own.get(one.appointment_id), delegates.get(one.delegate_id)
        field = f"delegate_{one.appointment_id}"
        if absent is None and is_own:
            raise InvalidInput(_("You do not hold this position in those days."), field=field)
        if absent is None or not (is_own or _may_give(actor, absent)):
            raise InvalidInput(
                _("This is no position of this person in your unit in those days."), field=field
            )
        if delegate is None or not may_be_delegate(delegate, absent):
            raise InvalidInput(_("Choose another person of the same unit."), field=field)
        if not (is_own or may_name_delegate(actor, delegate)):
            raise InvalidInput(_("You cannot take over work by an absence that you record."), field=field)
        if not (delegate.is_current(start) and delegate.is_current(end)):
            raise InvalidInput(_("Choose somebody who holds a position in all those days."), field=field)
        if _is_away(delegate, start, end):
            raise InvalidInput(_("This person is away in those days too. Choose somebody else."), field=field)
        if any(known_kinds.get(kind) is None for kind in one.kinds):
            raise InvalidInput(_("Choose kinds of work from the list."), field="kinds")


def _may_give(actor: Appointment, absent: Appointment) -> bool:
    return absent.unit_id == actor.unit_id or reaches_all_units(actor)


def _is_away(delegate: Appointment, start: date, end: date) -> bool:
    """What was delegated is not delegated on (Decree 30/2020, Art. 13), so it would wait for nobody."""
    away = Absence.objects.filter(person_id=delegate.person_id, cancelled_at=None)
    return away.filter(start_date__lte=end, end_date__gte=start).exists()


def _already(person_id: int, start: date, end: date, delegations: Sequence[NewDelegation]) -> Absence | None:
    """The very same absence if it is there. :raises AbsenceOverlaps: if another one is"""
    own = Absence.objects.filter(person_id=person_id, cancelled_at=None)
    other = own.filter(start_date__lte=end, end_date__gte=start).first()
    if other is None:
        return None
    rows = {(row.appointment_id, row.delegate_id, tuple(row.kinds)) for row in other.delegations.all()}
    wanted = {(one.appointment_id, one.delegate_id, tuple(sorted(one.kinds))) for one in delegations}
    if (other.start_date, other.end_date) == (start, end) and rows == wanted:
        return other
    text = _("An absence from %(start)s to %(end)s is recorded already. Cancel that one first.")
    days = {"start": f"{other.start_date:%d/%m/%Y}", "end": f"{other.end_date:%d/%m/%Y}"}
    raise AbsenceOverlaps(text % days, field="start_date")


def _details(absence: Absence) -> dict[str, object]:
    return {
        "person": absence.person_id,
        "start_date": absence.start_date.isoformat(),
        "end_date": absence.end_date.isoformat(),
        "delegations": [
            {"appointment": row.appointment_id, "delegate": row.delegate_id, "kinds": row.kinds}
            for row in absence.delegations.order_by("appointment_id")
        ],
    }
