import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from dinh.audit.api import trace_of
from dinh.directory.enums import Bloc, Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.documents.enums import CopyKind, Direction, OutgoingState, Secrecy
from dinh.documents.letters.tests.pages import text_of
from dinh.documents.models import Book, Incoming, Outgoing
from dinh.documents.operations.books import (
    BookClosed,
    BookExists,
    NewBook,
    WrongOpeningNumber,
    YearNotOver,
    book_of,
    close_book,
    copy_book,
    incoming_book,
    open_book,
    set_opening_number,
)
from dinh.documents.operations.numbering import reserve_number
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.operations.voiding import void_number
from dinh.documents.queries.books import BookNotFound, books_visible_to
from dinh.documents.queries.registers import Wanted, as_line, entry_pages, lines_of
from dinh.documents.registers import printing
from dinh.documents.tests.test_letter_form import drafted
from dinh.documents.tests.test_letter_form import signed as signed_letter
from dinh.documents.tests.test_outgoing_numbering import DAY, signed
from dinh.kernel.errors import InvalidInput, NotPermitted
from dinh.kernel.numbering import last_number_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


@pytest.fixture
def clerk():
    return AppointmentFactory(roles=[Role.CLERK])


def new_book(**fields):
    given = {
        "direction": Direction.OUTGOING,
        "year": 2026,
        "code": "qd",
        "name": "Quyết định",
        "type_codes": ["QĐ"],
    }
    return NewBook(**{**given, **fields})


def opened(clerk, **fields):
    return open_book(clerk=clerk, book=new_book(**fields), at=NOW)


def numbered(clerk, subject="Về việc thử"):
    outgoing = signed(clerk)
    outgoing.document.subject = subject
    outgoing.document.save(update_fields=["subject"])
    reserve_number(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())
    outgoing.refresh_from_db()
    return outgoing


def sign_in(client, appointment):
    client.force_login(AccountFactory(current_appointment=appointment))


def test_a_book_is_opened_once_and_audited(clerk):
    first, again = opened(clerk, opening_number=7), opened(clerk, opening_number=7)

    assert first == again
    assert last_number_of(first.series) == 7
    assert [(entry.action, entry.details["last_number"]) for entry in trace_of(first)] == [
        ("documents.book.opened", 7)
    ]


def test_opening_refuses_rivals_strangers_and_nonsense(clerk):
    opened(clerk)

    with pytest.raises(BookExists):
        opened(clerk, name="Khác")
    with pytest.raises(BookExists):
        opened(clerk, code="qd2")
    with pytest.raises(NotPermitted):
        opened(AppointmentFactory(unit=clerk.unit))
    for wrong in (
        {"year": 2031},
        {"code": "a b"},
        {"name": " "},
        {"type_codes": ["XX"]},
        {"opening_number": -1},
    ):
        with pytest.raises(InvalidInput) as refused:
            opened(clerk, **{"code": "x", **wrong})
        assert refused.value.field == next(iter(wrong))
    assert Book.objects.count() == 1


def test_documents_find_their_book(clerk):
    general = opened(clerk, code="chung", name="Chung", type_codes=[])
    council = opened(clerk, code="hd", name="Hội đồng", council_name="Hội đồng thi đua")
    outgoing = signed(clerk)
    assert book_of(outgoing, year=2026) == general

    decisions = opened(clerk)
    assert book_of(outgoing, year=2026) == decisions

    outgoing.document.secrecy = Secrecy.SECRET
    secret = book_of(outgoing, year=2026)
    assert secret.is_secret
    assert secret not in (general, decisions, council)
    assert secret not in books_visible_to(AppointmentFactory(unit=clerk.unit))


