"""What pages show of drafts and letters, for programs: the plan, versions, comparison, preview, blank forms, lists."""

import pytest

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.documents.enums import OutgoingState
from dinh.documents.models import Outgoing
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.rest_drafting import DraftIn
from dinh.documents.rest_versions import PlanOut
from dinh.documents.tests.test_incoming import NOW, sealed, send, staff, unit

pytestmark = pytest.mark.django_db
URL = "/api/v1/drafts"


@pytest.fixture
def drafter(client):
    drafter = AppointmentFactory()
    client.force_login(AccountFactory(current_appointment=drafter))
    return drafter


@pytest.fixture
def body(drafter):
    head = AppointmentFactory(unit=drafter.unit, roles=[Role.DIVISION_HEAD])
    return {
        "type_code": "CV",
        "subject": "báo cáo",
        "text": "Đề nghị báo cáo.\nTrước ngày 30.",
        "leader": AppointmentFactory(unit=drafter.unit, roles=[Role.UNIT_HEAD]).pk,
        "initials": [head.pk],
        "recipients": [
            {"unit_id": UnitFactory().pk, "purpose": "inform"},
            {"name": "Công ty A", "address": "a@a.vn", "channel": "email"},
        ],
        "urgency": 1,
        "reply_due_date": "2030-01-02",
        "form": {"typist": "PL", "copies": 3, "annexes": [{"title": "Danh mục", "text": "Một.\nHai."}]},
    }


def call(client, method, url, body):
    return getattr(client, method)(url, body, content_type="application/json")


def test_the_plan_that_is_read_is_the_plan_that_is_sent(client, body):
    draft = call(client, "post", URL, body).json()["id"]

    plan = client.get(f"{URL}/{draft}/plan").json()
    again = call(client, "put", f"{URL}/{draft}", plan)

    assert {name: plan[name] for name in body if name not in ("recipients", "form")} == {
        name: body[name] for name in body if name not in ("recipients", "form")
    }
    assert [
        (each["unit_id"], each["name"], each["purpose"], each["channel"]) for each in plan["recipients"]
    ] == [
        (body["recipients"][0]["unit_id"], "", "inform", "paper"),
        (None, "Công ty A", "act", "email"),
    ]
    assert (plan["form"]["typist"], plan["form"]["annexes"][0]["text"]) == ("PL", "Một.\nHai.")
    assert again.status_code == 200
    assert client.get(f"{URL}/{draft}/plan").json() == plan


def test_a_plan_holds_all_that_a_draft_takes():
    assert PlanOut.model_fields.keys() == DraftIn.model_fields.keys()


def test_the_plan_of_minutes_has_their_secretary_and_no_place_for_a_date(client, body, drafter):
    secretary = AppointmentFactory(unit=drafter.unit)
    minutes = body | {"type_code": "BB", "secretary": secretary.pk}
    draft = call(client, "post", URL, minutes).json()["id"]

    plan = client.get(f"{URL}/{draft}/plan").json()
    call(client, "put", f"{URL}/{draft}", plan)

    again = client.get(f"{URL}/{draft}").json()
    newest = client.get(f"{URL}/{draft}/versions/{again['versions'][-1]['number']}").json()
    assert client.get(f"{URL}/{draft}/plan").json()["secretary"] == secretary.pk
    assert newest["missing_places"] == []
    assert {"signature.secretary", "signature.leader"} <= {each["name"] for each in newest["places"]}
    assert not {"day", "month", "year"} & {each["name"] for each in newest["places"]}


def test_versions_are_read_and_compared(client, body):
    draft = call(client, "post", URL, body).json()["id"]
    call(client, "put", f"{URL}/{draft}", body | {"text": "Đề nghị báo cáo.\nTrước ngày 31."})

    first = client.get(f"{URL}/{draft}/versions/1").json()
    lines = client.get(f"{URL}/{draft}/compare/1/2").json()
    letter = client.get(f"{URL}/{draft}/versions/1/letter.pdf")

    assert first["paragraphs"][-2:] == ["Đề nghị báo cáo.", "Trước ngày 30."]
    assert (first["missing_places"], first["word_sha256"]) == ([], None)
    assert {"number", "signature.leader", "initials.1"} <= {each["name"] for each in first["places"]}
    assert [(each["kind"], each["text"]) for each in lines if each["kind"] != "same"] == [
        ("gone", "Trước ngày 30."), ("new", "Trước ngày 31."),
    ]  # fmt: skip
    assert b"".join(letter).startswith(b"%PDF-")
    assert client.get(f"{URL}/{draft}/versions/1/letter.docx").status_code == 404
    assert client.get(f"{URL}/{draft}/versions/9").status_code == 404


def test_a_preview_keeps_nothing_and_tells_all_wrong_people_at_once(client, body):
    pdf = call(client, "post", f"{URL}/preview", body)
    wrong = call(client, "post", f"{URL}/preview", body | {"leader": 0, "initials": [0]})

    assert (pdf.status_code, pdf["Content-Type"], pdf.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert {each["field"] for each in wrong.json()["errors"]} == {"leader", "initials"}
    assert Outgoing.objects.count() == 0


def test_the_blank_form_of_a_type_is_word(client, drafter):
    form = client.get("/api/v1/document-types/CV/word")

    assert form.content.startswith(b"PK")
    assert client.get("/api/v1/document-types/XX/word").status_code == 404


def test_strangers_read_no_draft(client, body):
    draft = call(client, "post", URL, body).json()["id"]
    client.force_login(AccountFactory(current_appointment=AppointmentFactory()))

    paths = ("plan", "versions/1", "versions/1/letter.pdf", "compare/1/1")
    assert [client.get(f"{URL}/{draft}/{path}").status_code for path in paths] == [404] * 4


def test_lists_are_files_and_letters_tell_what_their_pages_tell(client):
    clerk, sender = staff(unit(), "clerk"), staff(unit(), "clerk")
    first, again = (
        send(sealed(sender, [clerk.unit], code="07/STTTT"), sender, key).arrivals.get() for key in "ab"
    )
    register_incoming(incoming_id=first.pk, actor=clerk, at=NOW)
    voided = sealed(clerk, [])
    Outgoing.objects.filter(pk=voided.pk).update(state=OutgoingState.VOIDED, void_reason="Sai", replaces=None)
    client.force_login(AccountFactory(current_appointment=clerk))

    files = [client.get(f"/api/v1/{name}.xlsx") for name in ("incoming", "outgoing")]
    arrival = client.get(f"/api/v1/incoming/{again.pk}").json()
    letter = client.get(f"/api/v1/outgoing/{voided.pk}").json()

    assert [b"".join(file)[:2] for file in files] == [b"PK", b"PK"]
    assert (arrival["duplicates"], arrival["replaced_by"]) == ([first.pk], None)
    assert (letter["void_reason"], letter["replaces"]) == ("Sai", None)
    found = client.get("/api/v1/search/everything", {"q": "Đến"}).json()
    assert [hit["url"] for part in found if not part["label"] for hit in part["hits"]] == [
        "/documents/incoming/"
    ]
