from datetime import timedelta

import pytest
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import Account, Appointment, Unit
from dinh.directory.operations.tokens import issue_token
from dinh.directory.tests.factories import (
    AccountFactory,
    AppointmentFactory,
    PersonFactory,
    PositionFactory,
    UnitFactory,
)
from dinh.kernel.models import IdempotencyKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper():
    appointment = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
    return AccountFactory(current_appointment=appointment, password="!").current_appointment


@pytest.fixture
def call(client, keeper):
    token = issue_token(appointment=keeper, label="máy", at=timezone.now())
    keys = iter(range(100))

    def send(method, path, body=None):
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"k{next(keys)}"}
        return getattr(client, method)(
            f"/api/v1/{path}", body, content_type="application/json", headers=headers
        )

    return send


NAMES = {"name": "Sở Nội vụ", "short_name": "Sở NV", "abbreviation": "SNV", "valid_from": "2020-01-01"}


def test_unit_lives_from_its_founding_to_its_end(call):
    made = call("post", "units", NAMES | {"bloc": "government", "level": "province", "place": "Bắc Kạn"})
    unit_id = made.json()["id"]
    change = call(
        "post",
        f"units/{unit_id}/changes",
        NAMES | {"name": "Sở Nội vụ và Lao động", "valid_from": "2025-03-01"},
    )
    code = call(
        "post",
        f"units/{unit_id}/identifiers",
        {"form": "new", "value": "H03.01", "valid_from": "2020-01-01"},
    )
    end = call("post", f"units/{unit_id}/dissolution", {"valid_from": "2026-01-01"})

    assert [answer.status_code for answer in (made, change, code, end)] == [201, 204, 201, 204]
    rows = call("get", f"units/{unit_id}/versions").json()
    assert [(row["name"], row["valid_from"], row["valid_to"]) for row in rows] == [
        ("Sở Nội vụ và Lao động", "2025-03-01", "2025-12-31"),
        ("Sở Nội vụ", "2020-01-01", "2025-02-28"),
    ]
    assert call("get", "tree?q=noi vu&day=2024-01-01").json()["items"][0]["name"] == "Sở Nội vụ"
    assert call("get", "tree?q=noi vu&day=2026-01-01").json()["items"] == []


def test_refusals_are_problem_documents_that_name_the_field(call):
    unit = UnitFactory()

    answer = call("post", f"units/{unit.pk}/changes", NAMES | {"parent_id": unit.pk})

    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["type"] == "urn:dinh:problem:circle-in-tree"
    assert answer.json()["errors"][0]["field"] == "parent_id"
    assert unit.versions.get().parent_id is None


def test_person_is_entered_appointed_and_given_an_account(call):
    unit, position = UnitFactory(), PositionFactory()
    terms = {
        "unit_id": unit.pk,
        "position_id": position.pk,
        "roles": ["clerk"],
        "start_date": "2026-01-01",
    }
    person = {"code": "BK9", "full_name": "Bàn Thị Yến", "is_female": True, "appointment": terms}

    person_id = call("post", "people", person).json()["id"]
    account = call("post", f"people/{person_id}/account", {"username": "yen.bt"})
    found = call("get", "people?q=ban thi yen").json()["items"]

    assert Account.objects.get(username="yen.bt").check_password(account.json()["password"])
    assert found[0]["appointments"][0]["roles"] == ["clerk"]
    appointment_id = found[0]["appointments"][0]["id"]
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    assert call("post", f"appointments/{appointment_id}/end", {"last_day": yesterday}).status_code == 204
    assert Appointment.objects.get(pk=appointment_id).end_date.isoformat() == yesterday


def test_password_that_is_handed_out_is_not_kept_for_retries(call):
    account = AccountFactory()

    answer = call("post", f"people/{account.person_id}/account/password")

    assert answer["Cache-Control"] == "no-store"
    assert IdempotencyKey.objects.count() == 0


def test_strangers_to_the_directory_change_nothing(client):
    account = AccountFactory(password="!")
    client.force_login(account)
    client.handler.enforce_csrf_checks = False
    unit = UnitFactory()

    answer = client.post(f"/api/v1/units/{unit.pk}/changes", NAMES, content_type="application/json")

    assert answer.status_code == 404
    assert Unit.objects.get(pk=unit.pk).name == unit.name


@pytest.mark.parametrize("rows", [1, 3])
def test_people_cost_the_same_for_any_number(call, rows, django_assert_num_queries):
    for _ in range(rows):
        AppointmentFactory(person=PersonFactory(full_name="Hứa Văn Đạt"))

    with django_assert_num_queries(9):
        assert len(call("get", "people?q=dat").json()["items"]) == rows
