"""What was closed or written down by mistake is reopened or corrected; the log keeps what was."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.documents.enums import AssignmentRole, Channel, IncomingState
from dinh.documents.models import Book
from dinh.documents.operations.assigning import Directions, assign_incoming
from dinh.documents.operations.books import BookClosed
from dinh.documents.operations.handling import complete_incoming, finish_part, start_handling
from dinh.documents.operations.intake import correct_taken_in
from dinh.documents.operations.receiving import ReasonMissing, WrongIncomingState
from dinh.documents.operations.undoing import reopen_incoming, reopen_part
from dinh.documents.queries.search import search_documents
from dinh.documents.tests.test_intake import letter, taken
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted
from dinh.worklist.models import WorkItem

pytestmark = pytest.mark.django_db
NOW = timezone.now() + timedelta(minutes=5)


@pytest.fixture
def office():
    """A clerk, a leader, and two who handle a letter on paper, one leading and one supporting."""
    clerk = AppointmentFactory(roles=[Role.CLERK])
    leader = AppointmentFactory(unit=clerk.unit, roles=[Role.UNIT_HEAD])
    lead, support = AppointmentFactory(unit=clerk.unit), AppointmentFactory(unit=clerk.unit)
    incoming = taken(clerk)
    directions = Directions(lead=lead, supports=[support])
    assign_incoming(incoming_id=incoming.pk, actor=leader, directions=directions, at=NOW)
    return clerk, leader, lead, support, incoming


def waiting() -> set[tuple[str, int | None]]:
    return set(WorkItem.objects.filter(done_at=None).values_list("kind", "appointment_id"))


def complete(incoming, actor, *, result="Xong"):
    complete_incoming(incoming_id=incoming.pk, actor=actor, result=result, at=NOW)


def reopen(incoming, actor, *, reason="Bấm nhầm"):
    return reopen_incoming(incoming_id=incoming.pk, actor=actor, reason=reason, at=NOW)


def test_what_was_completed_by_mistake_waits_again_for_those_who_had_it(office):
    _clerk, _leader, lead, support, incoming = office
    before = waiting()
    start_handling(incoming_id=incoming.pk, actor=lead, at=NOW)
    complete(incoming, lead)

    for _time in range(2):
        reopened = reopen(incoming, lead)

    assert (reopened.state, reopened.done_at, reopened.result_text) == (IncomingState.IN_PROGRESS, None, "")
    assert waiting() == before == {("documents.handle", lead.pk), ("documents.handle", support.pk)}
    assert [entry.details for entry in trace_of(incoming) if entry.action.endswith("reopened")] == [
        {"reason": "Bấm nhầm"}
    ]


def test_a_part_that_was_done_before_stays_done(office):
    _clerk, leader, lead, support, incoming = office
    part = incoming.assignments.get(role=AssignmentRole.SUPPORT)
    finish_part(assignment_id=part.pk, actor=support, result="Số liệu", at=NOW - timedelta(minutes=1))
    complete(incoming, lead)

    reopen(incoming, leader)

    part.refresh_from_db()
    assert (part.result_text, part.done_at is None) == ("Số liệu", False)
    assert waiting() == {("documents.handle", lead.pk)}


def test_what_nobody_had_waits_for_directions_again(office):
    clerk, leader = office[:2]
    incoming = taken(clerk, letter(code="99/X"))
    complete(incoming, leader)

    assert reopen(incoming, leader).state == IncomingState.RECEIVED
    assert ("documents.direct", None) in waiting()


def test_others_do_not_reopen_and_a_reason_is_asked_for(office):
    clerk, _leader, lead, support, incoming = office
    complete(incoming, lead)

    for actor, refusal in ((clerk, NotPermitted), (support, NotPermitted), (AppointmentFactory(), NotFound)):
        with pytest.raises(refusal):
            reopen(incoming, actor)
    with pytest.raises(ReasonMissing):
        reopen(incoming, lead, reason=" ")

    incoming.refresh_from_db()
    assert incoming.state == IncomingState.DONE


def test_a_part_that_was_closed_too_early_goes_on(office):
    _clerk, _leader, lead, support, incoming = office
    part = incoming.assignments.get(role=AssignmentRole.SUPPORT)
    finish_part(assignment_id=part.pk, actor=support, result="Chưa đủ", at=NOW)

    with pytest.raises(NotPermitted):
        reopen_part(assignment_id=part.pk, actor=lead, at=NOW)
    for _time in range(2):
        reopen_part(assignment_id=part.pk, actor=support, at=NOW)

    part.refresh_from_db()
    assert (part.done_at, part.result_text) == (None, "")
    assert ("documents.handle", support.pk) in waiting()
    complete(incoming, lead)
    with pytest.raises(WrongIncomingState):
        reopen_part(assignment_id=part.pk, actor=support, at=NOW)


def test_pages_and_programs_offer_it_to_those_who_may(client, office):
    _clerk, _leader, lead, support, incoming = office
    part = incoming.assignments.get(role=AssignmentRole.SUPPORT)
    finish_part(assignment_id=part.pk, actor=support, result="Chưa đủ", at=NOW)
    page, at = reverse("documents:incoming", args=[incoming.pk]), f"/api/v1/incoming/{incoming.pk}"
    client.force_login(AccountFactory(current_appointment=support))
    assert client.get(page).context["resumable"] == {part.pk}
    client.post(f"{page}resume/", {"part": part.pk})
    assert client.get(page).context["resumable"] == set()
    complete(incoming, lead)

    client.force_login(AccountFactory(current_appointment=lead))
    refused = client.post(f"{at}/reopen", {"reason": ""}, content_type="application/json")
    reopened = client.post(f"{at}/reopen", {"reason": "Bấm nhầm"}, content_type="application/json").json()

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "reason")
    assert (reopened["state"], "complete" in reopened["acts"]) == (IncomingState.ASSIGNED, True)


def correct(clerk, incoming, *, reason="Ghi sai trích yếu", **fields):
    return correct_taken_in(
        clerk=clerk, incoming_id=incoming.pk, letter=letter(**fields), reason=reason, at=NOW
    )


def test_an_entry_is_corrected_and_the_log_keeps_what_stood_there(office):
    clerk, incoming = office[0], office[4]
    number, subject = incoming.number, incoming.document.subject

    for _time in range(2):
        correct(clerk, incoming, subject="Về việc trực Tết", code="16/BNV-VP")

    incoming.refresh_from_db()
    document = incoming.document
    assert (incoming.number, document.subject, document.code) == (number, "Về việc trực Tết", "16/BNV-VP")
    assert (document.number, document.notation) == (16, "BNV-VP")
    assert list(search_documents("truc tet", clerk)) == [document]
    told = [entry.details for entry in trace_of(incoming) if entry.action.endswith("corrected")]
    assert [(each["before"]["subject"], each["reason"]) for each in told] == [(subject, "Ghi sai trích yếu")]


def test_what_came_electronically_closed_books_and_others_are_not_corrected(office):
    clerk, leader, _lead, _support, incoming = office
    with pytest.raises(NotPermitted):
        correct(leader, incoming, subject="Khác")
    with pytest.raises(NotFound):
        correct(AppointmentFactory(roles=[Role.CLERK]), incoming, subject="Khác")
    with pytest.raises(InvalidInput) as wrong:
        correct(clerk, incoming, subject=" ", issued_date=None)
    with pytest.raises(InvalidInput):
        correct(clerk, incoming, subject="Khác", reason=" ")
    Book.objects.filter(pk=incoming.book_id).update(closed_at=NOW)
    with pytest.raises(BookClosed):
        correct(clerk, incoming, subject="Khác")
    incoming.document.__class__.objects.update(transcribed_by=None)
    with pytest.raises(NotPermitted):
        correct(clerk, incoming, subject="Khác")

    assert {fault.field for fault in wrong.value.faults} == {"subject", "issued_date"}
    incoming.document.refresh_from_db()
    assert incoming.document.subject != "Khác"


def test_the_page_corrects_and_programs_too(client, office):
    clerk, incoming = office[0], office[4]
    client.force_login(AccountFactory(current_appointment=clerk))
    url = reverse("documents:intake_correct", args=[incoming.pk])
    form = client.get(url).context["form"]
    given = {name: str(form[name].value() or "") for name in form.fields} | {"urgency": "0"}

    refused = client.post(url, given | {"subject": "Khác", "reason": ""})
    done = client.post(url, given | {"subject": "Về việc khác", "reason": "Nhầm"})

    incoming.document.refresh_from_db()
    assert (refused.status_code, done.status_code, incoming.document.subject) == (422, 302, "Về việc khác")
    assert incoming.channel == Channel.PAPER
    body = {"issuer_name": "Bộ Nội vụ", "issued_date": "2026-03-02", "subject": "Nữa", "reason": "Nhầm"}
    told = client.post(
        f"/api/v1/incoming/{incoming.pk}/intake/correct", body, content_type="application/json"
    )
    incoming.document.refresh_from_db()
    assert (told.status_code, incoming.document.subject) == (200, "Nữa")
    client.force_login(AccountFactory(current_appointment=office[1]))
    assert client.get(url).status_code == 404
