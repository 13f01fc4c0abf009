"""Directions of leaders: who leads, supports and knows, and how that changes."""

from datetime import timedelta

import pytest

from dinh.directory.models import Division
from dinh.documents.enums import AssignmentRole, IncomingState
from dinh.documents.events import IncomingAssigned
from dinh.documents.operations.assigning import (
    AssignmentNotFound,
    Directions,
    WrongAssignee,
    WrongDeadline,
    assign_incoming,
    change_assignments,
    extend_deadline,
    pass_on,
    withdraw_assignment,
)
from dinh.documents.operations.handling import TextMissing, add_note, complete_incoming, finish_part
from dinh.documents.operations.receiving import ReasonMissing, WrongIncomingState, register_incoming
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.receivers import tell_who_is_to_know
from dinh.documents.tests.test_incoming import NOW, sealed, send, staff, unit
from dinh.kernel.errors import NotPermitted
from dinh.notify.models import Notification
from dinh.worklist.models import WorkItem

pytestmark = pytest.mark.django_db
TOMORROW, NEXT_WEEK = NOW + timedelta(days=1), NOW + timedelta(days=7)


class Office:
    """A unit with a letter registered, its leader, a division with a head and two specialists."""

    def __init__(self):
        sender = staff(unit(), "clerk")
        self.unit = unit()
        self.incoming = send(sealed(sender, [self.unit]), sender).arrivals.get()
        register_incoming(incoming_id=self.incoming.pk, actor=staff(self.unit, "clerk"), at=NOW)
        self.head, self.other = staff(self.unit, "unit_head"), staff(self.unit, "specialist")
        self.division = Division.objects.create(unit=self.unit, name="Phòng Văn hóa", abbreviation="VH")
        self.division_head = self.member("division_head")
        self.specialist, self.second = self.member("specialist"), self.member("specialist")

    def member(self, role):
        appointment = staff(self.unit, role)
        appointment.division = self.division
        appointment.save()
        return appointment

    def assign(self, **directions):
        order = Directions(**{"instruction": "Tham mưu", "due_at": TOMORROW, **directions})
        assign_incoming(incoming_id=self.incoming.pk, actor=self.head, directions=order, at=NOW)
        return self.part(AssignmentRole.LEAD)

    def part(self, role):
        return self.incoming.assignments.get(role=role, withdrawn_at=None)

    def waits_for(self):
        waiting = WorkItem.objects.filter(target_id=self.incoming.pk, done_at=None).order_by("id")
        return list(waiting.values_list("kind", "appointment_id"))


@pytest.fixture
def office():
    return Office()


def test_a_division_is_asked_through_its_head_who_passes_it_on(office):
    lead = office.assign(lead=office.division, supports=[office.other])
    assert office.waits_for() == [
        ("documents.handle", office.other.pk),
        ("documents.pass_on", office.division_head.pk),
    ]

    order = {"assignment_id": lead.pk, "actor": office.division_head, "at": NOW}
    pass_on(to=office.specialist, instruction="Soạn trả lời", **order)
    pass_on(to=office.second, **order)

    lead.refresh_from_db()
    assert (lead.appointment, lead.passed_by) == (office.second, office.division_head)
    assert office.waits_for() == [
        ("documents.handle", office.other.pk),
        ("documents.handle", office.second.pk),
    ]
    complete_incoming(incoming_id=office.incoming.pk, actor=office.second, result="Xong", at=NOW)
    assert office.waits_for() == []


def test_only_the_head_passes_on_and_only_within_the_division(office):
    lead = office.assign(lead=office.division)
    order = {"assignment_id": lead.pk, "at": NOW}
    with pytest.raises(NotPermitted):
        pass_on(actor=office.specialist, to=office.specialist, **order)
    with pytest.raises(WrongAssignee):
        pass_on(actor=office.division_head, to=office.other, **order)
    with pytest.raises(AssignmentNotFound):
        pass_on(actor=office.other, to=office.other, **order)
    lead.refresh_from_db()
    assert lead.appointment is None


def test_directions_are_refused_with_their_field(office):
    empty = Division.objects.create(unit=office.unit, name="Phòng trống", abbreviation="PT")
    faults = (
        ({"lead": office.other, "supports": [office.other]}, WrongAssignee, "supports"),
        ({"lead": empty}, WrongAssignee, "lead"),
        ({"lead": staff(unit(), "specialist")}, WrongAssignee, "lead"),
        ({"lead": office.other, "due_at": NOW - timedelta(days=1)}, WrongDeadline, "due"),
    )
    for directions, fault, field in faults:
        with pytest.raises(fault) as refusal:
            office.assign(**directions)
        assert refusal.value.field == field
    office.incoming.refresh_from_db()
    assert office.incoming.state == IncomingState.RECEIVED


