"""The list of people as a file: what its page shows under the same filters, all of it."""

import io
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from dinh.audit.models import Entry
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, PersonFactory

pytestmark = pytest.mark.django_db
PAGE = "/directory/people/list.xlsx"


@pytest.fixture
def reader(client):
    own = AppointmentFactory()
    client.force_login(AccountFactory(current_appointment=own))
    return own


def rows(answer) -> list[tuple[str, ...]]:
    """Cells of the sheet under its head."""
    content = b"".join(answer.streaming_content)
    sheet = load_workbook(io.BytesIO(content)).active
    cells = [tuple(str(cell or "") for cell in row) for row in sheet.iter_rows(values_only=True)]
    head = next(at for at, row in enumerate(cells) if row[0] == "Họ và tên")
    return cells[head + 1 :]


def test_the_sheet_holds_what_the_filters_leave(client, reader):
    held = AppointmentFactory(person=PersonFactory(full_name="Triệu Thị Mây", code="BK77", phone="0912"))
    PersonFactory(full_name="Triệu Văn Vũ", code="BK78")
    PersonFactory(full_name="Lý Văn Sơn")

    found = rows(client.get(PAGE, {"q": "trieu"}))
    without = rows(client.get(PAGE, {"q": "trieu", "position": "none"}))

    assert found == [
        ("Triệu Thị Mây", "BK77", f"{held.title}, {held.unit.name}", "0912", held.person.email),
        ("Triệu Văn Vũ", "BK78", "", "", PersonFactory._meta.model.objects.get(code="BK78").email),
    ]
    assert [row[1] for row in without] == ["BK78"]


def test_positions_are_those_of_the_day(client, reader):
    gone = AppointmentFactory(
        person=PersonFactory(full_name="Đàm Cũ"), start_date=date(2020, 1, 1), end_date=date(2020, 12, 31)
    )

    then = rows(client.get(PAGE, {"q": "dam cu", "day": "2020-06-01"}))
    now = rows(client.get(PAGE, {"q": "dam cu"}))

    assert then[0][2] == f"{gone.title}, {gone.unit.name}"
    assert now[0][2] == ""


def test_the_log_keeps_who_took_personal_data(client, reader):
    b"".join(client.get(PAGE, {"q": "hoa"}).streaming_content)

    entry = Entry.objects.get(action="directory.people.exported")
    assert entry.person_id == reader.person_id
    assert entry.details == {
        "as": "xlsx", "words": "hoa", "day": timezone.localdate().isoformat(), "without": False,
    }  # fmt: skip


def test_pdf_word_and_the_api_and_nothing_else(client, reader):
    assert client.get("/directory/people/list.pdf").content.startswith(b"%PDF")
    assert client.get("/api/v1/people.docx").content.startswith(b"PK")
    assert rows(client.get("/api/v1/people.xlsx", {"q": reader.person.full_name}))[0][1] == reader.person.code
    assert client.get("/directory/people/list.exe").status_code == 404
    assert client.get("/api/v1/people.exe").status_code == 422
    client.logout()
    assert client.get(PAGE).status_code == 302
    assert client.get("/api/v1/people.xlsx").status_code == 401


def test_a_long_list_costs_no_more_queries_than_a_short_one(client, reader):
    amounts = []
    for _time in range(2):
        with CaptureQueriesContext(connection) as queries:
            rows(client.get(PAGE))
        amounts.append(len(queries))
        AppointmentFactory()
        AppointmentFactory()

    assert amounts[0] == amounts[1]


@pytest.mark.parametrize("path", ["/directory/people/", "/records/case-files/"])
def test_lists_keep_filters_under_a_name(client, reader, path):
    client.post("/saved-filters/", {"path": path, "query": "q=hoa", "name": "Của tôi"})

    page = client.get(path, {"q": "hoa"})

    assert f'href="{path}?q=hoa"' in page.content.decode()
    assert "Của tôi" in page.content.decode()