def test_a_new_year_goes_on_with_the_books_of_the_year_before(clerk):
    general = opened(clerk, code="chung-2026", name="Văn bản đi 2026", type_codes=[], opening_number=40)
    opened(clerk, code="kh", name="Kế hoạch", type_codes=["KH", "CTr"])
    opened(clerk, code="m", name="Văn bản mật", type_codes=[], is_secret=True)
    opened(clerk, code="sao", name="Sao", type_codes=list(CopyKind.values))
    opened(clerk, direction=Direction.INCOMING, code="den", name="Văn bản đến 2026", type_codes=[])
    letter, plan, secret = signed(clerk), signed(clerk), signed(clerk)
    plan.document.type_code, secret.document.secrecy = "KH", Secrecy.SECRET

    found = [book_of(each, year=2027) for each in (letter, plan, secret)]
    found += [copy_book(unit_id=clerk.unit_id, year=2027), incoming_book(unit_id=clerk.unit_id, year=2027)]

    assert [(each.year, each.code, each.name, each.type_codes) for each in found] == [
        (2027, "chung-2027", "Văn bản đi 2027", []),
        (2027, "kh", "Kế hoạch", ["KH", "CTr"]),
        (2027, "m", "Văn bản mật", []),
        (2027, "sao", "Sao", list(CopyKind.values)),
        (2027, "den", "Văn bản đến 2027", []),
    ]
    assert [last_number_of(each.series) for each in found] == [0] * 5
    assert found[2].is_secret
    assert book_of(letter, year=2027) == found[0] != general
    assert book_of(letter, year=2026) == general


def test_a_year_goes_on_with_the_last_arrangement_alone(clerk):
    opened(clerk, year=2024, code="chung", name="Chung", type_codes=[])
    opened(clerk, year=2026, code="kh", name="Kế hoạch", type_codes=["KH"])
    letter = signed(clerk)

    assert book_of(letter, year=2027).type_codes == [letter.document.type_code]


def test_a_short_name_that_another_book_bears_now_is_not_taken_from_it(clerk):
    opened(clerk, code="qd", name="Chung", type_codes=[])
    decisions = opened(clerk, year=2027, code="qd", name="Kế hoạch", type_codes=["KH"])
    letter = signed(clerk)

    found = book_of(letter, year=2027)

    assert (found.year, found.type_codes) == (2027, [letter.document.type_code])
    assert found != decisions


@pytest.mark.parametrize(("moment", "year"), [((16, 59, 59), 2026), ((17, 0, 0), 2027)])
def test_the_year_changes_at_midnight_in_vietnam(clerk, moment, year):
    at = datetime(2026, 12, 31, *moment, tzinfo=UTC)
    opened(clerk, direction=Direction.INCOMING, code="den", name="Đến", type_codes=[], opening_number=7)
    general = opened(clerk, code="chung", name="Chung", type_codes=[], opening_number=7)
    arrival = arrived(clerk, signed(clerk).document)
    letter = signed(clerk)
    Outgoing.objects.filter(pk=letter.pk).update(signed_at=at - timedelta(hours=1))

    registered = register_incoming(incoming_id=arrival.pk, actor=clerk, at=at)
    with pytest.raises(InvalidInput):
        reserve_number(clerk=clerk, outgoing_id=letter.pk, dated=date(year + 1, 1, 1), at=at)
    document = reserve_number(clerk=clerk, outgoing_id=letter.pk, dated=timezone.localdate(at), at=at)

    expected = 8 if year == 2026 else 1
    assert (registered.book.year, registered.number) == (year, expected)
    assert (document.number, document.issued_date) == (expected, timezone.localdate(at))
    letter.refresh_from_db()
    assert (letter.book == general, letter.book.year) == (year == 2026, year)


def arrived(clerk, document):
    return Incoming.objects.create(document=document, unit=clerk.unit, arrived_at=NOW)


def test_opening_number_is_free_until_the_first_number_then_only_rises_with_a_reason(clerk):
    book = opened(clerk, opening_number=700)
    order = {"clerk": clerk, "book_id": book.pk, "at": NOW}
    set_opening_number(last_number=70, reason="", **order)
    assert numbered(clerk).document.number == 71

    for last_number, reason in ((10, "Nhầm"), (71, "Nhầm"), (100, " ")):
        with pytest.raises(WrongOpeningNumber):
            set_opening_number(last_number=last_number, reason=reason, **order)
    set_opening_number(last_number=100, reason="Đã cấp trên giấy", **order)
    with pytest.raises(WrongOpeningNumber):
        set_opening_number(last_number=5, reason="Nhầm", **order)

    assert numbered(clerk).document.number == 101
    assert trace_of(book)[-1].details == {"from": 71, "to": 100, "reason": "Đã cấp trên giấy"}


