"""Agreements (hợp đồng, bản ghi nhớ, bản thỏa thuận): both parties sign, here or outside, before the number."""

from functools import partial
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.directory.tests.factories import (
    AccountFactory,
    AppointmentFactory,
    DivisionFactory,
    PositionFactory,
    UnitFactory,
)
from dinh.documents.docx import extract_text
from dinh.documents.enums import Channel, OutgoingState, StepKind
from dinh.documents.models import Outgoing, Party
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
from dinh.documents.operations.draft_plan import DraftPlan, WantedParty, WantedRecipient
from dinh.documents.operations.drafting import create_draft, render_version
from dinh.documents.operations.intake import keep_scan
from dinh.documents.operations.numbering import NotSigned, number_document
from dinh.documents.operations.placing import mark_place
from dinh.documents.operations.sealing import NoAuthorisedSignature, seal_document
from dinh.documents.operations.signing import sign_step
from dinh.documents.operations.voiding import void_number
from dinh.documents.queries.outgoing import letters_to_sign, outgoing_open_to, outgoing_visible_to
from dinh.documents.tests.test_devices import finish, token
from dinh.documents.tests.test_drafting import waiting
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted
from dinh.pki.api import read_fields
from dinh.signing.models import Credential
from dinh.signing.operations.demo import issue_demo_certificates
from dinh.signing.operations.returned import NotOurRevision
from dinh.signing.operations.signing import sign_pdf
from dinh.signing.queries.verification import verification_of
from dinh.storage.api import read_blob

pytestmark = pytest.mark.django_db
OUTSIDER = WantedParty(name="Công ty TNHH Ba Bể", representative="Nông Văn Kiên", position="Giám đốc")


@pytest.fixture(autouse=True)
def keys(settings, tmp_path):
    settings.DATA_DIR, settings.DEMO = tmp_path, True


def plan_of(leader: Appointment, party: WantedParty | None, **others) -> DraftPlan:
    return DraftPlan(
        **{
            "type_code": "HĐ",
            "subject": "thuê đường truyền",
            "paragraphs": ["Điều 1. Nội dung."],
            "leader": leader,
            "party": party,
            **others,
        }
    )


class Agreement:
    """An agreement on its path: the people of both parties, each with a key."""

    def __init__(self, party: WantedParty | None = None, type_code: str = "HĐ") -> None:
        self.drafter = AppointmentFactory()
        own = self.drafter.unit
        self.leader = AppointmentFactory(unit=own, roles=[Role.UNIT_HEAD])
        other = UnitFactory(name="Ủy ban nhân dân xã Ba Bể", search_name="uy ban nhan dan xa ba be")
        self.clerk = AppointmentFactory(unit=own, roles=[Role.CLERK])
        self.head = AppointmentFactory(unit=other, roles=[Role.UNIT_HEAD])
        self.other_clerk = AppointmentFactory(unit=other, roles=[Role.CLERK])
        plan = plan_of(self.leader, party or WantedParty(unit_id=other.pk), type_code=type_code)
        self.outgoing = create_draft(drafter=self.drafter, plan=plan, at=timezone.now())
        render_version(self.outgoing.versions.get())
        for each in (self.leader, self.head, self.clerk, self.other_clerk):
            AccountFactory(current_appointment=each)
        issue_demo_certificates()
        submit_draft(outgoing_id=self.pk, drafter=self.drafter, at=timezone.now())

    @property
    def pk(self) -> int:
        return self.outgoing.pk

    @property
    def pdf(self) -> bytes:
        self.outgoing.document.refresh_from_db()
        return read_blob(self.outgoing.document.content_id)

    @property
    def filled(self) -> list[str]:
        return [field.name for field in read_fields(pdf=self.pdf) if field.filled]

    def act(self, operation, **given) -> Outgoing:
        return operation(outgoing_id=self.pk, **given)


def given_back(pdf: bytes, name: str = "hop-dong.pdf"):
    return keep_scan(stream=BytesIO(pdf), name=name)


def signed_outside(agreement: Agreement, field: str = "Signature.second") -> bytes:
    """The letter as somebody with another key signs it."""
    agreement.outgoing.document.refresh_from_db()
    made = sign_pdf(
        sha256=agreement.outgoing.document.content_id,
        field_name=field,
        as_="person",
        appointment=agreement.head,
    )
    return read_blob(made.sha256)


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


def test_an_outsider_gets_its_copy_on_paper_once():
    leader = AppointmentFactory(roles=[Role.UNIT_HEAD])
    named = WantedRecipient(name="Công ty TNHH Ba Bể", address="babe@example.vn", channel=Channel.EMAIL)

    alone, besides = (
        create_draft(drafter=leader, plan=plan_of(leader, OUTSIDER, recipients=each), at=timezone.now())
        for each in ([], [named])
    )

    assert list(alone.recipients.values_list("name", "channel")) == [("Công ty TNHH Ba Bể", "paper")]
    assert list(besides.recipients.values_list("name", "channel")) == [("Công ty TNHH Ba Bể", "email")]


