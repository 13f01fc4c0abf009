"""A program drafts, revises, comments and submits."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.documents.models import Outgoing

pytestmark = pytest.mark.django_db
URL = "/api/v1/drafts"
KEY = "6f0b8b4e-5d5b-4b8f-9c5a-0c1d2e3f4a5b"


@pytest.fixture
def leader(client):
    """The head of the unit of whoever is signed in."""
    drafter = AppointmentFactory()
    client.force_login(AccountFactory(current_appointment=drafter))
    return AppointmentFactory(unit=drafter.unit, roles=[Role.UNIT_HEAD])


def send(client, url, body, method="post"):
    return getattr(client, method)(url, body, content_type="application/json")


def test_a_program_drafts_revises_comments_and_submits(client, leader):
    body = {
        "type_code": "CV",
        "subject": "báo cáo",
        "text": "Đề nghị.",
        "leader": leader.pk,
        "recipients": [{"unit_id": UnitFactory().pk, "purpose": "inform"}],
        "request_key": KEY,
    }
    made, again = (send(client, URL, body) for _time in range(2))
    url = f"{URL}/{made.json()['id']}"
    revised = send(client, url, body | {"text": "Yêu cầu."}, "put").json()
    remark = send(client, f"{url}/comments", {"text": "Gấp"})
    submitted = send(client, f"/api/v1/outgoing/{made.json()['id']}/submit", {})

    assert (made.status_code, made.json()["id"]) == (201, again.json()["id"])
    assert [(each["number"], each["is_laid_out"]) for each in revised["versions"]] == [(2, True), (1, True)]
    assert (remark.status_code, remark.json()["version"]) == (201, 2)
    assert [each["text"] for each in client.get(f"{url}/comments").json()] == ["Gấp"]
    assert submitted.json()["state"] == "reviewing"
    assert client.delete(url).status_code == 403


def test_each_field_at_fault_is_named(client, leader):
    wrong = {"type_code": "??", "subject": " ", "text": "x", "leader": leader.pk, "urgency": 7}

    refused = send(client, URL, wrong)
    fake = SimpleUploadedFile("thu.docx", b"MZ")
    wrong_file = client.post(f"{URL}/{_draft(client, leader)}/letter", {"file": fake})

    assert refused.status_code == 422
    assert {each["field"] for each in refused.json()["errors"]} == {"type_code", "subject", "urgency"}
    assert (wrong_file.status_code, wrong_file.json()["errors"][0]["field"]) == (415, "file")


def test_people_of_other_units_are_told_with_all_else_that_is_wrong(client, leader):
    stranger = AppointmentFactory().pk
    wrong = {"type_code": "CV", "subject": " ", "text": "x", "leader": stranger, "initials": [stranger]}

    refused = send(client, URL, wrong | {"secretary": stranger, "urgency": 7})

    assert refused.status_code == 422
    told = [each["field"] for each in refused.json()["errors"]]
    assert told == ["leader", "initials", "secretary", "subject", "urgency"]


def test_a_program_drafts_minutes_with_their_secretary(client, leader):
    secretary = AppointmentFactory(unit=leader.unit)
    body = {"type_code": "BB", "subject": "họp giao ban", "text": "Thời gian: 08 giờ.", "leader": leader.pk}

    made = send(client, URL, body | {"secretary": secretary.pk})
    submitted = send(client, f"/api/v1/outgoing/{made.json()['id']}/submit", {})

    assert (made.status_code, submitted.json()["state"]) == (201, "reviewing")
    steps = Outgoing.objects.get(pk=made.json()["id"]).steps.values_list("kind", "appointment_id")
    assert list(steps) == [("cosign", secretary.pk), ("sign", leader.pk)]


def test_strangers_find_nothing(client, leader):
    draft = _draft(client, leader)
    client.force_login(AccountFactory(current_appointment=AppointmentFactory()))

    answers = [
        client.get(f"{URL}/{draft}").status_code,
        client.delete(f"{URL}/{draft}").status_code,
        send(client, f"{URL}/{draft}/comments", {"text": "x"}).status_code,
    ]

    assert answers == [404, 404, 404]
    assert Outgoing.objects.filter(pk=draft).exists()


def _draft(client, leader) -> int:
    body = {"type_code": "CV", "subject": "báo cáo", "text": "Đề nghị.", "leader": leader.pk}
    number: int = send(client, URL, body).json()["id"]
    return number
