"""The clerk sets places on an uploaded letter until somebody has signed it."""

import io

import pytest
from django.urls import reverse
from django.utils import timezone

from dinh.audit.models import Entry
from dinh.directory.enums import Bloc, Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.documents.docx.tests.word_files import needs_office
from dinh.documents.letters import render_letter
from dinh.documents.letters.tests.samples import official_letter
from dinh.documents.models import Outgoing
from dinh.documents.operations.approval import pass_initial, submit_draft
from dinh.documents.operations.draft_files import GivenFile, add_letter_file
from dinh.documents.operations.draft_plan import DraftPlan, WantedRecipient
from dinh.documents.operations.drafting import create_draft, render_version
from dinh.documents.operations.letter_content import word_of
from dinh.documents.operations.placing import mark_place
from dinh.documents.operations.signing import ChangedMeanwhile, close_step, sign_step, wanted_signature
from dinh.documents.tests.test_drafting import draft
from dinh.kernel.errors import InvalidInput, NotPermitted
from dinh.pki.api import read_fields
from dinh.signing.api import SignedPdf
from dinh.signing.operations.demo import issue_demo_certificates
from dinh.storage.api import read_blob

pytestmark = pytest.mark.django_db
SEAL = {"name": "seal.leader", "page": 1, "x": 300.0, "y": 400.0}


@pytest.fixture
def uploaded():
    """A draft whose text was uploaded as a PDF, its drafter, reviewer, leader and the unit's clerk."""
    outgoing, drafter, reviewer, leader = draft()
    pdf = GivenFile("thu.pdf", io.BytesIO(render_letter(official_letter()).pdf))
    add_letter_file(outgoing_id=outgoing.pk, drafter=drafter, file=pdf, at=timezone.now())
    mark_place(
        outgoing_id=outgoing.pk, actor=drafter, name="initials.1", page=1, x=80, y=80, at=timezone.now()
    )
    clerk = AppointmentFactory(unit=outgoing.unit, roles=[Role.CLERK])
    return outgoing, drafter, reviewer, leader, clerk


@needs_office
@pytest.mark.slow
def test_each_head_has_a_place_on_a_partys_word_letter():
    unit = UnitFactory(bloc=Bloc.PARTY, name="Đảng ủy xã Quảng Khê")
    drafter = AppointmentFactory(unit=unit)
    heads = [AppointmentFactory(unit=unit, roles=[Role.DIVISION_HEAD]) for _head in range(2)]
    plan = DraftPlan(
        type_code="TB",
        subject="kết luận của Ban Thường vụ",
        paragraphs=["Đề nghị thực hiện."],
        recipients=[WantedRecipient(unit_id=UnitFactory().pk)],
        leader=AppointmentFactory(unit=unit, roles=[Role.UNIT_HEAD]),
        initials=heads,
    )
    outgoing = create_draft(drafter=drafter, plan=plan, at=timezone.now())
    word = GivenFile("thong-bao.docx", io.BytesIO(word_of(outgoing)))
    version = add_letter_file(outgoing_id=outgoing.pk, drafter=drafter, file=word, at=timezone.now())
    render_version(version)

    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())

    first, second = (place for place in version.places if place["name"].startswith("initials."))
    assert (second["x"] - first["x"], second["y"]) == (46, first["y"])


def test_who_comes_to_the_path_of_an_uploaded_letter_later_gets_a_place(client, uploaded):
    outgoing, drafter, reviewer, leader, _clerk = uploaded
    other = AppointmentFactory(unit=outgoing.unit, roles=[Role.DIVISION_HEAD])
    client.force_login(AccountFactory(current_appointment=drafter))
    before = {place["name"]: place for place in outgoing.versions.last().places}
    given = {"type_code": "CV", "subject": "báo cáo", "leader": leader.pk, "text": ""}

    client.post(
        reverse("documents:draft_edit", args=[outgoing.pk]), given | {"initials": [reviewer.pk, other.pk]}
    )
    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())

    after = {place["name"]: place for place in outgoing.versions.last().places}
    assert after.keys() - before.keys() == {"initials.2"}
    assert {name: after[name] for name in before} == before


def mark(outgoing: Outgoing, actor, **changes):
    return mark_place(outgoing_id=outgoing.pk, actor=actor, at=timezone.now(), **(SEAL | changes))


def seal_box(outgoing: Outgoing) -> tuple[float, float]:
    """Left and bottom of the seal's field in the letter as it is to be signed."""
    outgoing.document.refresh_from_db()
    fields = read_fields(pdf=read_blob(outgoing.document.content_id))
    box = next(field.box for field in fields if field.name == "Signature.seal")
    return round(box.left, 1), round(box.bottom, 1)


