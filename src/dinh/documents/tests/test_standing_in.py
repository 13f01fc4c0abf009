"""Colleagues who stand in for somebody who is away: they see and do that person's work, on those days alone."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.documents.enums import IncomingState, OutgoingState, StepKind, StepState
from dinh.documents.models import Incoming
from dinh.documents.operations.approval import NotYourTurn, pass_initial, return_draft, submit_draft
from dinh.documents.operations.assigning import Directions, assign_incoming
from dinh.documents.operations.commenting import comment_on_draft
from dinh.documents.operations.drafting import delete_draft, render_version
from dinh.documents.operations.handling import complete_incoming, finish_part, start_handling
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.operations.signing import sign_step
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.outgoing import letters_to_sign, outgoing_visible_to
from dinh.documents.rules import may_edit_draft
from dinh.documents.tests.test_drafting import draft
from dinh.documents.tests.test_incoming import sealed, send, staff, unit
from dinh.kernel.errors import NotFound, NotPermitted
from dinh.signing.operations.demo import issue_demo_certificates
from dinh.worklist.models import WorkItem
from dinh.worklist.operations.absences import NewDelegation, cancel_absence, record_absence
from dinh.worklist.queries.items import items_visible_to

pytestmark = pytest.mark.django_db


def away(absent, delegate, *kinds, starts=0):
    today = timezone.localdate() + timedelta(days=starts)
    return record_absence(
        actor=absent, start_date=today, end_date=today + timedelta(days=1),
        delegations=[NewDelegation(absent.pk, delegate.pk, kinds)], at=timezone.now(),
    )  # fmt: skip


def anew(appointment):
    """As the next request finds it."""
    return Appointment.objects.get(pk=appointment.pk)


@pytest.fixture
def arrival():
    """A letter that a specialist leads and another supports; a third colleague has nothing to do with it."""
    sender, of = staff(unit(), "clerk"), unit()
    clerk, head, leads, supports, colleague = (
        staff(of, role) for role in ("clerk", "unit_head", "specialist", "specialist", "specialist")
    )
    incoming = send(sealed(sender, [of]), sender, "k").arrivals.get()
    register_incoming(incoming_id=incoming.pk, actor=clerk, at=timezone.now())
    directions = Directions(lead=leads, supports=[supports])
    assign_incoming(incoming_id=incoming.pk, actor=head, directions=directions, at=timezone.now())
    incoming.refresh_from_db()
    return incoming, leads, supports, colleague


def test_an_arrival_is_handled_by_who_stands_in(client, arrival):
    incoming, leads, supports, colleague = arrival
    away(leads, colleague)
    client.force_login(AccountFactory(current_appointment=colleague))

    opened = client.get(reverse("documents:incoming", args=[incoming.pk]))
    start_handling(incoming_id=incoming.pk, actor=anew(colleague), at=timezone.now())
    part = incoming.assignments.get(appointment=supports)
    with pytest.raises(NotPermitted):
        finish_part(assignment_id=part.pk, actor=anew(colleague), result="Xong", at=timezone.now())
    complete_incoming(incoming_id=incoming.pk, actor=anew(colleague), result="Xong", at=timezone.now())

    assert opened.status_code == 200
    assert {"start", "complete"} <= set(opened.context["acts"])
    incoming.refresh_from_db()
    assert incoming.state == IncomingState.DONE
    done = next(entry for entry in trace_of(incoming) if entry.action == "documents.incoming.done")
    assert (done.person_name, done.details["on_behalf_of"]) == (
        colleague.person.full_name,
        leads.person.full_name,
    )


def test_what_the_list_of_who_stands_in_shows_can_be_opened(client):
    """A specialist takes over the clerk's position and the head's: of their offices' work it sees nothing."""
    sender, of = staff(unit(), "clerk"), unit()
    clerk, head, colleague, second = (
        staff(of, each) for each in ("clerk", "unit_head", "specialist", "clerk")
    )
    arrivals = [send(sealed(sender, [of]), sender, key).arrivals.get() for key in "kl"]
    register_incoming(incoming_id=arrivals[0].pk, actor=second, at=timezone.now())
    away(clerk, colleague)
    away(head, colleague)

    waiting = {
        each.pk: sorted(items_visible_to(anew(each)).values_list("kind", flat=True))
        for each in (colleague, second, head)
    }

    assert waiting == {colleague.pk: [], second.pk: ["documents.register"], head.pk: ["documents.direct"]}
    client.force_login(AccountFactory(current_appointment=colleague))
    assert client.get(reverse("documents:incoming", args=[arrivals[1].pk])).status_code == 404


def test_a_supporting_part_is_closed_for_who_is_away(arrival):
    incoming, _leads, supports, colleague = arrival
    away(supports, colleague)
    part = incoming.assignments.get(appointment=supports)

    finish_part(assignment_id=part.pk, actor=anew(colleague), result="Xong", at=timezone.now())

    part.refresh_from_db()
    assert part.done_at is not None
    assert not WorkItem.objects.filter(appointment=supports, done_at=None).exists()


