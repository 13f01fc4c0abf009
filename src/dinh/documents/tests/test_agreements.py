"""Agreements (hợp đồng, bản ghi nhớ, bản thỏa thuận): both parties sign, here or outside, before the number."""

from functools import partial

import pytest
from django.urls import reverse
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.directory.tests.factories import (
    AccountFactory,
    AppointmentFactory,
    DivisionFactory,
    PositionFactory,
)
from dinh.documents.docx import extract_text
from dinh.documents.enums import OutgoingState, StepKind
from dinh.documents.models import Party
from dinh.documents.operations.approval import (
    NotYourTurn,
    pass_initial,
    return_draft,
    submit_draft,
    withdraw_draft,
)
from dinh.documents.operations.commenting import comment_on_draft
from dinh.documents.operations.counterparty import NotWithParty, seal_as_party, take_in_from_party
from dinh.documents.operations.devices import SealedAlready, begin_counterseal, begin_step
from dinh.documents.operations.dispatch import dispatch_document
from dinh.documents.operations.draft_plan import WantedParty
from dinh.documents.operations.drafting import create_draft, render_version
from dinh.documents.operations.numbering import NotSigned, number_document
from dinh.documents.operations.placing import mark_place
from dinh.documents.operations.sealing import NoAuthorisedSignature, seal_document
from dinh.documents.operations.signing import sign_step
from dinh.documents.operations.voiding import void_number
from dinh.documents.queries.outgoing import letters_to_sign, outgoing_open_to, outgoing_visible_to
from dinh.documents.tests.agreements import (
    Agreement,
    given_back,
    keys,  # noqa: F401 a fixture
    plan_of,
)
from dinh.documents.tests.test_devices import finish, token
from dinh.documents.tests.test_drafting import waiting
from dinh.kernel.errors import NotFound, NotPermitted
from dinh.pki.api import read_fields
from dinh.signing.models import Credential
from dinh.signing.operations.demo import issue_demo_certificates
from dinh.signing.queries.verification import verification_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys")]


@pytest.mark.parametrize("type_code", ["HĐ", "BGN", "BTT"])
def test_the_form_has_a_place_for_signature_and_seal_of_either_party(type_code):
    agreement = Agreement(type_code=type_code)

    names = [field.name for field in read_fields(pdf=agreement.pdf)]

    assert names == [
        "dinh.number", "dinh.date.day", "dinh.date.month", "dinh.date.year",
        "Signature.leader", "Signature.second", "Signature.second_seal", "Signature.seal",
    ]  # fmt: skip
    text = extract_text(agreement.pdf, ocr=False).text
    assert text.index("ĐẠI DIỆN BÊN A") < text.index("ĐẠI DIỆN BÊN B")
    assert agreement.leader.person.full_name in text
    assert agreement.head.person.full_name in text


def test_the_other_party_gets_its_copy_and_the_names_stand_at_one_height():
    agreement = Agreement()

    assert list(agreement.outgoing.recipients.values_list("unit", flat=True)) == [agreement.head.unit_id]
    places = {each["name"]: each for each in agreement.outgoing.versions.get().places}
    for part in ("signature", "seal"):
        first, second = places[f"{part}.leader"], places[f"{part}.second"]
        assert (first["page"], round(first["y"], 1)) == (second["page"], round(second["y"], 1))
        assert first["x"] < second["x"]


def test_a_unit_of_the_province_signs_and_seals_here_before_the_number():
    agreement = Agreement()
    agreement.act(sign_step, actor=agreement.leader)
    assert waiting(agreement.outgoing) == [("documents.party", agreement.head.pk)]
    assert [each.pk for each in letters_to_sign(agreement.head)] == [agreement.pk]
    with pytest.raises(NotSigned):
        agreement.act(number_document, clerk=agreement.clerk, dated=timezone.localdate(), at=timezone.now())
    with pytest.raises(NotWithParty):
        agreement.act(seal_as_party, clerk=agreement.other_clerk)

    agreement.act(sign_step, actor=agreement.head)
    assert waiting(agreement.outgoing) == [("documents.counterseal", None)]
    agreement.act(seal_as_party, clerk=agreement.other_clerk)
    agreement.act(seal_as_party, clerk=agreement.other_clerk)
    assert waiting(agreement.outgoing) == [("documents.number", None)]
    agreement.act(number_document, clerk=agreement.clerk, dated=timezone.localdate(), at=timezone.now())
    agreement.act(seal_document, clerk=agreement.clerk)

    assert len(agreement.filled) == 8
    report = verification_of(pdf=agreement.pdf, offline=True)
    assert [item.integrity for item in report.signatures] == ["intact"] * 4
    assert [item.later_changes for item in report.signatures] == ["permitted"] * 4
    agreement.outgoing.document.refresh_from_db()
    assert agreement.outgoing.document.signer_name == agreement.leader.person.full_name
    party = Party.objects.get()
    assert party.signed_at is not None
    assert party.sealed_at is not None
    assert [entry.action.rsplit(".", 1)[1] for entry in trace_of(agreement.outgoing)] == [
        "drafted", "submitted", "signed", "signed_by_party", "sealed_by_party", "numbered", "sealed",
    ]  # fmt: skip


