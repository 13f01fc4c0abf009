import io
import zipfile
from datetime import date, datetime
from threading import Barrier, Thread

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AppointmentFactory
from dinh.documents.enums import Direction, ImportState
from dinh.documents.models import Book, Document, Incoming, RegisterImport
from dinh.documents.operations.books import BookClosed, set_opening_number
from dinh.documents.operations.importing import (
    ImportFaulty,
    ImportNotFound,
    ImportUnderWay,
    check_import,
    correct_import,
    prepare_import,
    run_import,
    start_import,
)
from dinh.documents.operations.numbering import reserve_number
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.queries.books import BookNotFound
from dinh.documents.queries.registers import Wanted, as_line, lines_of
from dinh.documents.queries.search import search_documents
from dinh.documents.registers import reading
from dinh.documents.registers.columns import find_header
from dinh.documents.registers.opening import WorkbookRefused, check_workbook
from dinh.documents.registers.reading import SheetUnusable
from dinh.documents.tests.test_books import opened, sign_in
from dinh.documents.tests.test_incoming_pages import arrival
from dinh.documents.tests.test_outgoing_numbering import DAY, signed
from dinh.kernel.errors import InvalidInput, NotPermitted
from dinh.kernel.numbering import last_number_of

pytestmark = pytest.mark.django_db
HEAD = (
    "STT",
    "SỐ KÝ HIỆU",
    "Ngày ban hành",
    "Trich yeu noi dung",
    "Người ký",
    "Nơi nhận",
    "Số bản",
    "Ghi chú",
)
ROWS = (
    (
        1,
        "101/QĐ-UBND",
        datetime(2026, 1, 5),
        "Quyết định về việc giao chỉ tiêu",
        "Trần Văn Nam",
        "Các xã",
        5,
        None,
    ),
    ("Tháng 02", None, None, None, None, None, None, None),
    (2, "102/QĐ-UBND", "06/02/2026", "Về việc thành lập tổ", "Trần Văn Nam", "Như Điều 3", 3.0, "Bản giấy"),
)


def sheet(*rows, head=HEAD, above=(("UBND XÃ QUẢNG KHÊ",), ("SỔ ĐĂNG KÝ VĂN BẢN ĐI",))):
    workbook = Workbook()
    for row in (*above, head, *rows):
        workbook.active.append(row)
    written = io.BytesIO()
    workbook.save(written)
    return written.getvalue()


def uploaded(clerk, book, data, name="so-cu.xlsx"):
    return prepare_import(
        clerk=clerk, book_id=book.pk, stream=io.BytesIO(data), file_name=name, at=timezone.now()
    )


def prepared(clerk, book, data):
    found = uploaded(clerk, book, data)
    check_import(import_id=found.pk)
    found.refresh_from_db()
    return found


def taken_in(clerk, book, data, *, leave_out_faulty=False):
    found = prepared(clerk, book, data)
    start_import(clerk=clerk, import_id=found.pk, leave_out_faulty=leave_out_faulty)
    run_import(import_id=found.pk, at=timezone.now())
    found.refresh_from_db()
    return found


@pytest.fixture
def clerk():
    return AppointmentFactory(roles=[Role.CLERK])


@pytest.fixture
def book(clerk):
    return opened(clerk)


def test_header_is_found_with_and_without_diacritics():
    header = find_header(Direction.OUTGOING, [("SỔ ĐĂNG KÝ",), HEAD])

    assert header.row == 2
    assert header.columns == {
        "code": 1, "issued_date": 2, "subject": 3, "signer": 4, "recipients": 5, "copies": 6, "note": 7,
    }  # fmt: skip


def test_the_decrees_incoming_columns_are_found():
    from dinh.documents.letters import register

    titles = [column.title for column in register("incoming").columns]

    assert find_header(Direction.INCOMING, [titles]).columns == {
        "arrived_date": 0, "number": 1, "issuer": 2, "code": 3, "issued_date": 4, "subject": 5, "holder": 6,
        "handed_date": 7, "note": 9,
    }  # fmt: skip


def test_a_head_of_two_merged_rows_is_read_whole():
    title = ("SỔ ĐĂNG KÝ VĂN BẢN ĐẾN", None, None, None, None, None)
    above = ("Ngày đến", "Số đến", "Tác giả", "Văn bản đến", None, "Trích yếu nội dung")
    below = (None, None, None, "Số, ký hiệu", "Ngày tháng", None)
    row = ("02/01/2025", 1, "Sở Nội vụ", "15/SNV-VP", "01/01/2025", "Về việc thử")

    header = find_header(Direction.INCOMING, [title, above, below, row])

    assert header.row == 3
    assert header.columns == {
        "arrived_date": 0, "number": 1, "issuer": 2, "code": 3, "issued_date": 4, "subject": 5
    }  # fmt: skip


