"""The lists of documents as files: what the page shows, no more, and nothing that a program would run."""

import io

import pytest
from docx import Document as WordDocument
from openpyxl import load_workbook

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.documents.enums import IncomingState
from dinh.documents.tests.test_incoming_pages import arrival, enter
from dinh.kernel.tables import answers

pytestmark = pytest.mark.django_db
LIST = "/documents/incoming/list"


@pytest.fixture
def clerk(client):
    return enter(client, AppointmentFactory(roles=[Role.CLERK]))


def rows_of(response):
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    return [["" if cell is None else cell for cell in row] for row in sheet.iter_rows(values_only=True)]


def test_sheet_holds_what_the_filter_shows_of_the_own_unit(client, clerk):
    arrival(clerk.unit)
    arrival(clerk.unit, IncomingState.DONE)
    arrival(UnitFactory())

    head, *rows = rows_of(client.get(f"{LIST}.xlsx?state=06"))

    assert (head[0], head[5], head[7]) == ("Số đến", "Trích yếu", "Trạng thái")
    assert [(row[2], row[4], row[5], row[7]) for row in rows] == [
        ("12/SNV-VP", "Sở Nội vụ", "Về việc trực Tết", "Hoàn thành")
    ]


def test_recalled_letter_tells_nothing_of_itself(client, clerk):
    arrival(clerk.unit, IncomingState.RECALLED)

    (_head, row) = rows_of(client.get(f"{LIST}.xlsx?state=all"))

    assert row[2:7] == ["", "", "", "", ""]


def test_formula_stays_text(client, clerk):
    letter = arrival(clerk.unit).document
    letter.subject = "=1+1"
    letter.save(update_fields=["subject"])

    response = client.get(f"{LIST}.xlsx?state=all")

    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    assert (sheet["F2"].value, sheet["F2"].data_type) == ("=1+1", "s")


@pytest.mark.parametrize("name", ["incoming", "outgoing"])
def test_pdf_opens_in_the_browser(client, clerk, name):
    response = client.get(f"/documents/{name}/list.pdf")

    assert response.content.startswith(b"%PDF")
    assert response["Content-Disposition"].startswith("inline")


def test_word_holds_the_same_rows_and_other_endings_do_not_exist(client, clerk):
    arrival(clerk.unit)

    table = WordDocument(io.BytesIO(client.get(f"{LIST}.docx?state=all").content)).tables[0]

    assert [cell.text for cell in table.rows[1].cells][4:6] == ["Sở Nội vụ", "Về việc trực Tết"]
    assert client.get(f"{LIST}.doc").status_code == 404


def test_too_long_a_list_is_refused_in_words(client, clerk, monkeypatch):
    monkeypatch.setitem(answers.MOST_ROWS, "xlsx", 1)
    for _number in range(2):
        arrival(clerk.unit)

    response = client.get(f"{LIST}.xlsx?state=all", follow=True)

    assert "hơn 1 dòng" in response.content.decode()


def test_costs_the_same_for_one_row_and_three(client, clerk, django_assert_max_num_queries):
    amounts = []
    client.get("/")
    for more in (1, 2):
        for _number in range(more):
            arrival(clerk.unit)
        with django_assert_max_num_queries(30) as queries:
            b"".join(client.get(f"{LIST}.xlsx?state=all").streaming_content)
        amounts.append(len(queries))

    assert amounts[0] == amounts[1]
