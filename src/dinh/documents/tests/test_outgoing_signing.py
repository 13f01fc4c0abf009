"""A letter's way from its submission to the seal, with real keys."""

import shutil
import subprocess
from functools import partial

import pytest
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.enums import Bloc, Role
from dinh.directory.models import Account, Appointment
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.documents.docx import extract_text
from dinh.documents.enums import OutgoingState
from dinh.documents.letters import date_parts
from dinh.documents.models import Document, Outgoing
from dinh.documents.operations import sealing
from dinh.documents.operations.approval import NotYourTurn, pass_initial, return_draft, submit_draft
from dinh.documents.operations.dispatch import NotDispatchable, dispatch_document
from dinh.documents.operations.numbering import NotSigned, number_document, reserve_number
from dinh.documents.operations.sealing import NoAuthorisedSignature, NotNumbered, seal_document
from dinh.documents.operations.signing import ChangedMeanwhile, sign_several, sign_step
from dinh.documents.operations.voiding import void_number
from dinh.documents.queries.search import search_documents
from dinh.documents.tests.test_drafting import draft, secretary_of, waiting
from dinh.kernel.errors import NotFound, NotPermitted
from dinh.pki.api import read_fields
from dinh.signing.models import Credential
from dinh.signing.operations.demo import issue_demo_certificates
from dinh.signing.queries.verification import verification_of
from dinh.storage.api import read_blob

pytestmark = pytest.mark.django_db
DAY = timezone.localdate()


@pytest.fixture
def letter(settings, tmp_path):
    """A submitted letter with its drafter, head of division, leader and clerk, all with keys where they need."""
    settings.DATA_DIR, settings.DEMO = tmp_path, True
    return submitted()


@pytest.fixture(params=["by_order", "by_delegation"])
def delegated(request, settings, tmp_path):
    """The same, numbered already; the head left its signature to a head of division (TL., TUQ.)."""
    settings.DATA_DIR, settings.DEMO = tmp_path, True
    outgoing, _drafter, reviewer, signer, clerk = submitted(authority=request.param)
    for actor in (reviewer, signer):
        sign_step(outgoing_id=outgoing.pk, actor=actor)
    number_document(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())
    return outgoing, signer, clerk


def submitted(**wanted):
    outgoing, drafter, reviewer, leader = draft(**wanted)
    clerk = AppointmentFactory(unit=outgoing.unit, roles=[Role.CLERK])
    for step in outgoing.steps.select_related("appointment"):
        AccountFactory(current_appointment=step.appointment)
    issue_demo_certificates()
    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    return outgoing, drafter, reviewer, leader, clerk


def pdf_of(outgoing: Outgoing) -> bytes:
    outgoing.document.refresh_from_db()
    return read_blob(outgoing.document.content_id)


def filled(outgoing: Outgoing) -> list[str]:
    return [field.name for field in read_fields(pdf=pdf_of(outgoing)) if field.filled]


def test_submitting_gives_the_letter_empty_fields_for_all_that_comes(letter):
    outgoing, *_people = letter

    names = [field.name for field in read_fields(pdf=pdf_of(outgoing))]

    assert names == [
        "dinh.number", "dinh.date.day", "dinh.date.month", "dinh.date.year",
        "Signature.initials.1", "Signature.leader", "Signature.seal",
    ]  # fmt: skip
    assert filled(outgoing) == []