def test_totals_are_no_entries(clerk, book):
    found = prepared(clerk, book, sheet(*ROWS, ("Tổng cộng", None, None, None, None, None, 5, None)))

    assert (found.ready_count, found.fault_count, found.heading_count) == (2, 0, 2)


def test_an_old_register_enters_the_book_once(clerk, book):
    data = sheet(*ROWS)
    found = taken_in(clerk, book, data)
    assert (found.state, found.imported_count, found.heading_count) == (ImportState.DONE, 2, 1)

    again = prepared(clerk, book, data)
    start_import(clerk=clerk, import_id=again.pk, leave_out_faulty=False)
    run_import(import_id=again.pk, at=timezone.now())

    assert again == found
    lines = [as_line(row) for row in lines_of(book, clerk, Wanted())]
    assert [line.cells for line in lines] == [
        ("102/QĐ-UBND", "06/02/2026", "Quyết định về việc thành lập tổ", "Trần Văn Nam", "Như Điều 3", "", "3", "",
         "", "Bản giấy"),
        ("101/QĐ-UBND", "05/01/2026", "Quyết định về việc giao chỉ tiêu", "Trần Văn Nam", "Các xã", "", "5", "", "",
         ""),
    ]  # fmt: skip
    assert list(search_documents("thanh lap to", clerk)) == [Document.objects.get(number=102)]
    assert trace_of(book)[-1].details["amount"] == 2


def test_numbers_go_on_after_the_highest(clerk, book):
    taken_in(clerk, book, sheet(*ROWS))

    assert (
        reserve_number(clerk=clerk, outgoing_id=signed(clerk).pk, dated=DAY, at=timezone.now()).number == 103
    )


def test_dry_run_tells_each_fault_and_writes_nothing(clerk, book):
    found = prepared(
        clerk,
        book,
        sheet(
            *ROWS,
            (3, "không số", "31/02/2026", None, None, None, "hai", None),
            (4, "104/QĐ-UBND", "05/01/2025", "Trích yếu", None, None, None, None),
            (5, "102/QĐ-UBND", "07/02/2026", "Khác", None, None, None, None),
        ),
    )

    assert (found.row_count, found.ready_count, found.fault_count) == (5, 2, 3)
    assert [(fault["row"], fault["field"]) for fault in found.faults] == [
        (7, "issued_date"), (7, "code"), (7, "copies"), (7, "subject"), (8, "issued_date"), (9, "number"),
    ]  # fmt: skip
    with pytest.raises(ImportFaulty):
        start_import(clerk=clerk, import_id=found.pk, leave_out_faulty=False)
    assert not Document.objects.exists()
    assert last_number_of(book.series) == 0


def test_faulty_rows_may_be_left_out_and_come_later(clerk, book):
    wrong = (3, "103/QĐ-UBND", "hôm qua", "Trích yếu", None, None, None, None)
    right = (3, "103/QĐ-UBND", "07/02/2026", "Trích yếu", None, None, None, None)
    taken_in(clerk, book, sheet(*ROWS, wrong), leave_out_faulty=True)

    corrected = taken_in(clerk, book, sheet(*ROWS, right))

    assert (corrected.known_count, corrected.imported_count) == (2, 1)
    assert Document.objects.count() == 3


def test_columns_are_corrected_by_hand(clerk, book):
    head = ("A", "SỐ KÝ HIỆU", "Ngày", "Nội dung", "Cột lạ", "", "", "")
    data = sheet(*ROWS, head=head)
    found = prepared(clerk, book, data)
    assert "signer" not in found.columns

    order = {"clerk": clerk, "import_id": found.pk, "sheet_name": found.sheet_name, "header_row": 3}
    corrected = correct_import(columns={**found.columns, "signer": 4}, **order)
    check_import(import_id=found.pk)

    corrected.refresh_from_db()
    assert (corrected.columns["signer"], corrected.ready_count) == (4, 2)
    with pytest.raises(InvalidInput) as refused:
        correct_import(columns={"signer": 99}, **order)
    assert refused.value.faults[0].field == "signer"
    taken_in(clerk, book, data)
    with pytest.raises(ImportUnderWay):
        correct_import(columns=None, **order)


def test_incoming_registers_enter_too(clerk):
    book = opened(clerk, direction=Direction.INCOMING, code="den", name="Văn bản đến", type_codes=[])
    head = ("Ngày đến", "Số đến", "Tác giả", "Số, ký hiệu", "Ngày tháng", "Trích yếu", "Người nhận")
    rows = ((datetime(2026, 3, 2), 88, "Sở Nội vụ", "15/SNV-VP", date(2026, 3, 1), "Trực Tết", "Văn phòng"),)

    taken_in(clerk, book, sheet(*rows, head=head))

    row = Incoming.objects.get()
    assert (row.number, row.document.issuer_name, row.document.code) == (88, "Sở Nội vụ", "15/SNV-VP")
    assert as_line(lines_of(book, clerk, Wanted()).get()).cells[:7] == (
        "02/03/2026", "88", "Sở Nội vụ", "15/SNV-VP", "01/03/2026", "Công văn Trực Tết", "Văn phòng",
    )  # fmt: skip
    assert last_number_of(book.series) == 88