def test_those_who_are_to_know_are_told_once_and_see_it(office):
    office.assign(lead=office.other, informed=[office.division])
    for _time in range(2):
        tell_who_is_to_know(IncomingAssigned(office.incoming.pk, office.unit.pk, NOW))
    assert [each.appointment for each in Notification.objects.all()] == [office.division_head]
    assert incoming_visible_to(office.division_head).get() == office.incoming
    assert office.waits_for() == [("documents.handle", office.other.pk)]


def test_assigning_anew_withdraws_what_was_open(office):
    first = office.assign(lead=office.other)
    order = {"incoming_id": office.incoming.pk, "directions": Directions(lead=office.specialist), "at": NOW}
    with pytest.raises(ReasonMissing):
        change_assignments(actor=office.head, reason="", **order)
    with pytest.raises(NotPermitted):
        change_assignments(actor=office.division_head, reason="Nghỉ", **order | {"incoming_id": seen(office)})

    change_assignments(actor=office.head, reason="Nghỉ phép", **order)

    first.refresh_from_db()
    assert (first.withdrawn_at, first.withdrawn_reason) == (NOW, "Nghỉ phép")
    assert office.part(AssignmentRole.LEAD).appointment == office.specialist
    assert office.waits_for() == [("documents.handle", office.specialist.pk)]
    assert not incoming_visible_to(office.other).exists()


def seen(office):
    """The document, made visible to the division by a part for its information."""
    office.incoming.assignments.create(
        role=AssignmentRole.INFORM, division=office.division, assigned_by=office.head, assigned_at=NOW
    )
    return office.incoming.pk


def test_a_support_finishes_only_its_own_part(office):
    office.assign(lead=office.other, supports=[office.specialist])
    part = office.part(AssignmentRole.SUPPORT)
    order = {"assignment_id": part.pk, "at": NOW}
    with pytest.raises(NotPermitted):
        finish_part(actor=office.other, result="Xong", **order)
    with pytest.raises(TextMissing):
        finish_part(actor=office.specialist, result=" ", **order)

    for result in ("Đã góp ý", "lần hai"):
        finish_part(actor=office.specialist, result=result, **order)

    part.refresh_from_db()
    office.incoming.refresh_from_db()
    assert (part.done_at, part.result_text) == (NOW, "Đã góp ý")
    assert office.incoming.state == IncomingState.ASSIGNED
    assert office.waits_for() == [("documents.handle", office.other.pk)]


def test_a_supporting_part_is_withdrawn_but_never_the_leading_one(office):
    lead = office.assign(lead=office.other, supports=[office.specialist])
    part = office.part(AssignmentRole.SUPPORT)
    with pytest.raises(WrongAssignee):
        withdraw_assignment(assignment_id=lead.pk, actor=office.head, reason="Thôi", at=NOW)
    with pytest.raises(NotPermitted):
        withdraw_assignment(assignment_id=part.pk, actor=office.specialist, reason="Thôi", at=NOW)

    withdraw_assignment(assignment_id=part.pk, actor=office.head, reason="Không cần nữa", at=NOW)

    assert office.waits_for() == [("documents.handle", office.other.pk)]
    assert not incoming_visible_to(office.specialist).exists()


def test_a_deadline_only_moves_on_and_takes_the_work_along(office):
    office.assign(lead=office.other)
    order = {"incoming_id": office.incoming.pk, "actor": office.head, "at": NOW}
    with pytest.raises(WrongDeadline):
        extend_deadline(due_at=NOW + timedelta(hours=1), reason="Sớm hơn", **order)
    with pytest.raises(ReasonMissing):
        extend_deadline(due_at=NEXT_WEEK, reason="", **order)

    extend_deadline(due_at=NEXT_WEEK, reason="Chờ số liệu", **order)

    office.incoming.refresh_from_db()
    assert office.incoming.due_at == NEXT_WEEK
    assert office.part(AssignmentRole.LEAD).due_at == NEXT_WEEK
    assert WorkItem.objects.get(target_id=office.incoming.pk, done_at=None).due_at == NEXT_WEEK


def test_notes_are_written_by_those_who_handle_it_and_count_once(office):
    office.assign(lead=office.other)
    order = {"incoming_id": office.incoming.pk, "at": NOW}
    for _time in range(2):
        add_note(actor=office.other, text="Đã xin số liệu", **order)
    with pytest.raises(NotPermitted):
        add_note(actor=staff(office.unit, "clerk"), text="Chen ngang", **order)
    assert [each.text for each in office.incoming.notes.all()] == ["Đã xin số liệu"]
    complete_incoming(actor=office.other, result="Xong", **order)
    with pytest.raises(WrongIncomingState):
        add_note(actor=office.other, text="Muộn", **order)