def test_a_letter_is_initialled_signed_numbered_sealed_and_sent(letter, tmp_path):
    outgoing, _drafter, reviewer, leader, clerk = letter

    sign_step(outgoing_id=outgoing.pk, actor=reviewer)
    assert waiting(outgoing) == [("documents.sign", leader.pk)]
    sign_step(outgoing_id=outgoing.pk, actor=leader)
    assert waiting(outgoing) == [("documents.number", None)]
    number_document(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())
    assert waiting(outgoing) == [("documents.seal", None)]
    seal_document(clerk=clerk, outgoing_id=outgoing.pk)
    assert waiting(outgoing) == [("documents.dispatch", None)]
    dispatch_document(outgoing_id=outgoing.pk, actor=clerk, request_key="k", at=timezone.now())

    outgoing.refresh_from_db()
    assert outgoing.state == OutgoingState.ISSUED
    assert len(filled(outgoing)) == 7
    pdf = pdf_of(outgoing)
    assert (
        extract_text(pdf, ocr=False)
        .text.rstrip("\f")
        .endswith(" ".join(("01", *date_parts(DAY, bloc="government"))))
    )
    assert outgoing.document.signer_name == leader.person.full_name
    assert [item.pk for item in search_documents("dich vu cong", clerk)] == [outgoing.document_id]
    report = verification_of(pdf=pdf, offline=True)
    assert [item.integrity for item in report.signatures] == ["intact"] * 3
    assert [item.later_changes for item in report.signatures] == ["permitted"] * 3
    assert [entry.action.rsplit(".", 1)[1] for entry in trace_of(outgoing)] == [
        "drafted", "submitted", "initialled", "signed", "numbered", "sealed", "dispatched",
    ]  # fmt: skip


@pytest.mark.parametrize("bloc", Bloc.values)
def test_minutes_have_no_date_in_their_head_and_are_issued_all_the_same(bloc, settings, tmp_path):
    settings.DATA_DIR, settings.DEMO = tmp_path, True
    outgoing, _drafter, reviewer, leader, clerk = submitted(type_code="BB", bloc=bloc)
    for actor in (reviewer, secretary_of(outgoing), leader):
        sign_step(outgoing_id=outgoing.pk, actor=actor)

    number_document(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())
    seal_document(clerk=clerk, outgoing_id=outgoing.pk)

    assert filled(outgoing) == [
        "dinh.number", "Signature.initials.1", "Signature.secretary", "Signature.leader", "Signature.seal",
    ]  # fmt: skip
    assert outgoing.document.issued_date == DAY
    report = verification_of(pdf=pdf_of(outgoing), offline=True)
    assert [item.later_changes for item in report.signatures] == ["permitted"] * 4


def test_minutes_are_signed_by_their_secretary_before_the_chair(settings, tmp_path):
    settings.DATA_DIR, settings.DEMO = tmp_path, True
    outgoing, _drafter, reviewer, leader, _clerk = submitted(type_code="BB")
    secretary = secretary_of(outgoing)
    sign_step(outgoing_id=outgoing.pk, actor=reviewer)
    assert waiting(outgoing) == [("documents.cosign", secretary.pk)]

    for early, act in ((leader, sign_step), (secretary, partial(pass_initial, at=timezone.now()))):
        with pytest.raises(NotYourTurn):
            act(outgoing_id=outgoing.pk, actor=early)
    sign_step(outgoing_id=outgoing.pk, actor=secretary)

    assert filled(outgoing) == ["Signature.initials.1", "Signature.secretary"]
    assert waiting(outgoing) == [("documents.sign", leader.pk)]
    assert trace_of(outgoing)[-1].action == "documents.document.cosigned"
    text = extract_text(pdf_of(outgoing), ocr=False).text
    assert [words in text for words in ("THƯ KÝ", "CHỦ TỌA")] == [True, True]


def test_the_secretary_signs_from_the_page(client, settings, tmp_path):
    settings.DATA_DIR, settings.DEMO = tmp_path, True
    outgoing, _drafter, reviewer, _leader, _clerk = submitted(type_code="BB")
    secretary = secretary_of(outgoing)
    sign_step(outgoing_id=outgoing.pk, actor=reviewer)
    client.force_login(Account.objects.get(person=secretary.person))

    page = client.get(f"/documents/outgoing/{outgoing.pk}/")
    client.post(f"/documents/outgoing/{outgoing.pk}/sign/")

    assert page.context["acts"] == {"sign", "return"}
    assert "Signature.secretary" in filled(outgoing)


