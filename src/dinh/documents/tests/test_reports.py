"""The follow-up book and the settlement reports."""

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from docx import Document as WordDocument
from openpyxl import load_workbook

from dinh.directory.models import Appointment, Division
from dinh.directory.tests.factories import AccountFactory
from dinh.documents.letters.tests.pages import text_of
from dinh.documents.models import Incoming
from dinh.documents.operations.assigning import Directions, assign_incoming
from dinh.documents.operations.handling import complete_incoming
from dinh.documents.operations.on_paper import confirm_posted
from dinh.documents.operations.recall import recall_document
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.queries.registers import as_day
from dinh.documents.queries.settlement import (
    Period,
    followed_up,
    incoming_settlement,
    outgoing_settlement,
)
from dinh.documents.registers.reports import get_report
from dinh.documents.tests.test_incoming import NOW, sealed, send, staff, unit

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def office(client):
    """A unit with a clerk (signed in), a head and a division that handles."""
    of = unit()
    clerk, head = staff(of, "clerk"), staff(of, "unit_head")
    division = Division.objects.create(unit=of, name="Văn phòng", abbreviation="VP", sort_order=1)
    Appointment.objects.filter(pk=staff(of, "division_head").pk).update(division=division)
    client.force_login(AccountFactory(current_appointment=clerk))
    return clerk, head, division


def arrived(office, key, *, due=None, is_done=False):
    clerk, head, division = office
    sender = staff(unit(), "clerk")
    incoming = send(sealed(sender, [clerk.unit], code=f"{key}/STTTT"), sender, key).arrivals.get()
    register_incoming(incoming_id=incoming.pk, actor=clerk, at=NOW)
    directions = Directions(lead=division, supports=[], informed=[], instruction="", due_at=NOW + DAY)
    assign_incoming(incoming_id=incoming.pk, actor=head, directions=directions, at=NOW)
    if is_done:
        complete_incoming(incoming_id=incoming.pk, actor=head, result="Xong", at=NOW)
    if due is not None:
        Incoming.objects.filter(pk=incoming.pk).update(due_at=due)
    return incoming


def test_incoming_settlement_counts_what_is_done_and_open_in_time_and_late(office):
    arrived(office, "01", is_done=True)
    arrived(office, "02", is_done=True, due=NOW - DAY)
    arrived(office, "03")
    arrived(office, "04", due=NOW - DAY)

    rows = incoming_settlement(office[0], Period(), now=NOW)

    amounts = {"done_in_time": 1, "done_late": 1, "open_in_time": 1, "open_late": 1}
    assert rows == [{"leader": "Văn phòng", "total": 4, **amounts}]
    assert incoming_settlement(staff(unit(), "clerk"), Period(), now=NOW) == []


def test_the_follow_up_book_shows_holder_deadline_and_progress(office):
    late = arrived(office, "01", due=NOW - DAY)
    done = arrived(office, "02", is_done=True)
    report = get_report("follow-up")

    found = list(followed_up(office[0], Period(progress="open-late"), now=NOW))

    cells = report.as_line(found[0], NOW).cells
    assert found == [late]
    assert (cells[0], cells[2], cells[4]) == ("1", "Văn phòng", "Đã phân công (quá hạn)")
    assert list(followed_up(office[0], Period(holder="văn PHÒNG", progress="done"), now=NOW)) == [done]
    assert list(followed_up(office[0], Period(holder="khác"), now=NOW)) == []


def test_outgoing_settlement_counts_recipients_by_state(office):
    clerk, _head, _division = office
    receivers = [unit(), unit()]
    letter = send(sealed(clerk, receivers, code="05/UBND"), clerk)
    sealed(clerk, [unit()])
    register_incoming(
        incoming_id=letter.arrivals.get(unit=receivers[0]).pk, actor=staff(receivers[0], "clerk"), at=NOW
    )

    row = outgoing_settlement(clerk, Period())[0]

    assert (row["issued"], row["under_way"], row["sendings"]) == (1, 1, 2)
    assert (row["unreceived"], row["received"], row["done"]) == (1, 1, 0)


@pytest.mark.parametrize("code", ["follow-up", "incoming-settlement", "outgoing-settlement"])
def test_each_report_is_a_page_a_pdf_and_sheets(client, office, code):
    arrived(office, "07")
    title = str(get_report(code).title)

    page = client.get(reverse("documents:report", args=[code]))
    files = {
        ending: b"".join(client.get(reverse("documents:report_download", args=[code, ending])))
        for ending in ("pdf", "xlsx", "docx")
    }

    assert title in page.content.decode()
    heads = [cell.value for cell in next(load_workbook(io.BytesIO(files["xlsx"])).active.iter_rows())]
    assert heads == [str(column.title) for column in get_report(code).columns]
    assert files["pdf"].startswith(b"%PDF")
    assert [cell.text for cell in WordDocument(io.BytesIO(files["docx"])).tables[0].rows[0].cells] == heads