@pytest.mark.parametrize("how", ["none", "not yet", "cancelled", "other work", "other person"])
def test_nobody_sees_it_without_a_delegation_that_holds(arrival, how):
    incoming, leads, supports, colleague = arrival
    if how == "cancelled":
        absence = away(leads, colleague)
        cancel_absence(absence_id=absence.pk, actor=leads, at=timezone.now())
    elif how != "none":
        kinds = ["documents.review"] if how == "other work" else []
        delegate = supports if how == "other person" else colleague
        away(leads, delegate, *kinds, starts=3 if how == "not yet" else 0)

    assert not incoming_visible_to(anew(colleague)).exists()
    with pytest.raises(NotFound):
        start_handling(incoming_id=incoming.pk, actor=anew(colleague), at=timezone.now())
    assert Incoming.objects.get(pk=incoming.pk).state == IncomingState.ASSIGNED


@pytest.fixture
def letter(settings, tmp_path):
    """A submitted letter that waits for a head of division; another head of division, a colleague of the drafter."""
    settings.DATA_DIR, settings.DEMO = tmp_path, True
    outgoing, drafter, reviewer, leader = draft()
    of, division = outgoing.unit, reviewer.division
    second = AppointmentFactory(unit=of, division=division, roles=[Role.DIVISION_HEAD])
    colleague = AppointmentFactory(unit=of, roles=[Role.SPECIALIST])
    for each in (reviewer, leader, second, colleague):
        AccountFactory(current_appointment=each)
    issue_demo_certificates()
    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    return outgoing, drafter, reviewer, leader, second, colleague


def test_a_draft_is_initialled_by_a_leader_who_stands_in(letter):
    outgoing, _drafter, reviewer, _leader, second, _colleague = letter
    assert not letters_to_sign(second).exists()
    away(reviewer, second)

    assert letters_to_sign(anew(second)).get() == outgoing
    sign_step(outgoing_id=outgoing.pk, actor=anew(second))

    step = outgoing.steps.get(kind=StepKind.INITIAL)
    assert (step.state, step.appointment, step.decided_by, step.signed) == (
        StepState.DONE, reviewer, second, True,
    )  # fmt: skip
    signed = next(entry for entry in trace_of(outgoing) if "on_behalf_of" in entry.details)
    assert (signed.person_name, signed.details["on_behalf_of"]) == (
        second.person.full_name, reviewer.person.full_name,
    )  # fmt: skip
    assert not WorkItem.objects.filter(appointment=reviewer, done_at=None).exists()


def test_who_leads_nobody_inherits_no_initials(letter):
    outgoing, _drafter, reviewer, _leader, _second, colleague = letter
    away(reviewer, colleague)

    assert not outgoing_visible_to(anew(colleague)).exists()
    for act in (pass_initial, return_draft):
        more = {"reason": "Sai"} if act is return_draft else {}
        with pytest.raises(NotFound):
            act(outgoing_id=outgoing.pk, actor=anew(colleague), at=timezone.now(), **more)


def test_a_letter_that_names_its_signer_is_returned_by_who_stands_in_not_signed(client, letter):
    outgoing, drafter, reviewer, leader, second, _colleague = letter
    sign_step(outgoing_id=outgoing.pk, actor=reviewer)
    away(leader, second)
    client.force_login(second.person.account)

    opened = client.get(reverse("documents:outgoing", args=[outgoing.pk]))
    with pytest.raises(NotYourTurn):
        sign_step(outgoing_id=outgoing.pk, actor=anew(second))
    return_draft(outgoing_id=outgoing.pk, actor=anew(second), reason="Thủ trưởng đi vắng", at=timezone.now())

    assert opened.context["acts"] == {"return"}
    outgoing.refresh_from_db()
    assert outgoing.state == OutgoingState.RETURNED
    assert WorkItem.objects.filter(appointment=drafter, kind="documents.revise", done_at=None).exists()


def test_a_returned_draft_is_revised_and_submitted_for_who_is_away(letter):
    outgoing, drafter, reviewer, _leader, _second, colleague = letter
    away(drafter, colleague)
    assert not outgoing_visible_to(anew(colleague)).exists()
    return_draft(outgoing_id=outgoing.pk, actor=reviewer, reason="Sai", at=timezone.now())
    outgoing.refresh_from_db()

    assert may_edit_draft(anew(colleague), outgoing)
    with pytest.raises(NotPermitted):
        delete_draft(outgoing_id=outgoing.pk, drafter=anew(colleague), at=timezone.now())
    with pytest.raises(NotPermitted):
        comment_on_draft(outgoing_id=outgoing.pk, author=anew(colleague), text="Ý kiến", at=timezone.now())
    render_version(outgoing.versions.get())
    submit_draft(outgoing_id=outgoing.pk, drafter=anew(colleague), at=timezone.now())

    outgoing.refresh_from_db()
    assert (outgoing.state, outgoing.drafter) == (OutgoingState.REVIEWING, drafter)
    assert not outgoing_visible_to(anew(colleague)).exists()
