"""Search by any field, kept searches, and what they give to take home."""

import io
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from docx import Document as WordDocument
from openpyxl import load_workbook

from dinh.directory.models import Appointment, Division, Person, UnitIdentifier
from dinh.directory.tests.factories import AccountFactory
from dinh.documents.models import Document, Incoming
from dinh.documents.operations.assigning import Directions, assign_incoming
from dinh.documents.operations.dispatch import send_further
from dinh.documents.operations.indexing import index_document
from dinh.documents.operations.recall import recall_document
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.queries.metadata import OF_LETTER, incoming_metadata, letters_metadata
from dinh.documents.queries.search import Wanted, documents_of, documents_wanted, search_documents
from dinh.documents.tests.test_incoming import NOW, sealed, send, staff, unit
from dinh.kernel.text import fold
from dinh.records.operations.case_files import NewCaseFile, file_record, open_case_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    of = unit()
    clerk, head = staff(of, "clerk"), staff(of, "unit_head")
    client.force_login(AccountFactory(current_appointment=clerk))
    return clerk, head


def arrived(office, code, **fields):
    sender = staff(unit(), "clerk")
    incoming = send(sealed(sender, [office[0].unit], code=code, **fields), sender, code).arrivals.get()
    return register_incoming(incoming_id=incoming.pk, actor=office[0], at=NOW)


def found(office, **wanted):
    return list(documents_wanted(Wanted(**wanted), office[0]).values_list("code", flat=True))


@pytest.mark.parametrize("typed", ["15/QĐ-UBND", "15/qd-ubnd", "15/QĐ", "qđ-ubnd", "QĐ-UBND"])
def test_numbers_and_notations_are_found_whole_or_in_part(office, typed):
    arrived(office, "15/QĐ-UBND")
    arrived(office, "16/KH-SNV")

    assert found(office, q=typed) == ["15/QĐ-UBND"]
    assert found(office, code=typed) == ["15/QĐ-UBND"]


@pytest.mark.parametrize(
    "typed",
    [
        "công văn 05/STTTT-CNTT",
        "so 05/STTTT",
        "văn bản số: 05/stttt-cntt,",
        "Công văn số 05/STTTT-CNTT ngày 03/11/2026",
        "Công văn số 05/STTTT-CNTT, ngày 3 tháng 11 năm 2026",
    ],
)
def test_letters_are_found_as_they_are_cited(office, typed):
    arrived(office, "05/STTTT-CNTT", subject="Dịch vụ công trực tuyến")
    arrived(office, "06/STTTT-CNTT", subject="Trả lời Công văn số 07/STTTT-CNTT")

    assert found(office, q=typed) == ["05/STTTT-CNTT"]


@pytest.mark.parametrize(
    "typed", ["kinh phí 05/STTTT-CNTT", "05/STTTT-CNTT 06/STTTT-CNTT", "công văn ngày 03/11/2026"]
)
def test_what_says_more_than_a_citation_is_not_taken_for_one(office, typed):
    arrived(office, "05/STTTT-CNTT", subject="Dịch vụ công trực tuyến")

    assert found(office, q=typed) == []


def test_the_key_of_a_code_is_kept_by_the_database(office):
    letter = arrived(office, "05/QyĐ-HĐND").document

    letter.refresh_from_db()

    assert letter.code_key == "05/qyd-hdnd"


def test_every_field_narrows(office):
    clerk, head = office
    division = Division.objects.create(unit=clerk.unit, name="Phòng Kế hoạch", abbreviation="KH")
    Appointment.objects.filter(pk=staff(clerk.unit, "division_head").pk).update(division=division)
    given = {
        "subject": "Cấp nước sạch nông thôn",
        "urgency": 2,
        "page_count": 7,
        "issued_date": date(2026, 3, 5),
        "signer_name": "Trần Thị Hường",
        "signer_position": "Phó Giám đốc",
        "reply_due_date": date(2026, 9, 1),
        "language": "en",
    }
    target = arrived(office, "07/KH-SNN", **given)
    Document.objects.filter(pk=target.document_id).update(type_code="KH")
    arrived(office, "08/STTTT", subject="Khác", signer_name="Lê A")
    due = NOW + timedelta(days=3)
    directions = Directions(
        lead=division, supports=[], informed=[], instruction="Khẩn trương tham mưu", due_at=due
    )
    assign_incoming(incoming_id=target.pk, actor=head, directions=directions, at=NOW)
    Incoming.objects.filter(pk=target.pk).update(note="Bản giấy gửi sau")
    case_file = open_case_file(
        responsible=clerk,
        case_file=NewCaseFile(code="09/NN", title="Nước sạch", opened_date=NOW.date()),
        at=NOW,
    )
    file_record(
        case_file_id=case_file.pk, target_type="documents.incoming", target_id=target.pk, actor=clerk, at=NOW
    )
    UnitIdentifier.objects.create(unit=clerk.unit, form="new", value="H03.77", valid_from=date(2020, 1, 1))
    day = (NOW + timedelta(hours=7)).date()
    for wanted in (
        {"subject": "nuoc sach"},
        {"type_code": "KH"},
        {"urgency": 2},
        {"pages": 7},
        {"issued_since": date(2026, 3, 5), "issued_until": date(2026, 3, 5)},
        {"signer": "huong tran"},
        {"signer_position": "pho giam doc"},
        {"language": "en"},
        {"holder": "ke hoach"},
        {"directions": "tham muu"},
        {"note": "ban giay"},
        {"case_file": "nuoc sach"},
        {"file_year": case_file.year},
        {"file_place": 1},
        {"file_organ": "H03.77"},
        {"case_file": "09", "file_year": case_file.year, "file_place": 1, "file_organ": "h03"},
        {"arrival_number": target.number},
        {"due_until": day + timedelta(days=4)},
        {"progress": "04"},
        {"issuer": target.document.issuer_name.split()[-1]},
    ):
        assert found(office, **wanted) == ["07/KH-SNN"], wanted
    assert len(found(office, arrived_since=day, arrived_until=day)) == 2
    assert (
        found(office, recipient="x")
        == found(office, copies=3)
        == found(office, reply_until=date(2026, 9, 2))
        == []
    )
    assert found(office, direction="outgoing") == []
    assert [
        found(office, **no) for no in ({"file_year": 1999}, {"file_place": 2}, {"file_organ": "H04"})
    ] == [[]] * 3


