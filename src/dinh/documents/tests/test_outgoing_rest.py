"""The way of a letter as a program goes it."""

import pytest
from django.utils import timezone

from dinh.directory.models import Account
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.documents.tests.test_outgoing_signing import letter  # noqa: F401 a fixture

pytestmark = pytest.mark.django_db


def enter(client, appointment):
    client.force_login(AccountFactory(current_appointment=appointment))


def act(client, outgoing, name, body=None):
    url = f"/api/v1/outgoing/{outgoing.pk}/{name}"
    return client.post(url, body or {}, content_type="application/json")


def test_a_program_signs_issues_and_reads(client, letter):  # noqa: F811
    outgoing, _drafter, reviewer, leader, clerk = letter
    client.force_login(Account.objects.get(person=reviewer.person))
    assert act(client, outgoing, "sign").json()["state"] == "reviewing"
    client.force_login(Account.objects.get(person=leader.person))
    answer = client.post(
        "/api/v1/outgoing/sign", {"ids": [outgoing.pk, 999_999]}, content_type="application/json"
    )
    assert [bool(each["refusal"]) for each in answer.json()] == [False, True]
    enter(client, clerk)
    today = timezone.localdate().isoformat()
    issued = act(client, outgoing, "issue", {"dated": today}).json()
    assert (issued["state"], issued["code"], issued["issued_date"]) == ("issued", "01/UBND", today)
    assert client.get("/api/v1/outgoing?state=issued").json()["count"] == 1
    pdf = b"".join(client.get(f"/api/v1/outgoing/{outgoing.pk}/letter").streaming_content)
    assert pdf.startswith(b"%PDF")


def test_refusals_name_their_field_and_strangers_find_nothing(client, letter):  # noqa: F811
    outgoing, _drafter, _reviewer, _leader, clerk = letter
    enter(client, clerk)
    refused = act(client, outgoing, "void", {"reason": " "})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "reason")
    assert act(client, outgoing, "number", {"dated": "x"}).json()["errors"][0]["field"] == "dated"
    assert act(client, outgoing, "number").status_code == 409
    assert act(client, outgoing, "fly").status_code == 404
    enter(client, AppointmentFactory())
    for name in ("sign", "seal", "issue"):
        assert act(client, outgoing, name).status_code == 404
    assert client.get(f"/api/v1/outgoing/{outgoing.pk}").status_code == 404