def test_an_outsiders_signature_comes_back_in_the_pdf():
    agreement = Agreement(OUTSIDER)
    agreement.act(sign_step, actor=agreement.leader)
    assert waiting(agreement.outgoing) == [("documents.party_file", None)]
    assert agreement.outgoing.steps.filter(kind=StepKind.PARTY).count() == 0
    scan = given_back(signed_outside(agreement))

    for _again in range(2):
        agreement.act(take_in_from_party, clerk=agreement.clerk, scan=scan, at=timezone.now())

    assert agreement.filled == ["Signature.leader", "Signature.second"]
    assert waiting(agreement.outgoing) == [("documents.number", None)]
    agreement.act(number_document, clerk=agreement.clerk, dated=timezone.localdate(), at=timezone.now())
    agreement.act(seal_document, clerk=agreement.clerk)
    report = verification_of(pdf=agreement.pdf, offline=True)
    assert [item.later_changes for item in report.signatures] == ["permitted"] * 3


def test_a_paper_that_an_outsider_signed_stands_beside_the_letter():
    agreement = Agreement(OUTSIDER)
    agreement.act(sign_step, actor=agreement.leader)
    before = agreement.pdf
    paper = given_back(read_blob(agreement.outgoing.versions.get().pdf_id), "ban-giay.pdf")

    for _again in range(2):
        agreement.act(take_in_from_party, clerk=agreement.clerk, scan=paper, at=timezone.now())

    assert agreement.pdf == before
    assert list(agreement.outgoing.document.attachments.values_list("name", "is_annex")) == [
        ("ban-giay.pdf", False)
    ]
    assert waiting(agreement.outgoing) == [("documents.number", None)]


@pytest.mark.parametrize("field", ["Signature.seal", None])
def test_what_comes_back_changed_or_signed_elsewhere_is_refused(field):
    agreement = Agreement(OUTSIDER)
    agreement.act(sign_step, actor=agreement.leader)
    returned = signed_outside(agreement, field) if field else agreement.pdf + b"\n%%EOF\n"

    with pytest.raises(NotOurRevision) as refused:
        agreement.act(take_in_from_party, clerk=agreement.clerk, scan=given_back(returned), at=timezone.now())

    assert [fault.field for fault in refused.value.faults] == ["file"]
    assert Party.objects.get().signed_at is None
    assert agreement.filled == ["Signature.leader"]


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_copy_that_a_program_wrote_anew_is_no_paper(is_signed):
    agreement = Agreement(OUTSIDER)
    agreement.act(sign_step, actor=agreement.leader)
    copy, original = BytesIO(), signed_outside(agreement) if is_signed else agreement.pdf
    copy_into_new_writer(PdfFileReader(BytesIO(original))).write(copy)

    with pytest.raises(NotOurRevision) as refused:
        agreement.act(
            take_in_from_party, clerk=agreement.clerk, scan=given_back(copy.getvalue()), at=timezone.now()
        )

    assert [fault.field for fault in refused.value.faults] == ["file"]
    assert not agreement.outgoing.document.attachments.exists()
    assert Party.objects.get().signed_at is None


def test_nothing_is_taken_in_before_the_own_signature_or_of_a_unit_of_the_province():
    for agreement in (Agreement(OUTSIDER), Agreement()):
        if agreement.outgoing.party.unit_id:
            agreement.act(sign_step, actor=agreement.leader)
        paper = given_back(read_blob(agreement.outgoing.versions.get().pdf_id))

        with pytest.raises(NotWithParty):
            agreement.act(take_in_from_party, clerk=agreement.clerk, scan=paper, at=timezone.now())


@pytest.mark.parametrize(
    ("party", "others", "field"),
    [
        (None, {}, "party"),
        (OUTSIDER, {"type_code": "CV"}, "party"),
        (WantedParty(name="Công ty"), {}, "party_representative"),
        (WantedParty(unit_id=0), {}, "party"),
    ],
)
def test_a_draft_names_what_is_wrong_with_its_other_party(party, others, field):
    leader = AppointmentFactory(roles=[Role.UNIT_HEAD])

    with pytest.raises(InvalidInput) as refused:
        create_draft(drafter=leader, plan=plan_of(leader, party, **others), at=timezone.now())

    assert [fault.field for fault in refused.value.faults] == [field]


def test_a_unit_without_a_head_cannot_be_the_other_party():
    leader = AppointmentFactory(roles=[Role.UNIT_HEAD])
    headless = WantedParty(unit_id=UnitFactory().pk)

    with pytest.raises(InvalidInput) as refused:
        create_draft(drafter=leader, plan=plan_of(leader, headless), at=timezone.now())

    assert [fault.field for fault in refused.value.faults] == ["party"]


def page_of_draft(leader: Appointment, **given: str) -> dict[str, str]:
    common = {
        "type_code": "HĐ",
        "subject": "thuê đường truyền",
        "text": "Điều 1. Nội dung.",
        "leader": str(leader.pk),
    }
    return common | given