@pytest.mark.skipif(not shutil.which("pdfsig"), reason="pdfsig is missing")
def test_poppler_finds_every_signature_sound(letter, tmp_path):
    outgoing, _drafter, reviewer, leader, clerk = letter
    for actor in (reviewer, leader):
        sign_step(outgoing_id=outgoing.pk, actor=actor)
    number_document(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())
    seal_document(clerk=clerk, outgoing_id=outgoing.pk)
    (tmp_path / "letter.pdf").write_bytes(pdf_of(outgoing))

    told = subprocess.run(["pdfsig", "-nocert", "letter.pdf"], cwd=tmp_path, capture_output=True, text=True)

    assert told.stdout.count("Signature is Valid") == 3
    text = subprocess.run(
        ["pdftotext", "-layout", "letter.pdf", "-"], cwd=tmp_path, capture_output=True, text=True
    )
    day, month, year = date_parts(DAY, bloc="government")
    line = f"Số: 01/UBND Quảng Khê, ngày {day} tháng {month} năm {year}"
    assert " ".join(text.stdout.split()).count(line) == 1


def test_each_act_waits_for_the_one_before(letter):
    outgoing, drafter, _reviewer, leader, clerk = letter

    with pytest.raises(NotYourTurn):
        sign_step(outgoing_id=outgoing.pk, actor=leader)
    with pytest.raises(NotSigned):
        number_document(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())
    with pytest.raises(NotNumbered):
        seal_document(clerk=clerk, outgoing_id=outgoing.pk)
    with pytest.raises(NotPermitted):
        seal_document(clerk=drafter, outgoing_id=outgoing.pk)
    with pytest.raises(NotFound):
        sign_step(outgoing_id=outgoing.pk, actor=AppointmentFactory(roles=[Role.UNIT_HEAD]))
    assert filled(outgoing) == []


def test_repeating_an_act_changes_nothing(letter):
    outgoing, _drafter, reviewer, leader, clerk = letter
    assert [o.refusal for o in sign_several(outgoing_ids=[outgoing.pk] * 2, actor=reviewer)] == [""]
    sign_step(outgoing_id=outgoing.pk, actor=leader)

    with pytest.raises(NotYourTurn):
        sign_step(outgoing_id=outgoing.pk, actor=leader)
    for _time in range(2):
        number_document(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())
    numbered = pdf_of(outgoing)
    assert filled(outgoing)[:4] == ["dinh.number", "dinh.date.day", "dinh.date.month", "dinh.date.year"]
    seal_document(clerk=clerk, outgoing_id=outgoing.pk)
    sealed = pdf_of(outgoing)
    seal_document(clerk=clerk, outgoing_id=outgoing.pk)

    assert sealed.startswith(numbered)
    assert pdf_of(outgoing) == sealed


def test_a_number_whose_writing_failed_is_written_by_the_next_call(letter):
    outgoing, _drafter, reviewer, leader, clerk = letter
    for actor in (reviewer, leader):
        sign_step(outgoing_id=outgoing.pk, actor=actor)
    reserve_number(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())

    number_document(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())

    outgoing.refresh_from_db()
    assert (outgoing.state, outgoing.document.number) == (OutgoingState.NUMBERED, 1)
    assert "dinh.number" in filled(outgoing)


