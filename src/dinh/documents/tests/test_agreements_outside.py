"""Agreements with somebody outside the province: the copy that goes out, and what comes back signed."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from dinh.directory.enums import Role
from dinh.directory.tests.factories import (
    AppointmentFactory,
)
from dinh.documents.enums import Channel, OutgoingState, StepKind
from dinh.documents.models import Party
from dinh.documents.operations.counterparty import NotWithParty, take_in_from_party
from dinh.documents.operations.draft_plan import WantedRecipient
from dinh.documents.operations.drafting import create_draft
from dinh.documents.operations.numbering import number_document
from dinh.documents.operations.sealing import seal_document
from dinh.documents.operations.signing import sign_step
from dinh.documents.tests.agreements import (
    OUTSIDER,
    Agreement,
    given_back,
    keys,  # noqa: F401 a fixture
    plan_of,
)
from dinh.documents.tests.test_drafting import waiting
from dinh.signing.operations.returned import NotOurRevision
from dinh.signing.operations.signing import sign_pdf
from dinh.signing.queries.verification import verification_of
from dinh.storage.api import read_blob

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys")]


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
