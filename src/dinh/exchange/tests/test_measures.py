from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange.models import GatewayBeat, Total
from dinh.exchange.operations.alerts import warn_of_failing_services, warn_of_providers_away
from dinh.exchange.operations.archiving import forget_fine_totals
from dinh.exchange.operations.reach import reach
from dinh.exchange.queries.measures import dashboard_of
from dinh.exchange.tests.log_rows import make_exchange, sum_up
from dinh.exchange.tests.world import make_system, make_version
from dinh.notify.models import Notification

pytestmark = pytest.mark.django_db


def call(
    *,
    ms=10,
    own=1,
    minutes=1,
    at=None,
    service="kho",
    client="VN/GOV/A/A",
    outcome="delivered",
    status=200,
    **more,
):
    return make_exchange(
        started_at=at or timezone.now() - timedelta(minutes=minutes),
        duration_us=ms * 1000,
        upstream_us=(ms - own) * 1000,
        client=client,
        provider="VN/GOV/H03.D/D",
        service=service,
        outcome=outcome,
        status=status,
        **more,
    )


def test_dashboard_counts_by_service_client_and_time(django_assert_num_queries):
    for ms in range(1, 21):
        call(ms=ms)
    call(outcome="failed", status=502)
    call(status=500, client="VN/GOV/B/B")
    call(outcome="refused", status=403, service="khac")
    call(outcome="begun")
    call(minutes=60 * 30)
    sum_up()

    with django_assert_num_queries(4):
        found = dashboard_of(Total.objects.all(), at=timezone.now(), hours=24)

    assert (found.total.calls, found.total.failed, found.total.refused) == (23, 2, 1)
    assert [(row.name, row.calls, row.failed, row.refused) for row in found.services] == [
        ("kho", 22, 2, 0), ("khac", 1, 0, 1),
    ]  # fmt: skip
    assert {row.name: row.calls for row in found.clients} == {"VN/GOV/A/A": 22, "VN/GOV/B/B": 1}
    assert (len(found.hours), sum(row.calls for row in found.hours)) == (24, 23)
    kho = found.services[0]
    assert (kho.median_ms, kho.slow_ms, kho.own_ms) == (
        pytest.approx(10, rel=0.1),
        pytest.approx(19, rel=0.1),
        1,
    )


@pytest.mark.parametrize(
    ("hours", "grain", "points", "calls"),
    [(1, "minute", 60, 1), (6, "hour", 6, 2), (24, "hour", 24, 3), (168, "day", 7, 4), (744, "day", 31, 5)],
)
def test_window_is_drawn_by_minutes_hours_or_days(hours, grain, points, calls):
    now = datetime(2026, 11, 26, 16, 30, tzinfo=UTC)
    for age in (timedelta(0), timedelta(hours=5), timedelta(hours=23), timedelta(days=6), timedelta(days=30)):
        call(at=now - age)
    sum_up()

    found = dashboard_of(Total.objects.all(), at=now, hours=hours)

    assert (found.grain, len(found.hours), found.total.calls) == (grain, points, calls)
    assert found.last_at == now


def test_sums_of_minutes_and_hours_go_and_those_of_days_stay():
    now = timezone.now()
    for days in (0, 3, 100):
        call(at=now - timedelta(days=days))
    sum_up()

    assert forget_fine_totals(at=now) == 2 + 1
    assert sorted(Total.objects.values_list("grain", flat=True)) == ["day"] * 3 + ["hour"] * 2 + ["minute"]


def test_dashboard_is_empty_without_calls(client):
    head = AppointmentFactory(roles=[Role.UNIT_HEAD])
    client.force_login(AccountFactory(current_appointment=head))
    call()
    sum_up()

    page = client.get("/exchange/dashboard/?hours=6")
    told = client.get("/api/v1/exchange/measures").json()

    assert (page.context["dashboard"].total.calls, page.context["hours"]) == (0, 6)
    assert (told["total"]["calls"], told["last_at"]) == (0, None)


def test_dashboard_tells_why_no_service_is_named(client):
    keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
    client.force_login(AccountFactory(current_appointment=keeper))
    call(service="", outcome="refused", status=404)
    sum_up()

    page = client.get("/exchange/dashboard/?hours=1").content.decode()

    assert page.count("Mọi lượt gọi đều bị từ chối trước khi xác định được dịch vụ cần gọi.") == 1


def test_failing_services_are_told_of_once_an_hour():
    owner = AppointmentFactory(roles=[Role.UNIT_HEAD])
    keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
    make_version(
        make_system("D", unit=owner.unit), base_url="http://x.test", service="kho", version="1", paths=["/a"]
    )
    for _number in range(8):
        call()
    sum_up()
    assert warn_of_failing_services(at=timezone.now()) == 0

    for _number in range(3):
        call(outcome="failed", status=502, client="VN/GOV/B/B")
    Total.objects.all().delete()
    sum_up()
    now = timezone.now()
    assert (warn_of_failing_services(at=now), warn_of_failing_services(at=now)) == (1, 1)

    told = Notification.objects.order_by("pk").values_list("appointment_id", "kind")
    assert sorted(told) == sorted([(owner.pk, "exchange.failing"), (keeper.pk, "exchange.failing")])


