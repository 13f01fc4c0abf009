from datetime import date, timedelta

import pytest

from dinh.audit.models import Entry
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.kernel.errors import InvalidInput, NotFound
from dinh.worklist.api import acts_for
from dinh.worklist.models import Absence, Delegation
from dinh.worklist.operations.absences import (
    AbsenceIsOver,
    AbsenceOverlaps,
    NewDelegation,
    cancel_absence,
    record_absence,
)
from dinh.worklist.tests.factories import NOON

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 3, 4), date(2026, 3, 6)


@pytest.fixture
def head():
    return AppointmentFactory(roles=[Role.UNIT_HEAD])


@pytest.fixture
def deputy(head):
    return AppointmentFactory(unit=head.unit, roles=[Role.UNIT_DEPUTY])


@pytest.fixture
def clerk(head):
    return AppointmentFactory(unit=head.unit, roles=[Role.CLERK])


def away(head, delegate, *, start=FIRST, end=LAST, kinds=()):
    chosen = [NewDelegation(head.pk, delegate.pk, kinds)]
    return record_absence(actor=head, start_date=start, end_date=end, delegations=chosen, at=NOON)


def test_record_absence_writes_who_acts_and_a_line_of_the_log(head, deputy):
    absence = away(head, deputy, kinds=("documents.handle",))

    row = Delegation.objects.get()
    entry = Entry.objects.get()
    assert (row.absence, row.appointment, row.delegate) == (absence, head, deputy)
    assert row.kinds == ["documents.handle"]
    assert (entry.action, entry.person_id) == ("worklist.absence.recorded", head.person_id)
    assert entry.details["delegations"] == [
        {"appointment": head.pk, "delegate": deputy.pk, "kinds": ["documents.handle"]}
    ]


def test_record_absence_repeated_changes_nothing(head, deputy):
    first = away(head, deputy)

    assert away(head, deputy) == first
    assert (Absence.objects.count(), Entry.objects.count()) == (1, 1)


def test_record_absence_refuses_days_that_are_taken(head, deputy, clerk):
    away(head, deputy)

    with pytest.raises(AbsenceOverlaps) as refusal:
        away(head, clerk)

    assert refusal.value.field == "start_date"
    assert Absence.objects.count() == 1


def test_record_absence_refuses_somebody_of_another_unit(head):
    stranger = AppointmentFactory(unit=UnitFactory(), roles=[Role.UNIT_DEPUTY])

    with pytest.raises(InvalidInput) as refusal:
        away(head, stranger)

    assert refusal.value.field == f"delegate_{head.pk}"
    assert (Absence.objects.count(), Entry.objects.count()) == (0, 0)


def test_record_absence_refuses_oneself_in_another_position(head):
    other = AppointmentFactory(person=head.person, unit=head.unit)

    with pytest.raises(InvalidInput):
        away(head, other)


def test_record_absence_refuses_the_position_of_somebody_else(head, deputy, clerk):
    chosen = [NewDelegation(deputy.pk, clerk.pk)]

    with pytest.raises(InvalidInput) as refusal:
        record_absence(actor=head, start_date=FIRST, end_date=LAST, delegations=chosen, at=NOON)

    assert refusal.value.field == f"delegate_{deputy.pk}"


def test_record_absence_refuses_a_delegate_who_leaves_before_its_end(head, deputy):
    deputy.end_date = FIRST
    deputy.save()

    with pytest.raises(InvalidInput):
        away(head, deputy)


@pytest.mark.parametrize(("start", "end"), [(LAST, FIRST), (date(2026, 3, 1), date(2026, 3, 3))])
def test_record_absence_refuses_days_that_cannot_be(head, deputy, start, end):
    with pytest.raises(InvalidInput) as refusal:
        away(head, deputy, start=start, end=end)

    assert refusal.value.field == "end_date"


def test_cancel_absence_ends_the_delegation_and_is_safe_to_repeat(head, deputy):
    absence = away(head, deputy)

    cancel_absence(absence_id=absence.pk, actor=head, at=NOON)
    cancel_absence(absence_id=absence.pk, actor=head, at=NOON + timedelta(hours=1))

    absence.refresh_from_db()
    assert absence.cancelled_at == NOON
    assert acts_for(appointment=deputy, at=NOON) == {deputy.pk}
    assert Entry.objects.filter(action="worklist.absence.cancelled").count() == 1


def test_cancel_absence_is_for_the_absent_person_alone(head, deputy):
    absence = away(head, deputy)

    with pytest.raises(NotFound):
        cancel_absence(absence_id=absence.pk, actor=deputy, at=NOON)

    absence.refresh_from_db()
    assert absence.cancelled_at is None


def test_cancel_absence_leaves_the_past_alone(head, deputy):
    absence = away(head, deputy)

    with pytest.raises(AbsenceIsOver):
        cancel_absence(absence_id=absence.pk, actor=head, at=NOON + timedelta(days=3))


@pytest.mark.parametrize(("days", "acts"), [(-1, False), (0, True), (2, True), (3, False)])
def test_acts_for_the_absent_on_the_days_of_the_absence_only(head, deputy, days, acts):
    away(head, deputy)

    found = acts_for(appointment=deputy, at=NOON + timedelta(days=days))

    assert found == ({deputy.pk, head.pk} if acts else {deputy.pk})


@pytest.mark.parametrize(
    ("kind", "by_deputy", "by_clerk"),
    [
        ("documents.sign", True, False),
        ("documents.direct", True, False),
        ("documents.register", False, True),
        ("documents.handle", True, True),
        ("unheard.of", False, False),
    ],
)
def test_acts_for_passes_work_only_to_who_may_do_it(head, deputy, clerk, kind, by_deputy, by_clerk):
    away(head, deputy)
    absence = Absence.objects.create(person=head.person, start_date=FIRST, end_date=LAST, recorded_at=NOON)
    Delegation.objects.create(absence=absence, appointment=head, delegate=clerk)

    assert (head.pk in acts_for(appointment=deputy, at=NOON, kind=kind)) is by_deputy
    assert (head.pk in acts_for(appointment=clerk, at=NOON, kind=kind)) is by_clerk


def test_acts_for_passes_only_the_kinds_named(head, deputy):
    away(head, deputy, kinds=("documents.handle",))

    assert acts_for(appointment=deputy, at=NOON, kind="documents.handle") == {deputy.pk, head.pk}
    assert acts_for(appointment=deputy, at=NOON, kind="documents.direct") == {deputy.pk}