def test_arrivals_are_numbered_after_an_old_register_and_not_in_a_closed_book(clerk):
    at = timezone.now()
    year = timezone.localdate(at).year
    book = opened(
        clerk, direction=Direction.INCOMING, year=year, code="den", name="Văn bản đến", type_codes=[]
    )
    head = ("Ngày đến", "Số đến", "Tác giả", "Trích yếu")
    taken_in(clerk, book, sheet((date(year, 1, 2), 88, "Sở Nội vụ", "Trực Tết"), head=head))

    first = register_incoming(incoming_id=arrival(clerk.unit).pk, actor=clerk, at=at)
    Book.objects.filter(pk=book.pk).update(closed_at=at)

    assert (first.book, first.number) == (book, 89)
    with pytest.raises(BookClosed):
        register_incoming(incoming_id=arrival(clerk.unit).pk, actor=clerk, at=at)


@pytest.mark.django_db(transaction=True)
def test_two_workers_take_a_register_in_once(clerk, book):
    found = prepared(clerk, book, sheet(*ROWS))
    start_import(clerk=clerk, import_id=found.pk, leave_out_faulty=False)
    barrier = Barrier(2)

    def work():
        barrier.wait()
        try:
            run_import(import_id=found.pk, at=timezone.now())
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found.refresh_from_db()
    assert (found.state, Document.objects.count()) == (ImportState.DONE, 2)


def test_a_number_given_meanwhile_stops_the_import_whole(clerk, book):
    found = prepared(clerk, book, sheet(*ROWS))
    start_import(clerk=clerk, import_id=found.pk, leave_out_faulty=False)
    set_opening_number(clerk=clerk, book_id=book.pk, last_number=101, reason="", at=timezone.now())
    reserve_number(clerk=clerk, outgoing_id=signed(clerk).pk, dated=DAY, at=timezone.now())

    run_import(import_id=found.pk, at=timezone.now())

    found.refresh_from_db()
    assert (found.state, found.imported_count, found.failure != "") == (ImportState.FAILED, 0, True)
    assert Document.objects.filter(outgoing__book=book).count() == 1


def test_others_may_not_take_in(clerk, book):
    found = prepared(clerk, book, sheet(*ROWS))
    stranger, colleague = AppointmentFactory(roles=[Role.CLERK]), AppointmentFactory(unit=clerk.unit)

    with pytest.raises(BookNotFound):
        prepared(stranger, book, sheet(*ROWS))
    with pytest.raises(NotPermitted):
        prepared(colleague, book, sheet(*ROWS))
    with pytest.raises(ImportNotFound):
        start_import(clerk=stranger, import_id=found.pk, leave_out_faulty=False)
    with pytest.raises(NotPermitted):
        start_import(clerk=colleague, import_id=found.pk, leave_out_faulty=False)


def test_taking_in_costs_the_same_for_one_row_and_twenty(clerk):
    amounts = []
    for number, size in enumerate((1, 20)):
        target = opened(clerk, code=f"b{number}", council_name="Hội đồng")
        rows = [
            (n, f"{n}/QĐ-{number}UB", "05/01/2026", f"Việc {n}", None, None, None, None)
            for n in range(1, size + 1)
        ]
        found = prepared(clerk, target, sheet(*rows, head=HEAD, above=((f"Sổ {number}",),)))
        start_import(clerk=clerk, import_id=found.pk, leave_out_faulty=False)
        with CaptureQueriesContext(connection) as queries:
            run_import(import_id=found.pk, at=timezone.now())
        amounts.append(len(queries))
    assert Document.objects.count() == 21
    assert amounts[0] == amounts[1]


def test_a_code_of_another_book_is_a_fault(clerk, book):
    taken_in(clerk, book, sheet(*ROWS))
    council = opened(clerk, code="hd", council_name="Hội đồng thi đua")

    found = prepared(clerk, council, sheet(ROWS[0]))

    assert [(fault["row"], fault["field"]) for fault in found.faults] == [(4, "code")]


def test_rows_beyond_the_declared_size_are_read(clerk, book):
    data = sheet(*ROWS)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("xl/worksheets/sheet1.xml").replace(b"A1:H6", b"A1:H4")
    found = prepared(clerk, book, with_sheet(data, content))
    assert found.row_count == 2


def with_sheet(data, content):
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(written, "w") as after:
        for name in before.namelist():
            after.writestr(name, content if name.endswith("sheet1.xml") else before.read(name))
    return written.getvalue()