def test_callers_who_hang_up_at_once_raise_no_alarm():
    """Whoever may call a service could have its owners told each hour that it fails."""
    owner = AppointmentFactory(roles=[Role.UNIT_HEAD])
    make_version(
        make_system("D", unit=owner.unit), base_url="http://x.test", service="kho", version="1", paths=["/a"]
    )
    for _number in range(50):
        call(outcome="aborted", reason="caller-gone", status=499)
    sum_up()
    at_once = warn_of_failing_services(at=timezone.now())

    for _number in range(50):
        call(outcome="aborted", reason="caller-gone", status=499, ms=6000)
    Total.objects.all().delete()
    sum_up()

    assert (at_once, Notification.objects.count()) == (0, 0)
    assert warn_of_failing_services(at=timezone.now()) == 1


def test_house_that_falls_with_all_its_services_is_told_of_in_one_notice():
    owners = [AppointmentFactory(roles=[Role.UNIT_HEAD]) for _unit in range(2)]
    keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
    for number in range(40):
        owner = owners[0] if number else owners[1]
        system = make_system(f"D{number}", unit=owner.unit)
        make_version(system, base_url="http://x.test", service=f"kho{number:02}", version="1", paths=["/a"])
        for _call in range(10):
            call(outcome="failed", status=502, service=f"kho{number:02}")
    sum_up()
    now = timezone.now()
    failing = [{"to": "x.test:80", "why": "provider-timeout", "open": True, "since": now.timestamp() - 90}]
    GatewayBeat.objects.create(name="a", certificate="", seen_at=now, state={"failing": failing})

    for _again in range(3):
        warn_of_failing_services(at=now)
        warn_of_providers_away(at=now)

    told = Notification.objects.filter(kind="exchange.failing").values_list("appointment_id", "text")
    assert dict(told)[owners[1].pk].startswith("kho00")
    many = "dịch vụ đang lỗi hoặc gián đoạn: "
    assert dict(told)[keeper.pk] == f"40 {many}kho00, kho01, kho02, kho03, kho04, …"
    assert dict(told)[owners[0].pk] == f"39 {many}kho01, kho02, kho03, kho04, kho05, …"
    assert Notification.objects.values("appointment_id", "kind").distinct().count() == 6
    assert Notification.objects.count() == 6


def test_provider_that_is_no_longer_asked_is_told_of_once_an_hour():
    owner = AppointmentFactory(roles=[Role.UNIT_HEAD])
    keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
    system = make_system("D", unit=owner.unit)
    make_version(system, base_url="http://x.test/a", service="kho", version="1", paths=["/a"])
    make_version(system, base_url="https://x.test/b", service="khac", version="1", paths=["/a"])
    now = timezone.now()
    failing = [{"to": "x.test:80", "why": "provider-timeout", "open": True, "since": now.timestamp() - 50}]
    failing += [{"to": "x.test:443", "why": "provider-timeout", "open": False, "since": 0}]
    failing += [{"to": "10.9.9.9:80", "why": "x", "open": True, "since": now.timestamp() - 900}]
    beat = {"certificate": "", "seen_at": now, "state": {"failing": failing}}
    GatewayBeat.objects.create(name="a", **beat)
    GatewayBeat.objects.create(name="b", **beat)

    counts = [warn_of_providers_away(at=now + timedelta(seconds=seconds)) for seconds in (0, 11, 12)]

    assert counts == [0, 1, 1]
    told = Notification.objects.order_by("pk")
    assert sorted(row.appointment_id for row in told) == sorted([owner.pk, keeper.pk])
    assert told[0].text.startswith("kho đang gián đoạn: cổng a ngừng gọi tới x.test:80 từ ")
    assert warn_of_providers_away(at=now + timedelta(seconds=90)) == 0


def test_provider_is_asked_whether_it_is_there(client, upstream):
    owner = AppointmentFactory(roles=[Role.UNIT_HEAD])
    version = make_version(
        make_system("D", unit=owner.unit), base_url=upstream.url, service="kho", version="1", paths=["/a"]
    )
    client.force_login(AccountFactory(current_appointment=owner))

    answer = client.post(f"/exchange/versions/{version.pk}/reach/", follow=True)

    (told,) = answer.context["messages"]
    assert str(told).startswith("Bên cung cấp có trả lời: mã 200")
    away = reach("http://127.0.0.1:1/")
    assert (away.status, bool(away.reason)) == (0, True)
    client.force_login(AccountFactory(current_appointment=AppointmentFactory(roles=[Role.UNIT_HEAD])))
    assert client.post(f"/exchange/versions/{version.pk}/reach/").status_code == 404