def test_outgoing_letters_are_found_by_their_recipients(office):
    receiver = unit(name="Ủy ban nhân dân xã Quảng Khê")
    UnitIdentifier.objects.create(unit=receiver, form="new", value="H03.88", valid_from=date(2020, 1, 1))
    drafter = office[0].person
    Person.objects.filter(pk=drafter.pk).update(search_name="be van dan")
    send(sealed(office[0], [receiver], code="05/UBND"), office[0])
    send(sealed(staff(office[0].unit, "clerk"), [unit()], code="06/UBND"), office[0], "other")

    assert found(office, recipient="quang khe") == ["05/UBND"]
    assert found(office, recipient="quang khe", holder="x") == []
    assert found(office, recipient_code="h03.8") == found(office, drafter="bế dàn") == ["05/UBND"]
    assert found(office, recipient_code="03.88") == found(office, drafter="không ai") == []


def test_orders(office):
    for code, day in (("02/B", date(2026, 1, 1)), ("01/A", date(2026, 2, 1))):
        arrived(office, code, issued_date=day)

    assert found(office, order="oldest") == ["02/B", "01/A"]
    assert found(office, order="code") == ["01/A", "02/B"]


def test_others_letters_and_recalled_ones_are_not_found(office):
    sender = staff(unit(), "clerk")
    outgoing = sealed(sender, [office[0].unit], code="07/X")
    send(outgoing, sender)
    stranger = staff(unit(), "clerk")
    assert found(office, code="07/X") == ["07/X"]

    recall_document(outgoing_id=outgoing.pk, actor=sender, reason="Sai", at=NOW)

    assert found(office, code="07/X") == []
    assert not documents_wanted(Wanted(code="07"), stranger).exists()
    assert search_documents("07/X", sender).exists()


def test_what_was_found_leaves_with_the_chosen_fields(client, office):
    arrived(office, "07/KH-SNN", signer_name="Trần Thị Hường")
    query = {"q": "Trường Chinh", "show": ["SignerInfo/FullName", "ArrivalNumber"]}

    files = {
        ending: b"".join(client.get(reverse("documents:search_download", args=[ending]), query))
        for ending in ("pdf", "docx", "xlsx")
    }

    rows = [
        [cell.value for cell in row] for row in load_workbook(io.BytesIO(files["xlsx"])).active.iter_rows()
    ]
    assert rows == [
        ["Trích yếu", "Họ và tên người ký văn bản", "Số đến"],
        ["Đường Trường Chinh", "Trần Thị Hường", "1"],
    ]
    table = WordDocument(io.BytesIO(files["docx"])).tables[0]
    assert [[cell.text for cell in row.cells] for row in table.rows] == rows
    assert files["pdf"].startswith(b"%PDF")
    assert client.get(reverse("documents:search_download", args=["doc"])).status_code == 404


def test_a_search_is_kept_as_the_views_of_other_lists_are(client, office):
    kept = {"path": reverse("documents:search"), "name": "Khẩn", "query": "urgency=1&fields=all"}

    shown = client.post(reverse("worklist:save_filter"), kept)

    page = client.get(shown.url).content.decode()
    assert shown.url == "/documents/search/?urgency=1"
    assert '<a class="chip is-on" href="/documents/search/?urgency=1" aria-current="true">' in page


def test_programs_search_with_the_same_fields(client, office):
    arrived(office, "15/QĐ-UBND")

    told = client.get("/api/v1/search", {"code": "15/qđ", "show": "CodeNotation,ArrivalNumber"}).json()

    fields = {"CodeNotation": "QĐ-UBND", "ArrivalNumber": "1"}
    letter, arrival = Document.objects.get(), Incoming.objects.get()
    found = {"document_id": letter.pk, "outgoing": None, "incoming": arrival.pk}
    assert told["items"] == [{**found, "subject": letter.subject, "fields": fields}]
    assert client.get("/api/v1/search", {"urgency": "x"}).status_code == 422
    assert client.get("/api/v1/search/found.xlsx", {"code": "15"}).status_code == 200


