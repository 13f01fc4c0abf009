import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.documents.models import Book
from dinh.documents.operations.importing import check_import, run_import
from dinh.documents.tests.test_importing import ROWS, sheet

pytestmark = pytest.mark.django_db
JSON = "application/json"
BODY = {"direction": "outgoing", "year": 2026, "code": "qd", "name": "Quyết định", "type_codes": ["QĐ"]}


@pytest.fixture
def clerk(client):
    clerk = AppointmentFactory(roles=[Role.CLERK])
    client.force_login(AccountFactory(current_appointment=clerk))
    return clerk


def test_programs_keep_a_book_and_take_an_old_register_in(client, clerk):
    opened = client.post("/api/v1/books", {**BODY, "opening_number": 3}, content_type=JSON)
    at = f"/api/v1/books/{opened.json()['id']}"
    assert (opened.status_code, client.get("/api/v1/books?year=2026").json()) == (201, [opened.json()])
    assert (
        client.post(f"{at}/opening-number", {"last_number": 5}, content_type=JSON).json()["opening_number"]
        == 5
    )

    file = SimpleUploadedFile("so-cu.xlsx", sheet(*ROWS))
    begun = client.post(f"{at}/imports", {"file": file}).json()
    check_import(import_id=begun["id"])
    found = client.get(f"/api/v1/books/imports/{begun['id']}").json()
    assert (begun["state"], begun["ready_count"]) == ("checking", 0)
    assert (found["state"], found["ready_count"], found["columns"]["code"]) == ("checked", 2, 1)
    imports = f"/api/v1/books/imports/{found['id']}"
    layout = {
        "sheet_name": found["sheet_name"],
        "header_row": found["header_row"],
        "columns": found["columns"],
    }
    assert client.post(f"{imports}/layout", layout, content_type=JSON).json()["state"] == "checking"
    check_import(import_id=found["id"])
    assert client.get(imports).json() == found
    assert client.post(f"{imports}/start", {}, content_type=JSON).json()["state"] == "queued"
    run_import(import_id=found["id"], at=timezone.now())

    assert client.get(imports).json()["state"] == "done"
    page = client.get(f"{at}/entries?words=giao+chi+tieu").json()
    assert [(item["number"], item["cells"][0]) for item in page["items"]] == [(101, "101/QĐ-UBND")]
    assert client.get(f"{at}/register.pdf").content.startswith(b"%PDF")
    assert b"".join(client.get(f"{at}/register.xlsx").streaming_content).startswith(b"PK")


def test_programs_close_a_book_of_a_past_year(client, clerk):
    book = client.post("/api/v1/books", {**BODY, "year": 2020}, content_type=JSON).json()

    first, again = (client.post(f"/api/v1/books/{book['id']}/close").json() for _time in range(2))

    assert first == again
    assert first["closed_at"] is not None


def test_refusals_name_the_field(client, clerk):
    client.post("/api/v1/books", BODY, content_type=JSON)
    book = Book.objects.get()
    for body, field in (({**BODY, "name": "Khác"}, "code"), ({**BODY, "code": "x", "year": 1900}, "year")):
        answer = client.post("/api/v1/books", body, content_type=JSON)
        assert answer.json()["errors"][0]["field"] == field
    refused = client.post(f"/api/v1/books/{book.pk}/imports", {"file": SimpleUploadedFile("a.xlsx", b"MZ")})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "file")


def test_others_get_403_or_404(client, clerk):
    client.post("/api/v1/books", BODY, content_type=JSON)
    book = Book.objects.get()
    client.force_login(AccountFactory(current_appointment=AppointmentFactory(unit=clerk.unit)))
    assert client.post(f"/api/v1/books/{book.pk}/close").status_code == 403
    client.force_login(AccountFactory(current_appointment=AppointmentFactory(roles=[Role.CLERK])))
    for path in ("", "/entries", "/register.pdf", "/register.xlsx"):
        assert client.get(f"/api/v1/books/{book.pk}{path}").status_code == 404
    for path in ("/close", "/opening-number"):
        assert (
            client.post(f"/api/v1/books/{book.pk}{path}", {"last_number": 1}, content_type=JSON).status_code
            == 404
        )
    assert client.get("/api/v1/books?year=2026").json() == []