def test_opening_number_is_the_own_clerks_to_set(clerk):
    book = opened(clerk)

    with pytest.raises(BookNotFound):
        set_opening_number(
            clerk=AppointmentFactory(roles=[Role.CLERK]), book_id=book.pk, last_number=5, reason="", at=NOW
        )
    with pytest.raises(NotPermitted):
        set_opening_number(
            clerk=AppointmentFactory(unit=clerk.unit), book_id=book.pk, last_number=5, reason="", at=NOW
        )
    assert last_number_of(book.series) == 0


def test_a_closed_book_gives_no_number(clerk):
    book = opened(clerk)
    with pytest.raises(YearNotOver):
        close_book(clerk=clerk, book_id=book.pk, at=NOW)

    end = NOW + timedelta(days=37)
    closed, again = (close_book(clerk=clerk, book_id=book.pk, at=end) for _ in range(2))

    assert closed.closed_at == again.closed_at == end
    assert [entry.action for entry in trace_of(book)] == ["documents.book.opened", "documents.book.closed"]
    outgoing = signed(clerk)
    with pytest.raises(BookClosed):
        reserve_number(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())
    with pytest.raises(BookClosed):
        set_opening_number(clerk=clerk, book_id=book.pk, last_number=9, reason="x", at=end)


def test_lines_are_filtered_and_a_voided_one_is_struck(clerk):
    book = opened(clerk)
    kept, voided = numbered(clerk, "Giao chỉ tiêu"), numbered(clerk, "Điều động viên chức")
    void_number(clerk=clerk, outgoing_id=voided.pk, reason="Sai thể thức")

    lines = [as_line(row) for row in lines_of(book, clerk, Wanted())]

    assert [(line.cells[0], line.is_void, line.may_be_voided) for line in lines] == [
        ("02/QĐ-UBND", True, False),
        ("01/QĐ-UBND", False, True),
    ]
    assert lines[0].cells[9].endswith(": Sai thể thức")
    assert lines[1].cells[2] == "Quyết định Giao chỉ tiêu"
    found = lines_of(book, clerk, Wanted(words="chỉ tiêu", type_code="QĐ", date_from=DAY, date_to=DAY))
    assert list(found) == [kept]
    assert not lines_of(book, clerk, Wanted(date_to=DAY - timedelta(days=1))).exists()
    assert not lines_of(book, AppointmentFactory(unit=clerk.unit), Wanted()).exists()


def test_the_first_page_is_that_of_the_register(clerk):
    """Its statements are written once; all others are made from what is wanted."""
    book = opened(clerk)
    for number in range(3):
        numbered(clerk, f"Về việc {number}")
    expected = [as_line(row) for row in lines_of(book, clerk, Wanted())]

    first, second = (entry_pages(book, clerk, Wanted(), 2).get_page(number) for number in (1, 2))

    assert [as_line(row) for row in (*first, *second)] == expected
    assert len(expected) == first.paginator.count == 3
    other = AppointmentFactory(roles=[Role.CLERK])
    assert list(entry_pages(book, other, Wanted(), 2).get_page(1)) == []


def test_register_costs_the_same_for_one_row_and_three(client, clerk):
    book = opened(clerk)
    sign_in(client, clerk)
    amounts = []
    client.get(reverse("documents:book", args=[book.pk]))
    for more in (1, 2):
        for _row in range(more):
            outgoing = numbered(clerk)
            outgoing.recipients.create(name="Sở Nội vụ")
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("documents:book", args=[book.pk]))
        amounts.append(len(queries))
    assert len(page.context["lines"]) == 3
    assert amounts[0] == amounts[1]


def test_the_database_holds_a_number_only_once_a_book(clerk):
    opened(clerk)
    first, second = numbered(clerk), numbered(clerk)
    assert (first.number, second.number) == (1, 2)

    second.number = 1
    with pytest.raises(IntegrityError), transaction.atomic():
        second.save(update_fields=["number"])


def test_excel_shows_formulas_as_text(client, clerk):
    book = opened(clerk)
    numbered(clerk, '=HYPERLINK("http://x","y")')
    numbered(clerk, "+cmd|' /C calc'!A0")
    sign_in(client, clerk)

    answer = client.get(reverse("documents:book_xlsx", args=[book.pk]))

    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    cells = [row[2] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.value} == {"s"}
    assert cells[0].value == 'Quyết định =HYPERLINK("http://x","y")'
    assert [cell.number_format for cell in cells] == ["@", "@"]