@pytest.mark.parametrize(
    "query", ["urgency=x", "issued_since=0000-00-00", "q=%00", "type_code=%27", "page=zz", "show=x"]
)
def test_nonsense_is_answered_beside_its_field(client, office, query):
    assert client.get(f"/documents/search/?{query}").status_code in (200, 422)


@pytest.mark.parametrize(
    ("query", "headers", "is_shown"),
    [
        ("q=a", {}, False),
        ("q=a&fields=all", {}, True),
        ("q=a&signer=b", {}, True),
        ("fields=all", {"HX-Request": "true"}, True),
    ],
)
def test_all_fields_are_drawn_only_where_they_are_opened(client, office, query, headers, is_shown):
    page = client.get(f"/documents/search/?{query}", headers=headers).content.decode()

    assert ('name="signer"' in page, 'name="show"' in page) == (is_shown, is_shown)
    assert ("<html" in page) == (not headers)


def test_an_order_outlives_fields_that_are_closed(client, office):
    closed = client.get("/documents/search/?q=a&order=oldest").content.decode()
    opened = client.get("/documents/search/?q=a&order=oldest&fields=all").content.decode()

    assert closed.count('<input type="hidden" name="order" value="oldest">') == 1
    assert opened.count('<option value="oldest" selected>') == 1


def test_what_stands_in_a_letter_is_told_as_its_metadata_tell_it(office):
    given = {"issued_date": date(2026, 3, 5), "signer_name": "Trần Thị Hường", "urgency": 2, "page_count": 7}
    row = arrived(office, "15/QĐ-UBND", **given)
    Document.objects.update(secrecy=1, signer_position="Chủ tịch", type_code="QD")
    full = incoming_metadata([row.pk], office[0], Incoming.objects.all())[row.pk]

    told = letters_metadata(documents_of([row.document_id]))[row.document_id]

    assert {name: told.text(name) for name in OF_LETTER} == {name: full.text(name) for name in OF_LETTER}
    assert told.text("Priority") == "Thượng khẩn, Mật"


def test_as_many_queries_for_three_letters_as_for_one(client, office):
    amounts = []
    for codes in (["01/A"], ["02/A", "03/A"]):
        for code in codes:
            arrived(office, code)
        with CaptureQueriesContext(connection) as queries:
            client.get(
                reverse("documents:search"), {"q": "Trường Chinh", "show": ["ToPlaces", "FileCode/OrganId"]}
            )
        amounts.append(len(queries))

    assert amounts[0] == amounts[1]


def test_words_find_a_letter_for_whom_it_went_further_to_and_for_its_sender(office):
    sender, later = staff(unit(), "clerk"), staff(unit(), "clerk")
    outgoing = sealed(sender, [office[0].unit], code="15/CV-STTTT")
    send(outgoing, sender)
    readers = (sender, office[0], later)
    before = [len(search_documents("truong chinh", reader)) for reader in readers]

    send_further(outgoing_id=outgoing.pk, actor=sender, units=[later.unit_id], request_key="more", at=NOW)

    assert before == [1, 1, 0]
    assert [len(search_documents("truong chinh", reader)) for reader in readers] == [1, 1, 1]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tsvector_to_array(search_vector) FROM documents_document WHERE code = '15/CV-STTTT'"
        )
        marks = {word for word in cursor.fetchone()[0] if word.startswith("§")}
    assert marks == {f"§{reader.unit_id}" for reader in readers}


@pytest.mark.parametrize("typed", ["§14", "'§14'", '"§14"', "§§14", "x§14", "-§14 or '§14':*"])
def test_no_word_that_is_typed_is_read_as_a_reader(typed):
    with connection.cursor() as cursor:
        cursor.execute("SELECT websearch_to_tsquery('simple', %s)::text", [fold(typed)])
        asked = cursor.fetchone()[0]

    assert "14" in asked
    assert "§" not in asked


@pytest.mark.django_db(transaction=True)
def test_words_that_are_read_during_a_sending_leave_its_reader_findable():
    sender, first, later = (staff(unit(), "clerk") for _time in range(3))
    outgoing = sealed(sender, [first.unit])
    send(outgoing, sender)
    order = {"outgoing_id": outgoing.pk, "actor": sender, "units": [later.unit_id], "request_key": "more"}

    def read_again():
        try:
            index_document(outgoing.document)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            send_further(**order, at=NOW)
            reading = pool.submit(read_again)
            wait_for_lock()
        reading.result()

    assert [len(search_documents("truong chinh", reader)) for reader in (first, later)] == [1, 1]


def wait_for_lock():
    """Until another connection waits for us."""
    last = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < last:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    pytest.fail("Nobody waited.")
