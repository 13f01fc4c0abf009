from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from dinh.directory.models import ApiToken
from dinh.directory.operations.tokens import issue_token, revoke_token
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.kernel.idempotency import ABANDONED_AFTER, IdempotencyMiddleware
from dinh.kernel.models import IdempotencyKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return AccountFactory()


@pytest.fixture
def bearer(account):
    token = issue_token(appointment=account.current_appointment, label="máy", at=timezone.now())
    return {"Authorization": f"Bearer {token}"}


def test_token_speaks_for_its_appointment(client, account, bearer):
    answer = client.get("/api/v1/me", headers=bearer)

    assert answer.status_code == 200
    assert answer.json()["id"] == account.current_appointment_id


def test_session_speaks_for_the_current_appointment(client, account):
    client.force_login(account)

    assert client.get("/api/v1/me").json()["id"] == account.current_appointment_id


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer sai"}])
def test_strangers_get_a_problem_document(client, headers):
    answer = client.get("/api/v1/me", headers=headers)

    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")


def test_revoked_token_opens_nothing(client, account, bearer):
    row = ApiToken.objects.get()
    revoke_token(token_id=row.pk, appointment=account.current_appointment, at=timezone.now())

    assert client.get("/api/v1/me", headers=bearer).status_code == 401


def test_expired_token_opens_nothing(client, bearer):
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert client.get("/api/v1/me", headers=bearer).status_code == 401


def test_units_are_found_and_missing_ones_are_problems(client, bearer):
    unit = UnitFactory(search_name="so thong tin va truyen thong")

    assert client.get("/api/v1/units?q=thông tin", headers=bearer).json()["items"][0]["id"] == unit.pk
    assert client.get(f"/api/v1/units/{unit.pk}", headers=bearer).json()["name"] == unit.name
    missing = client.get("/api/v1/units/0", headers=bearer)
    assert (missing.status_code, missing["Content-Type"]) == (404, "application/problem+json")


def test_invalid_parameters_name_their_field(client, bearer):
    answer = client.get("/api/v1/appointments?unit=x", headers=bearer)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "unit"


class Counter:
    def __init__(self, status=201):
        self.calls, self.status = 0, status

    def __call__(self, request):
        self.calls += 1
        return HttpResponse(str(self.calls), status=self.status)


HOLDER = AppointmentFactory.build(pk=7)


def write(handler, body="{}", key="k1", token="t", appointment=HOLDER):
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    request = RequestFactory().post("/api/v1/x", body, content_type="application/json", headers=headers)
    request.appointment = appointment
    return IdempotencyMiddleware(handler)(request)


def test_write_is_done_once_and_its_answer_replayed():
    handler = Counter()
    first, second = write(handler), write(handler)

    assert (handler.calls, first.content, second.content, second.status_code) == (1, b"1", b"1", 201)
    assert second["Idempotency-Replayed"] == "true"


def test_write_refuses_a_key_used_for_other_content():
    handler = Counter()
    write(handler)

    assert (write(handler, body='{"a": 1}').status_code, handler.calls) == (422, 1)


def test_write_keeps_callers_apart():
    handler = Counter()
    write(handler)

    assert write(handler, token="other").content == b"2"


def test_write_replays_nothing_to_a_token_that_no_longer_holds():
    handler = Counter()
    write(handler)

    assert write(handler, appointment=None).content == b"2"


def test_write_needs_a_key():
    handler = Counter()

    assert (write(handler, key="").status_code, handler.calls) == (400, 0)


def test_write_is_tried_anew_after_a_failure_of_the_server():
    write(Counter(status=503))

    assert write(Counter()).status_code == 201


def test_write_waits_for_the_first_but_not_for_ever():
    handler = Counter()
    write(handler)
    IdempotencyKey.objects.update(status=None)

    assert write(handler).status_code == 409
    IdempotencyKey.objects.update(created_at=timezone.now() - 2 * ABANDONED_AFTER)
    assert write(handler).content == b"2"
