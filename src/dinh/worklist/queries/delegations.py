from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Q, QuerySet

from dinh.directory.models import Appointment
from dinh.kernel.compiled import CompiledRead
from dinh.worklist.kinds import kinds, passes_to
from dinh.worklist.models import Absence, Delegation
from dinh.worklist.rules import looks_after_absences, reaches_all_units


@dataclass(frozen=True)
class StandIn:
    """An appointment acts for another one now."""

    appointment_id: int
    unit_id: int
    roles: tuple[str, ...]
    person_name: str
    kinds: frozenset[str]


def stand_ins_of(delegate: Appointment, *, today: date) -> list[StandIn]:
    """For whom an appointment acts on a day, and which kinds of work passed to it; one query."""
    return [
        StandIn(
            appointment_id=row.appointment_id,
            unit_id=row.appointment.unit_id,
            roles=tuple(row.appointment.roles),
            person_name=row.appointment.person.full_name,
            kinds=_passed(row.kinds, delegate),
        )
        for row in _OF_DELEGATE.rows(delegate=delegate.pk, day=today)
    ]


_OF_DELEGATE: Final[CompiledRead[Delegation]] = CompiledRead(
    lambda delegate, day: delegations_on(day).filter(delegate=delegate), delegate=-1, day=date.min
)


def passed_to(delegate: Appointment, *, kind: str, today: date) -> QuerySet[Delegation, int]:
    """The appointments whose work of this kind passes to one on a day: keys, for a condition of another query."""
    if not passes_to(kind, delegate):
        return Delegation.objects.none().values_list("appointment", flat=True)
    chosen = Q(kinds=[]) | Q(kinds__contains=[kind])
    rows = delegations_on(today).select_related(None).filter(chosen, delegate=delegate)
    return rows.values_list("appointment", flat=True)


def delegations_on(day: date) -> QuerySet[Delegation]:
    """Delegations that hold on a day: not cancelled, and the absent person still in the position."""
    still = Q(appointment__end_date=None) | Q(appointment__end_date__gte=day)
    return Delegation.objects.filter(
        still,
        absence__cancelled_at=None,
        absence__start_date__lte=day,
        absence__end_date__gte=day,
    ).select_related("appointment__person")


def absences_visible_to(appointment: Appointment) -> QuerySet[Absence]:
    """One's own, the latest first."""
    return _with_delegations(Absence.objects.filter(person_id=appointment.person_id))


def absences_managed_by(appointment: Appointment, *, today: date) -> QuerySet[Absence]:
    """Those of the people whose absences the appointment looks after, the latest first; never its own."""
    people = people_managed_by(appointment, today=today).values("person_id")
    return _with_delegations(Absence.objects.filter(person_id__in=people)).select_related("person")


def people_managed_by(appointment: Appointment, *, today: date) -> QuerySet[Appointment]:
    """The positions held today by others for whom the appointment may record an absence."""
    if not looks_after_absences(appointment):
        return Appointment.objects.none()
    holds = Q(end_date=None) | Q(end_date__gte=today)
    found = Appointment.objects.filter(holds, start_date__lte=today).exclude(person_id=appointment.person_id)
    found = found if reaches_all_units(appointment) else found.filter(unit_id=appointment.unit_id)
    return found.select_related("person", "position", "unit")


def _with_delegations(absences: QuerySet[Absence]) -> QuerySet[Absence]:
    return absences.select_related("recorded_by__person").prefetch_related(
        "delegations__appointment__position",
        "delegations__appointment__unit",
        "delegations__delegate__person",
        "delegations__delegate__position",
    )


def possible_delegates(appointments: Iterable[Appointment], *, today: date) -> QuerySet[Appointment]:
    """Who may stand in: other people of the same units, in a position today."""
    units = {one.unit_id for one in appointments}
    people = {one.person_id for one in appointments}
    holds = Q(end_date=None) | Q(end_date__gte=today)
    found = Appointment.objects.filter(holds, unit_id__in=units, start_date__lte=today)
    return found.exclude(person_id__in=people).select_related("person", "position")


def _passed(chosen: Iterable[str], delegate: Appointment) -> frozenset[str]:
    wanted = set(chosen) or {name for name, _kind in kinds.items()}
    return frozenset(kind for kind in wanted if passes_to(kind, delegate))