def test_the_follow_up_book_is_printed_in_the_columns_of_the_decree(client, office):
    arrived(office, "07")

    text = text_of(client.get(reverse("documents:report_download", args=["follow-up", "pdf"])).content)

    assert all(part in text for part in ("SỔ THEO DÕI GIẢI QUYẾT", "Tiến độ giải", "07/STTTT", "Văn phòng"))


def test_a_period_turned_round_is_refused_beside_its_field(client, office):
    page = client.get(
        reverse("documents:report", args=["follow-up"]), {"since": "2026-05-02", "until": "2026-05-01"}
    )

    assert page.status_code == 422
    assert page.context["form"].errors.keys() == {"until"}


def test_as_many_queries_for_three_rows_as_for_one(client, office):
    amounts = []
    for keys in (["01"], ["02", "03"]):
        for key in keys:
            arrived(office, key)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("documents:report", args=["follow-up"]))
        amounts.append(len(queries))

    assert amounts[0] == amounts[1]


def test_programs_read_reports_too(client, office):
    arrived(office, "07")

    told = client.get("/api/v1/reports/incoming-settlement").json()
    sheet = client.get("/api/v1/reports/follow-up/report.xlsx")

    assert told["rows"] == [["Văn phòng", "1", "0", "0", "0", "1", "0", "100,0"]]
    assert sheet.status_code == 200
    assert client.get("/api/v1/reports/none").status_code == 404
    assert client.get("/api/v1/reports/follow-up", {"progress": "x"}).status_code == 422


def test_the_postal_book_has_who_got_a_letter_on_paper(client, office):
    clerk = office[0]
    letter = sealed(clerk, [unit(is_connected=False, name="Xã Vùng Cao"), unit()], code="05/STTTT")
    sent = letter.recipients.create(name="Công ty A", address="12 Trần Phú", channel="paper", sort_order=9)
    send(letter, clerk)
    confirm_posted(clerk=clerk, outgoing_id=letter.pk, recipient_ids=[sent.pk], note="EA 12", at=NOW + DAY)
    day = as_day(timezone.localdate(NOW))

    page = client.get("/documents/reports/postal/")
    told = client.get("/api/v1/reports/postal", {"until": timezone.localdate(NOW).isoformat()}).json()
    pdf = text_of(client.get("/documents/reports/postal/report.pdf").content)

    assert [line.cells[1:] for line in page.context["lines"]] == [
        ("05/STTTT", "Công ty A, 12 Trần Phú", "1", "", "EA 12"),
        ("05/STTTT", "Xã Vùng Cao", "1", "", ""),
    ]
    assert "progress" not in page.context["form"].fields
    assert told["rows"] == [[day, "05/STTTT", "Xã Vùng Cao", "1", "", ""]]
    assert "SỔ GỬI VĂN BẢN ĐI BƯU ĐIỆN" in pdf
    assert pdf.index("Xã Vùng Cao") < pdf.index("Công ty A")


def test_another_unit_sees_nothing_of_the_postal_book(client, office):
    letter = sealed(office[0], [unit(is_connected=False)])
    send(letter, office[0])
    client.force_login(AccountFactory(current_appointment=staff(unit(), "clerk")))

    assert client.get("/api/v1/reports/postal").json()["count"] == 0


def test_the_handling_slip_shows_directions_notes_and_results(client, office):
    clerk, head, division = office
    incoming = arrived(office, "07")
    Incoming.objects.filter(pk=incoming.pk).update(direction_text="Khẩn trương tham mưu")
    incoming.notes.create(author=clerk, text="Đã xin ý kiến Sở", created_at=NOW)

    page, program = (
        client.get(f"{root}incoming/{incoming.pk}/slip.pdf") for root in ("/documents/", "/api/v1/")
    )
    shown = " ".join(text_of(page.content).split())

    assert (page["Content-Type"], program["Content-Type"]) == ("application/pdf", "application/pdf")
    for words in (
        "07/STTTT",
        "Khẩn trương tham mưu",
        division.name,
        head.person.full_name,
        "Đã xin ý kiến Sở",
    ):
        assert words in shown, words
    recall_document(
        outgoing_id=incoming.dispatch.outgoing_id, actor=incoming.dispatch.sent_by, reason="Sai", at=NOW
    )
    assert client.get(f"/documents/incoming/{incoming.pk}/slip.pdf").status_code == 404
    assert client.get(f"/api/v1/incoming/{incoming.pk}/slip.pdf").status_code == 404