def test_a_cell_that_begins_like_a_formula_is_text():
    from dinh.documents.letters import register
    from dinh.kernel.tables import write_sheet

    form = register("outgoing")
    with write_sheet(form.title, form.columns, [(["=1+1", "@SUM(A1)"], False)]) as written:
        sheet = load_workbook(written).active

    assert [(cell.value, cell.data_type) for cell in sheet[2][:2]] == [("=1+1", "s"), ("@SUM(A1)", "s")]


def test_the_decrees_form_is_printed(client, clerk):
    book = opened(clerk)
    numbered(clerk, "Giao chỉ tiêu")
    sign_in(client, clerk)

    answer = client.get(reverse("documents:book_pdf", args=[book.pk]))

    text = text_of(answer.content)
    assert answer["Content-Type"] == "application/pdf"
    assert all(part in text for part in ("SỔ ĐĂNG KÝ VĂN BẢN ĐI", "01/QĐ-UBND", "Giao chỉ tiêu"))


def test_the_print_of_a_closed_book_ends_with_its_closing_note(client, clerk):
    book = opened(clerk)
    numbered(clerk, "Giao chỉ tiêu")
    close_book(clerk=clerk, book_id=book.pk, at=NOW + timedelta(days=37))
    sign_in(client, clerk)

    text = text_of(client.get(reverse("documents:book_pdf", args=[book.pk])).content)

    assert text.count("31/12/2026") == 1


@pytest.mark.parametrize(("ending", "limit"), [("pdf", "PDF_ROWS"), ("xlsx", "XLSX_ROWS")])
def test_a_volume_has_a_limit_that_is_told(client, clerk, monkeypatch, ending, limit):
    book = opened(clerk)
    for _row in range(2):
        numbered(clerk)
    sign_in(client, clerk)
    monkeypatch.setattr(printing, limit, 1)

    page = client.get(reverse(f"documents:book_{ending}", args=[book.pk]))
    told = [str(each) for each in page.context["messages"]]
    program = client.get(f"/api/v1/books/{book.pk}/register.{ending}")

    assert (page.status_code, page.context["book"], len(told)) == (422, book, 1)
    assert (program.status_code, program.json()["errors"][0]["field"]) == (422, "date_from")


def test_the_clerk_keeps_books_in_the_pages(client, clerk):
    sign_in(client, clerk)
    year = timezone.localdate().year
    form = {"direction": "outgoing", "year": year, "code": "qd", "name": "Quyết định", "type_codes": ["QĐ"]}
    assert (
        client.post(reverse("documents:book_new"), {**form, "code": "", "opening_number": 3}).status_code
        == 422
    )
    answer = client.post(reverse("documents:book_new"), {**form, "opening_number": 3})
    book = Book.objects.get()
    assert answer.url == reverse("documents:book", args=[book.pk])
    assert "Quyết định" in client.get(reverse("documents:book_list")).content.decode()

    client.post(reverse("documents:book_keep", args=[book.pk]), {"last_number": 12, "reason": ""})
    book.refresh_from_db()
    assert (book.opening_number, last_number_of(book.series)) == (12, 12)
    assert (
        "<strong>13</strong>" in client.get(reverse("documents:book_keep", args=[book.pk])).content.decode()
    )

    outgoing = signed(clerk)
    reserve_number(clerk=clerk, outgoing_id=outgoing.pk, dated=timezone.localdate(), at=timezone.now())
    void = reverse("documents:book_void", args=[outgoing.pk])
    assert client.post(void, {"reason": ""}).status_code == 422
    assert client.post(void, {"reason": "Sai"}).url == reverse("documents:book", args=[book.pk])
    outgoing.refresh_from_db()
    assert (outgoing.state, outgoing.void_reason) == (OutgoingState.VOIDED, "Sai")
    assert client.get(void).status_code == 404
    assert "<s>" in client.get(reverse("documents:book", args=[book.pk])).content.decode()