@pytest.mark.parametrize("meanwhile", ["voided", "sealed"])
def test_what_happens_while_the_seal_is_being_made_counts(letter, monkeypatch, meanwhile):
    outgoing, _drafter, reviewer, leader, clerk = letter
    for actor in (reviewer, leader):
        sign_step(outgoing_id=outgoing.pk, actor=actor)
    number_document(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())
    extend = sealing.extend

    def extend_later(**given):
        monkeypatch.setattr(sealing, "extend", extend)
        if meanwhile == "voided":
            void_number(clerk=clerk, outgoing_id=outgoing.pk, reason="Sai số liệu")
        else:
            seal_document(clerk=clerk, outgoing_id=outgoing.pk)
        return extend(**given)

    monkeypatch.setattr(sealing, "extend", extend_later)
    with pytest.raises(ChangedMeanwhile):
        seal_document(clerk=clerk, outgoing_id=outgoing.pk)

    outgoing.refresh_from_db()
    assert outgoing.state == meanwhile
    assert filled(outgoing).count("Signature.seal") == (meanwhile == "sealed")
    if meanwhile == "voided":
        with pytest.raises(NotNumbered):
            seal_document(clerk=clerk, outgoing_id=outgoing.pk)
        with pytest.raises(NotDispatchable):
            dispatch_document(outgoing_id=outgoing.pk, actor=clerk, request_key="k", at=timezone.now())


def test_a_revoked_leader_is_no_authority_for_the_seal(letter):
    outgoing, _drafter, reviewer, leader, clerk = letter
    for actor in (reviewer, leader):
        sign_step(outgoing_id=outgoing.pk, actor=actor)
    number_document(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())
    Credential.objects.filter(person=leader.person).update(state="revoked")

    with pytest.raises(NoAuthorisedSignature):
        seal_document(clerk=clerk, outgoing_id=outgoing.pk)


def test_what_a_head_of_division_signs_by_order_or_delegation_is_sealed(delegated):
    outgoing, _signer, clerk = delegated

    seal_document(clerk=clerk, outgoing_id=outgoing.pk)

    outgoing.refresh_from_db()
    assert outgoing.state == OutgoingState.SEALED
    assert "Signature.seal" in filled(outgoing)


def test_a_head_of_division_signs_for_the_unit_under_no_other_authority(delegated):
    outgoing, _signer, clerk = delegated
    Document.objects.filter(pk=outgoing.document_id).update(signer_authority="for_head")

    with pytest.raises(NoAuthorisedSignature):
        seal_document(clerk=clerk, outgoing_id=outgoing.pk)


def test_who_initialled_does_not_stand_for_the_one_with_the_order(delegated):
    outgoing, signer, clerk = delegated
    Credential.objects.filter(person=signer.person).update(state="revoked")

    with pytest.raises(NoAuthorisedSignature):
        seal_document(clerk=clerk, outgoing_id=outgoing.pk)


def test_who_leads_no_division_any_more_signed_without_authority(delegated):
    outgoing, signer, clerk = delegated
    Appointment.objects.filter(pk=signer.pk).update(roles=[Role.SPECIALIST])

    with pytest.raises(NoAuthorisedSignature):
        seal_document(clerk=clerk, outgoing_id=outgoing.pk)


def test_a_returned_letter_loses_its_signatures(letter):
    outgoing, drafter, reviewer, leader, _clerk = letter
    sign_step(outgoing_id=outgoing.pk, actor=reviewer)
    return_draft(outgoing_id=outgoing.pk, actor=leader, reason="Sửa căn cứ", at=timezone.now())

    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())

    assert filled(outgoing) == []
    assert waiting(outgoing) == [("documents.initial", reviewer.pk)]


def test_tray_tells_its_script_what_became_of_each_letter(client, letter):
    outgoing, _drafter, reviewer, _leader, _clerk = letter
    client.force_login(Account.objects.get(person=reviewer.person))
    where, asked = "/documents/outgoing/to-sign/", {"Accept": "application/json"}

    answers = [
        client.post(where, {"letters": [outgoing.pk]}, headers=asked).json()["outcomes"]
        for _twice in range(2)
    ]
    page = client.post(where, {"letters": []}, headers={"Accept": "text/html,*/*"})

    assert answers[0] == [{"outgoing_id": outgoing.pk, "refusal": ""}]
    assert (answers[1][0]["outgoing_id"], bool(answers[1][0]["refusal"])) == (outgoing.pk, True)
    assert filled(outgoing) == ["Signature.initials.1"]
    assert page.status_code == 422
