"""The agency's signature on annexes in files of their own (Decree 30/2020, Annex I, part I, III.1.d)."""

import re

import pytest
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.documents.enums import OutgoingState
from dinh.documents.models import Attachment, DeviceSignature
from dinh.documents.operations.annexes import ANNEX_FIELD, unsigned_annexes
from dinh.documents.operations.devices import AnnexesFirst, begin_seal, finish_on_device
from dinh.documents.operations.numbering import number_document
from dinh.documents.operations.sealing import seal_document
from dinh.documents.operations.signing import sign_step
from dinh.documents.tests.test_devices import token
from dinh.documents.tests.test_outgoing_signing import letter  # noqa: F401 a fixture
from dinh.pki.api import read_fields
from dinh.pki.tests.letters import plain_pdf
from dinh.pki.tests.peers import pdf_text
from dinh.signing.api import open_sessions, verdict_of
from dinh.signing.models import Credential
from dinh.storage.api import read_blob, store_bytes

pytestmark = pytest.mark.django_db
DAY = timezone.localdate()


@pytest.fixture
def numbered(letter):  # noqa: F811
    """A numbered letter with an annex in a file of its own, one in Excel, a broken one, and an attachment."""
    outgoing, _drafter, reviewer, leader, clerk = letter
    files = [
        ("phu-luc-I.pdf", plain_pdf(pages=2), True),
        ("so-lieu.csv", b"a;b\n1;2\n", True),
        ("hong.pdf", b"%PDF-1.7\nbroken\n%%EOF\n", True),
        ("tham-khao.pdf", plain_pdf(pages=3), False),
    ]
    for order, (name, data, is_annex) in enumerate(files):
        Attachment.objects.create(
            document=outgoing.document, blob_id=store_bytes(data).sha256, name=name, is_annex=is_annex, sort_order=order
        )  # fmt: skip
    for actor in (reviewer, leader):
        sign_step(outgoing_id=outgoing.pk, actor=actor)
    number_document(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())
    return outgoing, clerk


def annex(outgoing, name="phu-luc-I.pdf"):
    return read_blob(outgoing.document.attachments.get(name=name).blob_id)


def signed_fields(pdf):
    return [field.name for field in read_fields(pdf=pdf) if field.filled]


def test_sealing_signs_each_annex_with_number_and_time_in_the_upper_right_corner(numbered, tmp_path):
    outgoing, clerk = numbered
    before = {a.name: a.blob_id for a in outgoing.document.attachments.all()}

    seal_document(clerk=clerk, outgoing_id=outgoing.pk)

    outgoing.refresh_from_db()
    after = {a.name: a.blob_id for a in outgoing.document.attachments.all()}
    pdf = annex(outgoing)
    (field,) = [item for item in read_fields(pdf=pdf) if item.filled]
    assert pdf.startswith(read_blob(before["phu-luc-I.pdf"]))
    assert (field.name, field.box.page) == (ANNEX_FIELD, 1)
    assert (field.box.left > 595 / 2, field.box.bottom > 842 - 72) == (True, True)
    words = pdf_text(pdf, tmp_path)
    assert f"Số: {outgoing.document.code}" in words
    assert re.search(r"\d{2}:\d{2}:\d{2}", words)
    (told,) = verdict_of(after["phu-luc-I.pdf"], offline=True).signatures
    assert told.holder_name == outgoing.unit.name
    same = ("so-lieu.csv", "hong.pdf", "tham-khao.pdf")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    sealed = trace_of(outgoing)[-1].details
    assert (len(sealed["annexes"]), sealed["annexes_unsigned"]) == (1, ["so-lieu.csv", "hong.pdf"])


def test_annex_is_signed_once(numbered):
    outgoing, clerk = numbered
    seal_document(clerk=clerk, outgoing_id=outgoing.pk)
    once = annex(outgoing)

    seal_document(clerk=clerk, outgoing_id=outgoing.pk)

    assert annex(outgoing) == once
    assert unsigned_annexes(outgoing.document) == []


def test_token_signs_the_annexes_before_the_seal(numbered):
    outgoing, clerk = numbered
    Credential.objects.update(provider="plugin")
    begun, seal = begin_seal(outgoing_id=outgoing.pk, actor=clerk)
    first = DeviceSignature.objects.get(batch=begun.batch, annex__isnull=False)
    sessions = open_sessions(session_ids=[first.session_id], appointment=clerk)

    with pytest.raises(AnnexesFirst):
        finish_on_device(session_id=seal.id, actor=clerk, signature=token(seal.challenge))
    for session in (sessions[first.session_id], seal):
        answer = token(session.challenge)
        for _again in range(2):
            finish_on_device(session_id=session.id, actor=clerk, signature=answer)

    outgoing.refresh_from_db()
    assert outgoing.state == OutgoingState.SEALED
    assert signed_fields(annex(outgoing)) == [ANNEX_FIELD]
    facts = [entry.action.rsplit(".", 1)[1] for entry in trace_of(outgoing)]
    assert facts[-2:] == ["annex_signed", "sealed"]


def test_page_names_the_annex_and_a_program_gets_its_session(client, numbered):
    from dinh.documents.tests.test_devices import enter

    outgoing, clerk = numbered
    Credential.objects.update(provider="plugin")
    enter(client, clerk)

    page = client.post(f"/documents/outgoing/{outgoing.pk}/seal/", follow=True)
    begun = client.post(
        f"/api/v1/outgoing/{outgoing.pk}/seal/begin", {}, content_type="application/json"
    ).json()

    assert [line.begun.annex and line.begun.annex.name for line in page.context["lines"]] == [
        "phu-luc-I.pdf",
        None,
    ]
    assert "phu-luc-I.pdf" in page.text
    assert [each["provider"] for each in begun["annexes"]] == ["plugin"]
