"""Fields of Annex VI, what clerks add to them, who looked, and counted pages."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from dinh.audit.api import accesses_of, trace_of
from dinh.audit.models import Access
from dinh.directory.tests.factories import AccountFactory
from dinh.documents.models import Document
from dinh.documents.operations.counting import count_pages
from dinh.documents.operations.describing import (
    Addition,
    Frozen,
    describe_incoming,
    describe_outgoing,
)
from dinh.documents.operations.recall import recall_document
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.queries.metadata import FIELDS
from dinh.documents.tests.test_incoming import NOW, sealed, send, staff, unit
from dinh.kernel.errors import InvalidInput, NotPermitted
from dinh.storage.api import store_bytes

pytestmark = pytest.mark.django_db
ANNEX = Path(__file__).resolve().parents[5] / "shared" / "data" / "codes" / "nd30_annex6_fields.csv"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
    b"4 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


@pytest.fixture
def sender():
    return staff(unit(), "clerk")


@pytest.fixture
def clerk(client):
    clerk = staff(unit(), "clerk")
    client.force_login(AccountFactory(current_appointment=clerk))
    return clerk


@pytest.fixture
def letter(sender, clerk):
    outgoing = sealed(
        sender, [clerk.unit], code="07/STTTT-CNTT", number=7, number_text="07", notation="STTTT-CNTT"
    )
    incoming = send(outgoing, sender).arrivals.get()
    register_incoming(incoming_id=incoming.pk, actor=clerk, at=NOW)
    return incoming


@pytest.mark.skipif(not ANNEX.exists(), reason="the annex's list of fields is not at hand")
@pytest.mark.parametrize("direction", ["outgoing", "incoming"])
def test_no_field_of_the_annex_is_missing(direction):
    with ANNEX.open(encoding="utf-8") as source:
        rows = [row for row in csv.DictReader(source) if row["record"] == direction]
    parents = {row["no"]: row["name_en"] for row in rows if not row["type"]}
    wanted = [
        (row["no"], "/".join(filter(None, (parents.get(row["no"].split(".")[0]), row["name_en"]))))
        for row in rows
        if row["type"]
    ]

    assert [(each.number, each.name) for each in FIELDS[direction]] == wanted


def test_both_sides_know_all_fields(client, sender, clerk, letter):
    told = {
        each["name"]: each["text"] for each in client.get(f"/api/v1/incoming/{letter.pk}/metadata").json()
    }

    assert (told["CodeNumber"], told["CodeNotation"]) == ("07", "STTTT-CNTT")
    assert (told["ArrivalNumber"], told["ArrivalDate"]) == ("1", timezone.localdate(NOW).strftime("%d/%m/%Y"))
    assert told["OrganName"] == sender.unit.name
    assert told["TraceHeaderList"] == "Trạng thái: Đã tiếp nhận"
    client.force_login(AccountFactory(current_appointment=sender))
    path = f"/api/v1/outgoing/{letter.dispatch.outgoing_id}/metadata"
    assert {"name": "To/OrganName", "text": clerk.unit.name} in client.get(path).json()
    assert client.get(f"/api/v1/incoming/{letter.pk}/metadata").status_code == 404


def test_the_receiver_adds_a_note_but_leaves_the_letter_alone(clerk, letter):
    describe_incoming(incoming_id=letter.pk, actor=clerk, addition=Addition(note="Kèm đĩa"), at=NOW)

    letter.refresh_from_db()
    assert letter.note == "Kèm đĩa"
    assert trace_of(letter)[-1].action == "documents.incoming.described"
    with pytest.raises(NotPermitted):
        describe_incoming(incoming_id=letter.pk, actor=clerk, addition=Addition(page_count=9), at=NOW)
    head = staff(clerk.unit, "unit_head")
    with pytest.raises(NotPermitted):
        describe_incoming(incoming_id=letter.pk, actor=head, addition=Addition(note="x"), at=NOW)
    wrong = Addition(note="x" * 501, page_count=0, language="y" * 31)
    with pytest.raises(InvalidInput) as refused:
        describe_incoming(incoming_id=letter.pk, actor=clerk, addition=wrong, at=NOW)
    assert {fault.field for fault in refused.value.faults} == {"note", "page_count", "language"}


def test_what_was_recalled_is_frozen_on_both_sides(sender, clerk, letter):
    outgoing = letter.dispatch.outgoing
    describe_outgoing(
        outgoing_id=outgoing.pk,
        actor=sender,
        addition=Addition(note="n", language="en", page_count=3),
        at=NOW,
    )
    document = Document.objects.get()
    assert (document.language, document.page_count) == ("en", 3)

    recall_document(outgoing_id=outgoing.pk, actor=sender, reason="Sai", at=NOW)

    with pytest.raises(Frozen):
        describe_outgoing(outgoing_id=outgoing.pk, actor=sender, addition=Addition(note="m"), at=NOW)
    with pytest.raises(Frozen):
        describe_incoming(incoming_id=letter.pk, actor=clerk, addition=Addition(note="m"), at=NOW)


def test_pages_are_counted_once(sender, clerk):
    letter = sealed(sender, [clerk.unit], content_id=store_bytes(PDF).sha256).document
    broken = sealed(sender, [clerk.unit], content_id=store_bytes(b"%PDF-1.7 nonsense").sha256).document

    assert (count_pages(document_id=letter.pk), count_pages(document_id=broken.pk)) == (2, None)
    Document.objects.filter(pk=letter.pk).update(page_count=5)
    assert count_pages(document_id=letter.pk) == 5


def test_looks_are_written_down_once_a_minute_and_shown_to_overseers_alone(client, clerk, letter):
    for _ in range(3):
        client.get(reverse("documents:incoming", args=[letter.pk]))

    page = client.get(reverse("documents:incoming_metadata", args=[letter.pk])).content.decode()

    assert [(each.what, each.times) for each in accesses_of(letter, unit_id=clerk.unit_id)] == [("page", 1)]
    assert clerk.person.full_name in page.split("Lịch sử truy cập")[-1]
    assert (
        client.get(f"/api/v1/incoming/{letter.pk}/accesses").json()[0]["person_name"]
        == clerk.person.full_name
    )
    assert accesses_of(letter, unit_id=letter.dispatch.sender_id) == []
    Access.objects.update(last_at=NOW - timedelta(minutes=2))
    client.get(reverse("documents:incoming", args=[letter.pk]))
    assert Access.objects.get().times == 2


def test_the_page_takes_additions_field_by_field(client, clerk, letter):
    address = reverse("documents:incoming_metadata", args=[letter.pk])

    kept, refused = client.post(address, {"note": "Bản sao"}), client.post(address, {"note": "x" * 501})

    assert (kept.status_code, refused.status_code) == (302, 422)
    assert refused.context["form"].errors.keys() == {"note"}
    letter.refresh_from_db()
    assert letter.note == "Bản sao"