def test_the_other_party_opens_the_agreement_from_the_own_signature_on_and_nobody_else(client):
    agreement = Agreement()
    address = reverse("documents:outgoing", args=[agreement.pk])
    stranger = AccountFactory(current_appointment=AppointmentFactory(roles=[Role.UNIT_HEAD]))

    client.force_login(agreement.head.person.account)
    assert client.get(address).status_code == 404
    agreement.act(sign_step, actor=agreement.leader)

    assert [name in client.get(address).context["acts"] for name in ("sign", "return")] == [True, True]
    assert client.get(address).context["trace"] == []
    assert client.get(reverse("documents:outgoing_pdf", args=[agreement.pk])).status_code == 200
    assert client.get(reverse("documents:outgoing_draft", args=[agreement.pk])).status_code == 404
    assert not outgoing_visible_to(agreement.head).exists()
    client.force_login(stranger)
    assert client.get(address).status_code == 404


def test_the_other_party_returns_it_with_a_reason_and_sees_it_no_more():
    agreement = Agreement()
    agreement.act(sign_step, actor=agreement.leader)
    with pytest.raises(NotYourTurn):
        agreement.act(pass_initial, actor=agreement.head, at=timezone.now())

    agreement.act(return_draft, actor=agreement.head, reason="Điều 2 chưa rõ", at=timezone.now())

    assert waiting(agreement.outgoing) == [("documents.revise", agreement.drafter.pk)]
    with pytest.raises(NotFound):
        agreement.act(return_draft, actor=agreement.head, reason="Lần nữa", at=timezone.now())


def test_what_is_taken_back_loses_the_signatures_of_both_parties():
    agreement = Agreement()
    agreement.act(sign_step, actor=agreement.leader)
    agreement.act(sign_step, actor=agreement.head)

    agreement.act(withdraw_draft, drafter=agreement.drafter, at=timezone.now())

    assert Party.objects.get().signed_at is None
    with pytest.raises(NotFound):
        agreement.act(seal_as_party, clerk=agreement.other_clerk)


def test_what_the_own_clerk_returns_is_closed_to_the_other_party_until_it_is_signed_anew():
    agreement = Agreement()
    for actor in (agreement.leader, agreement.head):
        agreement.act(sign_step, actor=actor)
    agreement.act(seal_as_party, clerk=agreement.other_clerk)
    at = timezone.now()

    agreement.act(return_draft, actor=agreement.clerk, reason="Sai thể thức", at=at)

    for actor in (agreement.head, agreement.other_clerk):
        assert not outgoing_open_to(actor).exists()
    with pytest.raises(NotFound):
        agreement.act(comment_on_draft, author=agreement.head, text="Đã xem", at=at)
    agreement.act(submit_draft, drafter=agreement.drafter, at=at)
    assert not outgoing_open_to(agreement.head).exists()
    agreement.act(sign_step, actor=agreement.leader)
    assert outgoing_open_to(agreement.head).get() == agreement.outgoing


def test_the_other_partys_people_do_nothing_that_is_the_own_units():
    agreement = Agreement()
    clerk, at = agreement.other_clerk, timezone.now()
    for actor in (agreement.leader, agreement.head):
        agreement.act(sign_step, actor=actor)
    agreement.act(seal_as_party, clerk=clerk)
    number = partial(number_document, dated=timezone.localdate(), at=at)

    for refused in (
        partial(number, clerk=clerk),
        partial(void_number, clerk=clerk, reason="Thử"),
        partial(seal_document, clerk=clerk),
        partial(return_draft, actor=clerk, reason="Thử", at=at),
        partial(withdraw_draft, drafter=agreement.head, at=at),
        partial(submit_draft, drafter=agreement.head, at=at),
        partial(mark_place, actor=clerk, name="number", page=1, x=9, y=9, at=at),
        partial(take_in_from_party, clerk=clerk, scan=given_back(agreement.pdf), at=at),
        partial(comment_on_draft, author=clerk, text="Thử", at=at),
    ):
        with pytest.raises((NotFound, NotPermitted, NotYourTurn)):
            agreement.act(refused)
    agreement.act(number, clerk=agreement.clerk)
    agreement.act(seal_document, clerk=agreement.clerk)
    with pytest.raises(NotFound):
        agreement.act(dispatch_document, actor=clerk, request_key="k", at=at)

    agreement.outgoing.refresh_from_db()
    assert agreement.outgoing.state == OutgoingState.SEALED
    assert not agreement.outgoing.comments.exists()


def test_specialists_of_the_other_party_and_others_do_not_open_it():
    agreement = Agreement()
    agreement.act(sign_step, actor=agreement.leader)
    specialist = AppointmentFactory(unit=agreement.head.unit)
    administrator = AppointmentFactory(unit=agreement.head.unit, roles=[Role.ADMINISTRATOR])

    opened = [outgoing_open_to(who).count() for who in (specialist, administrator, agreement.other_clerk)]

    assert opened == [0, 0, 1]