def signers_offered(page) -> list[str]:
    return [value for value, _each in page.context["party_signers"]]


def test_the_page_offers_who_signs_for_a_unit_and_keeps_who_was_chosen(client):
    agreement = Agreement()
    deputy = AppointmentFactory(unit=agreement.head.unit, roles=[Role.UNIT_DEPUTY])
    AppointmentFactory(unit=agreement.head.unit, roles=[Role.SPECIALIST])
    client.force_login(agreement.leader.person.account)
    address, words = reverse("documents:outgoing_new"), "uy ban nhan dan XA ba be"

    found = client.get(reverse("documents:draft_signers"), {"party": words})
    shown = client.post(address, page_of_draft(agreement.leader, party=words, find_party="1"))
    refused = client.post(address, page_of_draft(agreement.leader, party=words))
    client.post(address, page_of_draft(agreement.leader, party=words, party_signer=str(deputy.pk)))

    offered = [str(agreement.head.pk), str(deputy.pk)]
    assert [signers_offered(each) for each in (found, shown, refused)] == [offered] * 3
    assert (refused.status_code, list(refused.context["faulty"])) == (422, ["party_signer"])
    made = Outgoing.objects.latest("pk")
    assert (made.party.unit_id, made.party.name) == (agreement.head.unit_id, "Ủy ban nhân dân xã Ba Bể")
    assert made.steps.get(kind=StepKind.PARTY).appointment == deputy
    edited = client.get(reverse("documents:draft_edit", args=[made.pk]))
    assert edited.context["values"]["party_signer"] == str(deputy.pk)
    assert f'<option value="{deputy.pk}" selected>' in edited.content.decode()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"party_signer": "0"}, "party_signer"),
        ({"party_signer": "x"}, "party_signer"),
        ({"party_signer": "{own}"}, "party"),
        ({"party_signer": "{specialist}"}, "party_signer"),
        ({"party_signer": "{division_head}"}, "party_signer"),
        ({"party_signer": "{head}", "party_authority": "x"}, "party_authority"),
        ({"party_signer": "{head}", "party_representative": "Nông Văn Kiên"}, "party_representative"),
        ({"party": "Ủy ban nhân dân xã Ba Bể", "party_representative": "Nông Văn Kiên"}, "party_signer"),
    ],
)
def test_the_page_names_what_is_wrong_with_who_signs_for_the_other_party(client, given, field):
    agreement = Agreement()
    others = {
        role: AppointmentFactory(unit=agreement.head.unit, roles=[role]).pk
        for role in (Role.SPECIALIST, Role.DIVISION_HEAD)
    }
    client.force_login(agreement.leader.person.account)
    named = others | {"own": agreement.leader.pk, "head": agreement.head.pk}
    before = Outgoing.objects.count()

    refused = client.post(
        reverse("documents:outgoing_new"),
        page_of_draft(agreement.leader, **{key: value.format(**named) for key, value in given.items()}),
    )

    assert (refused.status_code, list(refused.context["faulty"])) == (422, [field])
    assert Outgoing.objects.count() == before


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


def test_the_page_asks_who_signs_where_no_unit_bears_the_name(client):
    agreement = Agreement()
    client.force_login(agreement.leader.person.account)
    address = reverse("documents:outgoing_new")

    refused = client.post(address, page_of_draft(agreement.leader, party="Công ty Ba Bể"))
    client.post(
        address,
        page_of_draft(agreement.leader, party="Công ty Ba Bể", party_representative="Nông Văn Kiên"),
    )

    assert refused.status_code == 422
    assert list(refused.context["faulty"]) == ["party"]
    party = Outgoing.objects.latest("pk").party
    assert (party.unit_id, party.name, party.representative) == (None, "Công ty Ba Bể", "Nông Văn Kiên")


def test_the_clerk_takes_the_paper_in_on_the_agreements_page(client):
    agreement = Agreement(OUTSIDER)
    agreement.act(sign_step, actor=agreement.leader)
    client.force_login(agreement.clerk.person.account)
    address = reverse("documents:outgoing_act", args=[agreement.pk, "party"])

    without = client.post(address)
    paper = SimpleUploadedFile("giay.pdf", read_blob(agreement.outgoing.versions.get().pdf_id))
    done = client.post(address, {"file": paper})

    assert without.status_code == 422
    assert done.status_code == 302
    agreement.outgoing.refresh_from_db()
    assert agreement.outgoing.state == OutgoingState.SIGNED


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


def test_programs_take_in_what_an_outsider_signed(client):
    agreement = Agreement(OUTSIDER)
    agreement.act(sign_step, actor=agreement.leader)
    returned = signed_outside(agreement)
    client.force_login(agreement.clerk.person.account)

    taken = client.post(
        f"/api/v1/outgoing/{agreement.pk}/party", {"file": SimpleUploadedFile("hd.pdf", returned)}
    )

    assert taken.json()["state"] == "signed"
    assert agreement.pdf == returned