def test_others_read_but_do_not_keep(client, clerk):
    book = opened(clerk)
    outgoing = numbered(clerk)
    sign_in(client, AppointmentFactory(unit=clerk.unit, roles=[Role.UNIT_HEAD]))
    assert len(client.get(reverse("documents:book", args=[book.pk])).context["lines"]) == 1
    for name in ("book_keep", "book_close", "import_new", "import_sample"):
        assert client.post(reverse(f"documents:{name}", args=[book.pk])).status_code in (404, 405)
        assert client.get(reverse(f"documents:{name}", args=[book.pk])).status_code in (404, 405)
    assert client.get(reverse("documents:book_void", args=[outgoing.pk])).status_code == 404
    sign_in(client, AppointmentFactory(roles=[Role.CLERK]))
    for name in ("book", "book_pdf", "book_xlsx", "book_keep"):
        assert client.get(reverse(f"documents:{name}", args=[book.pk])).status_code == 404


@pytest.fixture
def lawmaker():
    unit = UnitFactory(name="Ủy ban nhân dân huyện Ba Bể", abbreviation="UBND", bloc=Bloc.GOVERNMENT)
    return AppointmentFactory(unit=unit, roles=[Role.CLERK])


def test_the_book_of_normative_documents_goes_on_after_its_opening_number(lawmaker):
    leader = AppointmentFactory(unit=lawmaker.unit, roles=[Role.UNIT_HEAD])
    year = timezone.localdate().year
    book = opened(lawmaker, year=year, code="qd-qppl", is_normative=True, opening_number=17)
    outgoing = signed_letter(drafted(lawmaker, leader, type_code="QĐ", is_normative=True))

    document = reserve_number(
        clerk=lawmaker, outgoing_id=outgoing.pk, dated=timezone.localdate(), at=timezone.now()
    )

    outgoing.refresh_from_db()
    assert (document.code, outgoing.book) == (f"18/{year}/QĐ-UBND", book)


def test_the_book_of_copies_goes_on_after_its_opening_number(clerk):
    book = opened(clerk, code="sao", type_codes=CopyKind.values, opening_number=9)

    found = copy_book(unit_id=clerk.unit_id, year=2026)

    assert (found, last_number_of(found.series)) == (book, 9)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"type_codes": ["QĐ", "NQ"]}, "type_codes"),
        ({"type_codes": []}, "type_codes"),
        ({"type_codes": ["CV"]}, "is_normative"),
        ({"direction": Direction.INCOMING}, "is_normative"),
        ({"is_secret": True}, "is_normative"),
        ({"type_codes": ["SY"], "is_normative": False}, "type_codes"),
        ({"type_codes": [*CopyKind.values, "QĐ"], "is_normative": False}, "type_codes"),
    ],
)
def test_a_special_book_that_cannot_be_is_refused_by_its_field(lawmaker, wrong, field):
    with pytest.raises(InvalidInput) as refusal:
        opened(lawmaker, **{"is_normative": True, **wrong})

    assert [fault.field for fault in refusal.value.faults] == [field]
    assert not Book.objects.exists()


def test_only_who_makes_law_has_a_normative_book():
    clerk = AppointmentFactory(unit=UnitFactory(name="Sở Y tế"), roles=[Role.CLERK])

    with pytest.raises(InvalidInput):
        opened(clerk, is_normative=True)


def test_the_page_opens_special_books_with_their_number(client, lawmaker):
    other = AppointmentFactory(unit=UnitFactory(name="Sở Y tế"), roles=[Role.CLERK])
    client.force_login(AccountFactory(current_appointment=lawmaker))
    year = timezone.localdate().year
    given = {"direction": "outgoing", "year": year, "name": "QPPL", "code": "qppl", "opening_number": 4}

    page = client.get(reverse("documents:book_new"))
    client.post(reverse("documents:book_new"), given | {"type_codes": ["QĐ"], "is_normative": "on"})
    client.post(reverse("documents:book_new"), given | {"code": "sao", "is_for_copies": "on"})
    listed = client.get(f"/api/v1/books?year={year}").json()
    client.force_login(AccountFactory(current_appointment=other))

    assert "is_normative" in page.context["form"].fields
    assert [(each["code"], each["is_normative"], each["opening_number"]) for each in listed] == [
        ("qppl", True, 4), ("sao", False, 4),
    ]  # fmt: skip
    assert "is_normative" not in client.get(reverse("documents:book_new")).context["form"].fields
