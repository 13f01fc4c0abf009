"""Outside services on the keeper's page and for programs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange.models import Exchange, Member, ServiceVersion
from dinh.exchange.operations.demo_outside import register_outside_services
from dinh.exchange.queries.outside import outside_connections
from dinh.exchange.tests.log_rows import make_exchange
from dinh.exchange.tests.world import make_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper():
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


@pytest.fixture
def registered(keeper):
    caller = make_system("MOTCUA")
    for _time in range(2):
        register_outside_services(
            keeper=keeper, caller=caller, sandbox="http://127.0.0.1:1", at=timezone.now()
        )
    return caller


@pytest.fixture
def keepers_client(client, keeper):
    client.force_login(AccountFactory(current_appointment=keeper))
    return client


def found(code="enterprises"):
    now = timezone.now()
    rows = outside_connections(on=timezone.localdate(now), at=now)
    return next(row for row in rows if row.rule.code == code)


def test_registering_twice_leaves_one_of_each_and_follows_the_address(registered, keeper):
    assert ServiceVersion.objects.count() == 7
    assert registered.grants.count() == 7

    register_outside_services(
        keeper=keeper, caller=registered, sandbox="http://127.0.0.1:2", at=timezone.now()
    )

    assert set(ServiceVersion.objects.values_list("base_url", flat=True)) == {
        f"http://127.0.0.1:2/outside/{code}"
        for code in (
            "civil_status", "criminal_records", "social_insurance", "enterprises", "catalogues", "portal", "post",
        )
    }  # fmt: skip


def test_last_and_last_good_answer_are_told(registered):
    now = timezone.now()
    good = make_exchange(service="apiCSDLDKDN", started_at=now - timedelta(hours=2))
    last = make_exchange(
        service="apiCSDLDKDN", started_at=now - timedelta(hours=1), outcome="failed", status=504
    )

    row = found()

    assert (row.is_connected, row.last, row.last_good_at) == (True, last, good.started_at)
    assert (found("post").last, found("post").has_other_owner) == (None, False)


def test_what_is_not_registered_or_has_another_owner_shows(registered):
    ServiceVersion.objects.filter(service__code="apiBHXH").update(state="retired")
    Member.objects.filter(code="000.00.00.G01").update(code="000.00.00.G15x")

    assert found("social_insurance").is_connected is False
    assert found("criminal_records").has_other_owner is True


def test_page_costs_the_same_however_many_calls_there_were(registered, keepers_client):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert keepers_client.get("/exchange/outside/").status_code == 200
        return len(queries)

    make_exchange(service="apiBHXH")
    keepers_client.get("/exchange/outside/")
    one = cost()
    for service in ("apiBHXH", "apiVNPost", "apiDVCQG"):
        make_exchange(service=service)

    assert (cost(), Exchange.objects.count()) == (one, 4)


def test_reaching_one_tells_on_the_page_it_was_asked_from(registered, keepers_client):
    version = found().version

    answer = keepers_client.post(f"/exchange/versions/{version.pk}/reach/", {"back": "outside"}, follow=True)
    told = keepers_client.post(
        f"/api/v1/exchange/versions/{version.pk}/reach", content_type="application/json"
    )

    assert answer.redirect_chain == [("/exchange/outside/", 302)]
    assert "Bên cung cấp không trả lời" in answer.content.decode()
    assert (told.status_code, told.json()["status"]) == (200, 0)


def test_programs_of_others_see_none(registered, keepers_client, client):
    rows = keepers_client.get("/api/v1/exchange/outside").json()
    client.force_login(AccountFactory(current_appointment=AppointmentFactory(roles=[Role.UNIT_HEAD])))

    assert [row["code"] for row in rows][:2] == ["civil_status", "criminal_records"]
    assert rows[1]["owner"] == "Bộ Công an"
    assert client.get("/api/v1/exchange/outside").json() == []
    assert client.get("/exchange/outside/").status_code == 404
    path = f"/api/v1/exchange/versions/{found().version.pk}/reach"
    assert client.post(path, content_type="application/json").status_code == 404