def repacked(data, **parts):
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            after.writestr(name, before.read(name))
        for name, content in parts.items():
            after.writestr(name, content)
    return written.getvalue()


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        ("not_xlsx", lambda: b"So;Ngay;Trich yeu"),
        ("not_xlsx", lambda: repacked(b"PK\x05\x06" + bytes(18), **{"word/document.xml": b"<a/>"})),
        ("old_or_encrypted", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        ("damaged", lambda: sheet(*ROWS)[:800]),
        ("bomb", lambda: repacked(sheet(*ROWS), **{"xl/media/x.xml": bytes(130 * 1024 * 1024)})),
        ("macros", lambda: repacked(sheet(*ROWS), **{"xl/vbaProject.bin": b"x"})),
        (
            "entities",
            lambda: repacked(sheet(*ROWS), **{"xl/x.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
        ),
    ],
)
def test_hostile_files_are_refused_by_name(reason, data):
    with pytest.raises(WorkbookRefused) as refused:
        check_workbook(io.BytesIO(data()))

    assert (refused.value.reason, refused.value.field) == (reason, "file")


def test_a_forged_row_number_does_not_run_for_ever(clerk, book):
    data = sheet(*ROWS)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("xl/worksheets/sheet1.xml").replace(b'<row r="6"', b'<row r="2000000000"')

    found = prepared(clerk, book, with_sheet(data, content))

    assert (found.state, found.row_count, found.failure != "") == (ImportState.FAILED, 0, True)


def test_too_many_rows_and_no_header_are_refused(clerk, book, monkeypatch):
    with pytest.raises(SheetUnusable):
        uploaded(clerk, book, sheet(head=("x", "y", "z")))
    monkeypatch.setattr(reading, "MAX_ROWS", 1)

    found = prepared(clerk, book, sheet(*ROWS))

    assert (found.state, "30.000" in found.failure) == (ImportState.FAILED, True)


def test_a_sheet_is_read_by_the_worker_and_tells_how_far_it_is(client, clerk, book, monkeypatch):
    sign_in(client, clerk)
    monkeypatch.setattr(reading, "_TOLD_EVERY", 2)
    found = uploaded(clerk, book, sheet(*ROWS))
    order = {"clerk": clerk, "import_id": found.pk}
    with pytest.raises(ImportUnderWay):
        start_import(leave_out_faulty=False, **order)
    with pytest.raises(ImportUnderWay):
        correct_import(sheet_name=found.sheet_name, header_row=3, columns=None, **order)
    state = reverse("documents:import_state", args=[found.pk])

    waiting = client.get(state)
    check_import(import_id=found.pk)

    found.refresh_from_db()
    assert (found.state, found.read_count, found.ready_count) == (ImportState.CHECKED, 2, 2)
    assert ("HX-Refresh" in waiting.headers, b"every 2s" in waiting.content) == (False, True)
    assert client.get(state).headers["HX-Refresh"] == "true"


def test_the_clerk_takes_a_register_in_on_the_pages(client, clerk, book):
    sign_in(client, clerk)
    upload = reverse("documents:import_new", args=[book.pk])
    refused = client.post(upload, {"file": SimpleUploadedFile("a.xlsx", b"%PDF-1.7")})
    assert refused.status_code == 422
    assert refused.context["form"].errors.keys() == {"file"}

    answer = client.post(upload, {"file": SimpleUploadedFile("sổ cũ.xlsx", sheet(*ROWS))})
    found = RegisterImport.objects.get()
    assert answer.url == reverse("documents:import", args=[found.pk])
    check_import(import_id=found.pk)
    page = client.get(answer.url)
    form = {name: field.initial for name, field in page.context["form"].fields.items()}
    assert client.post(answer.url, form).url == answer.url
    check_import(import_id=found.pk)
    client.post(reverse("documents:import_start", args=[found.pk]))
    found.refresh_from_db()
    assert found.state == ImportState.QUEUED
    assert "every 2s" in client.get(reverse("documents:import_state", args=[found.pk])).content.decode()
    run_import(import_id=found.pk, at=timezone.now())
    assert "every 2s" not in client.get(reverse("documents:import_state", args=[found.pk])).content.decode()
    assert len(client.get(reverse("documents:book", args=[book.pk])).context["lines"]) == 2
    sign_in(client, AppointmentFactory(roles=[Role.CLERK]))
    for name in ("import", "import_state"):
        assert client.get(reverse(f"documents:{name}", args=[found.pk])).status_code == 404


def test_the_sample_sheet_can_be_uploaded_itself(client, clerk, book):
    sign_in(client, clerk)

    sample = b"".join(client.get(reverse("documents:import_sample", args=[book.pk])).streaming_content)

    assert (prepared(clerk, book, sample).row_count, Book.objects.count()) == (0, 1)