def test_the_clerk_marks_a_draft_and_it_is_audited(uploaded):
    outgoing, _drafter, _reviewer, _leader, clerk = uploaded

    version = mark(outgoing, clerk)

    seal = next(each for each in version.places if each["name"] == "seal.leader")
    entry = Entry.objects.filter(action="documents.document.places_set").latest("pk")
    assert (seal["x"], seal["y"]) == (250.5, 350.0)
    assert (entry.person_id, entry.details) == (clerk.person_id, {"version": 2, "places": ["seal.leader"]})


def test_the_clerk_moves_a_field_of_a_letter_on_its_path(uploaded):
    outgoing, drafter, _reviewer, _leader, clerk = uploaded
    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    before = seal_box(outgoing)

    mark(outgoing, clerk)
    with pytest.raises(NotPermitted):
        mark(outgoing, drafter)

    assert before != seal_box(outgoing) == (250.5, 350.0)
    assert outgoing.versions.count() == 2


def test_after_the_first_signature_nobody_moves_anything(uploaded, settings, tmp_path):
    settings.DATA_DIR, settings.DEMO = tmp_path, True
    outgoing, drafter, reviewer, leader, clerk = uploaded
    for appointment in (leader, reviewer):
        AccountFactory(current_appointment=appointment)
    issue_demo_certificates()
    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    mark(outgoing, clerk)
    sign_step(outgoing_id=outgoing.pk, actor=reviewer)
    signed = seal_box(outgoing)

    with pytest.raises(NotPermitted, match="trước khi có người ký"):
        mark(outgoing, clerk, x=200)

    assert seal_box(outgoing) == signed == (250.5, 350.0)


def test_initials_without_a_signature_leave_the_clerk_free(uploaded):
    outgoing, drafter, reviewer, _leader, clerk = uploaded
    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    pass_initial(outgoing_id=outgoing.pk, actor=reviewer, at=timezone.now())

    mark(outgoing, clerk)

    assert seal_box(outgoing) == (250.5, 350.0)


def test_a_signature_begun_before_the_move_does_not_stand(uploaded):
    outgoing, drafter, reviewer, _leader, clerk = uploaded
    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    wanted = wanted_signature(outgoing_id=outgoing.pk, actor=reviewer)

    mark(outgoing, clerk)
    late = SignedPdf(sha256=wanted.sha256, level="B-B", signed_at=timezone.now())
    with pytest.raises(ChangedMeanwhile):
        close_step(step_id=wanted.step_id, actor=reviewer, before=wanted.sha256, signed=late)

    assert seal_box(outgoing) == (250.5, 350.0)


def test_only_the_units_clerk_and_only_what_was_uploaded(uploaded):
    outgoing, _drafter, _reviewer, leader, clerk = uploaded
    written, *_people = draft()
    others_clerk = AppointmentFactory(unit=written.unit, roles=[Role.CLERK])

    with pytest.raises(NotPermitted):
        mark(outgoing, leader)
    with pytest.raises(InvalidInput, match="tải lên"):
        mark(written, others_clerk)
    with pytest.raises(InvalidInput):
        mark(outgoing, clerk, page=9)


def test_the_clerk_marks_on_the_page_and_by_the_api(client, uploaded):
    outgoing, _drafter, _reviewer, leader, clerk = uploaded
    places = reverse("documents:draft_places", args=[outgoing.pk])
    client.force_login(AccountFactory(current_appointment=clerk))

    desk = client.get(reverse("documents:outgoing_draft", args=[outgoing.pk]))
    clicked = {"name": "seal.leader", "page": "1", "at.x": "300", "at.y": "400"}
    client.post(reverse("documents:draft_act", args=[outgoing.pk, "place"]), clicked)
    by_page = next(e for e in outgoing.versions.last().places if e["name"] == "seal.leader")
    url = f"/api/v1/drafts/{outgoing.pk}/places"
    answer = client.post(url, SEAL | {"x": 310.0}, content_type="application/json")
    by_program = next(e for e in outgoing.versions.last().places if e["name"] == "seal.leader")
    client.force_login(AccountFactory(current_appointment=leader))

    assert (desk.context["edits"], desk.context["marks"], by_page["x"]) == (False, True, 250.5)
    assert (answer.status_code, by_program["x"]) == (200, 260.5)
    assert client.get(places).status_code == 404
    assert client.post(url, SEAL, content_type="application/json").status_code == 403