def test_only_the_other_partys_clerk_seals_for_it():
    agreement = Agreement()
    for actor in (agreement.leader, agreement.head):
        agreement.act(sign_step, actor=actor)

    for clerk in (agreement.clerk, agreement.head):
        with pytest.raises(NotPermitted):
            agreement.act(seal_as_party, clerk=clerk)

    assert agreement.filled == ["Signature.leader", "Signature.second"]


def test_head_and_clerk_of_the_other_party_sign_and_seal_by_their_tokens():
    agreement = Agreement()
    agreement.act(sign_step, actor=agreement.leader)
    Credential.objects.update(provider="plugin")

    for begin, actor in ((begin_step, agreement.head), (begin_counterseal, agreement.other_clerk)):
        _begun, session = agreement.act(begin, actor=actor)
        for _again in range(2):
            finish(session, actor, signature=token(session.challenge))

    assert agreement.filled == ["Signature.leader", "Signature.second", "Signature.second_seal"]
    assert waiting(agreement.outgoing) == [("documents.number", None)]
    with pytest.raises(SealedAlready):
        agreement.act(begin_counterseal, actor=agreement.other_clerk)


@pytest.mark.parametrize(
    ("role", "authority", "line"),
    [
        (Role.UNIT_DEPUTY, None, "KT. CHỦ TỊCH"),
        (Role.DIVISION_HEAD, "by_order", "TL. CHỦ TỊCH"),
        (Role.DIVISION_HEAD, "by_delegation", "TUQ. CHỦ TỊCH"),
    ],
)
def test_somebody_signs_for_the_head_of_the_other_party_and_its_clerk_seals_that(role, authority, line):
    agreement = Agreement()
    other = agreement.head.unit
    signer = AppointmentFactory(unit=other, roles=[role], division=DivisionFactory(unit=other))
    AccountFactory(current_appointment=signer)
    issue_demo_certificates()
    Appointment.objects.filter(pk=agreement.head.pk).update(
        position=PositionFactory(code="CT", name="Chủ tịch")
    )
    party = WantedParty(unit_id=other.pk, signer_id=signer.pk, authority=authority)
    agreement.outgoing = create_draft(
        drafter=agreement.drafter, plan=plan_of(agreement.leader, party), at=timezone.now()
    )
    render_version(agreement.outgoing.versions.get())
    agreement.act(submit_draft, drafter=agreement.drafter, at=timezone.now())

    agreement.act(sign_step, actor=agreement.leader)
    with pytest.raises(NotYourTurn):
        agreement.act(sign_step, actor=agreement.head)
    agreement.act(sign_step, actor=signer)
    agreement.act(seal_as_party, clerk=agreement.other_clerk)

    agreement.outgoing.refresh_from_db()
    assert agreement.outgoing.state == OutgoingState.SIGNED
    assert agreement.filled == ["Signature.leader", "Signature.second", "Signature.second_seal"]
    text = extract_text(agreement.pdf, ocr=False).text
    assert line in text
    assert signer.person.full_name in text


def test_the_seal_goes_on_no_signature_of_a_division_that_the_agreement_does_not_name_as_delegated():
    agreement = Agreement()
    other = agreement.head.unit
    signer = AppointmentFactory(unit=other, roles=[Role.DIVISION_HEAD], division=DivisionFactory(unit=other))
    AccountFactory(current_appointment=signer)
    issue_demo_certificates()
    agreement.outgoing.steps.filter(kind=StepKind.PARTY).update(appointment=signer)
    agreement.act(sign_step, actor=agreement.leader)
    agreement.act(sign_step, actor=signer)

    with pytest.raises(NoAuthorisedSignature):
        agreement.act(seal_as_party, clerk=agreement.other_clerk)


def test_programs_do_all_of_it(client):
    agreement = Agreement()
    plan = {
        "type_code": "BGN",
        "subject": "hợp tác",
        "text": "Điều 1. Nội dung.",
        "leader": agreement.leader.pk,
    }
    client.force_login(agreement.leader.person.account)
    party = {"unit_id": agreement.head.unit_id}
    made = client.post("/api/v1/drafts", {**plan, "party": party}, content_type="application/json").json()
    kept = client.get(f"/api/v1/drafts/{made['id']}/plan").json()
    client.post(f"/api/v1/outgoing/{agreement.pk}/sign")

    client.force_login(agreement.head.person.account)
    seen = client.get(f"/api/v1/outgoing/{agreement.pk}").json()
    client.post(f"/api/v1/outgoing/{agreement.pk}/sign")
    client.force_login(agreement.other_clerk.person.account)
    sealed = client.post(f"/api/v1/outgoing/{agreement.pk}/counterseal").json()

    assert kept["party"] == {
        "unit_id": agreement.head.unit_id,
        "signer_id": agreement.head.pk,
        "authority": None,
        "name": "",
        "representative": "",
        "position": "",
    }
    assert (seen["state"], sealed["state"]) == ("reviewing", "signed")
    assert client.get(f"/api/v1/outgoing/{agreement.pk}/trace").status_code == 404
