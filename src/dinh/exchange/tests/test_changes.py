"""What the registry can move and end: providers, members; audited, and in force on the gateways."""

import json
import time
from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange.gateway.snapshot import CONFIGURATION_SQL
from dinh.exchange.models import Configuration, Member
from dinh.exchange.operations.members import (
    NotInThatState,
    end_member,
    rename_member,
    resume_member,
    suspend_member,
    tell_of_ended_members,
)
from dinh.exchange.operations.services import Provider, set_provider
from dinh.exchange.queries.registry import systems_matching, systems_visible_to
from dinh.exchange.tests.provider import provider
from dinh.exchange.tests.running import eventually
from dinh.exchange.tests.world import make_system
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(db):
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


def in_force():
    with connection.cursor() as cursor:
        cursor.execute(CONFIGURATION_SQL)
        told = json.loads(cursor.fetchone()[0])
    return [row["identifier"] for row in told["clients"]], [row["service"] for row in told["operations"]]


def told_of():
    return Configuration.objects.values_list("version", flat=True).first() or 0


def test_provider_moves_and_the_trace_tells_from_where(version, owner):
    before = told_of()

    for _time in range(2):
        provider = Provider("http://10.9.9.9/new", 60, 100)
        set_provider(version_id=version.pk, provider=provider, actor=owner, at=timezone.now())

    version.refresh_from_db()
    (entry,) = trace_of(version.service)
    assert (version.base_url, version.timeout_seconds, version.max_body_mb) == (
        "http://10.9.9.9/new",
        60,
        100,
    )
    assert (entry.action, entry.details["changes"]) == (
        "exchange.version.provider_changed",
        {"base_url": ["http://10.1.2.3", "http://10.9.9.9/new"], "timeout_seconds": [30, 60]},
    )
    assert told_of() == before + 1


@pytest.mark.parametrize(
    ("given", "field"),
    [(("ftp://x", 30, 100), "base_url"), (("http://127.0.0.1", 30, 100), "base_url"),
     (("http://10.0.0.1", 0, 100), "timeout_seconds"), (("http://10.0.0.1", 301, 100), "timeout_seconds"),
     (("http://10.0.0.1", 30, 0), "timeout_seconds")],
)  # fmt: skip
def test_provider_moves_nowhere_of_no_use(version, owner, settings, given, field):
    settings.EXCHANGE_LOCAL_PROVIDERS = False
    with pytest.raises(InvalidInput) as refusal:
        set_provider(version_id=version.pk, provider=Provider(*given), actor=owner, at=timezone.now())

    assert (refusal.value.field, trace_of(version.service)) == (field, [])


def test_provider_is_its_owners_to_move_while_it_is_offered(version, owner):
    provider = Provider("http://10.9.9.9", 30, 100)
    stranger = AppointmentFactory(roles=[Role.UNIT_HEAD])
    with pytest.raises(NotPermitted):
        set_provider(version_id=version.pk, provider=provider, actor=stranger, at=timezone.now())
    version.state = "retired"
    version.save()

    with pytest.raises(NotInThatState):
        set_provider(version_id=version.pk, provider=provider, actor=owner, at=timezone.now())


def test_owner_moves_it_by_page_and_program(client, version, owner):
    client.force_login(AccountFactory(current_appointment=owner))
    address = f"/exchange/versions/{version.pk}/provider/"
    sent = {"base_url": "http://10.9.9.9", "timeout_seconds": 20, "max_body_mb": 5}

    shown = client.get(address).content.decode()
    assert "http://10.1.2.3" in shown
    assert client.post(address, sent | {"timeout_seconds": 999}).status_code == 422
    assert client.post(address, sent).status_code == 302
    version.refresh_from_db()
    assert (version.base_url, version.timeout_seconds) == ("http://10.9.9.9", 20)

    answer = client.post(
        f"/api/v1/exchange/versions/{version.pk}/provider",
        {"base_url": "http://10.8.8.8"},
        "application/json",
    )
    version.refresh_from_db()
    assert (answer.status_code, version.base_url, version.timeout_seconds) == (200, "http://10.8.8.8", 30)


def test_moved_provider_is_called_within_two_seconds(transactional_db, world, gateway, token, keeper):
    with provider() as elsewhere:
        assert gateway.call("/kho/1.0/echo", token).json()["path"] == "/base/echo"
        moved = Provider(f"{elsewhere.url}/moved-here", 5, 100)

        set_provider(version_id=world.version.pk, provider=moved, actor=keeper, at=timezone.now())
        begun = time.monotonic()
        look = lambda: gateway.call("/kho/1.0/echo", token).json()["path"]  # noqa: E731
        assert eventually(look, "/moved-here/echo", seconds=5) == "/moved-here/echo"

        assert time.monotonic() - begun < 2
        assert elsewhere.seen[-1] == "GET /moved-here/echo"


def test_member_is_suspended_with_its_systems_and_let_in_again(version, keeper):
    member, at = version.service.system.member, timezone.now()
    other = make_system("B")
    assert (len(in_force()[0]), in_force()[1]) == (2, ["kho"])

    suspend_member(member_id=member.pk, reason="sự cố", actor=keeper, at=at)
    assert in_force() == ([other.identifier], [])
    with pytest.raises(NotInThatState):
        suspend_member(member_id=member.pk, reason="sự cố", actor=keeper, at=at)
    with pytest.raises(InvalidInput):
        resume_member(member_id=member.pk, reason=" ", actor=keeper, at=at)
    resume_member(member_id=member.pk, reason="đã xử lý", actor=keeper, at=at)

    assert in_force()[1] == ["kho"]
    assert [(row.action, row.details["to"]) for row in trace_of(member)] == [
        ("exchange.member.moved", "suspended"), ("exchange.member.moved", "active"),
    ]  # fmt: skip


def test_member_takes_part_until_its_last_day(version, keeper):
    member, at, today = version.service.system.member, timezone.now(), timezone.localdate()

    end_member(member_id=member.pk, last_day=today, actor=keeper, at=at)
    assert in_force() == ([version.service.system.identifier], ["kho"])
    end_member(member_id=member.pk, last_day=today - timedelta(1), actor=keeper, at=at)

    assert in_force() == ([], [])
    with pytest.raises(NotInThatState):
        end_member(member_id=member.pk, last_day=today, actor=keeper, at=at)
    assert [row.details["last_day"] for row in trace_of(member)] == [
        today.isoformat(), (today - timedelta(1)).isoformat(),
    ]  # fmt: skip


def test_gateways_are_told_when_the_last_day_is_over(keeper):
    member, at = make_system("A").member, timezone.now()
    end_member(member_id=member.pk, last_day=timezone.localdate(), actor=keeper, at=at)
    before = told_of()

    told = [tell_of_ended_members(at=at + timedelta(days=days)) for days in (0, 1, 2)]

    assert (told, told_of()) == ([0, 1, 0], before + 1)


def test_days_that_cannot_be_are_refused(keeper):
    member = make_system("A").member
    Member.objects.filter(pk=member.pk).update(valid_from=timezone.localdate() + timedelta(9))

    for day in (date(2020, 1, 1), timezone.localdate() + timedelta(8)):
        with pytest.raises(InvalidInput):
            end_member(member_id=member.pk, last_day=day, actor=keeper, at=timezone.now())


def test_renamed_member_is_found_by_its_new_name(keeper):
    system = make_system("A")

    rename_member(
        member_id=system.member_id, name=" Sở Dân tộc và Tôn giáo ", actor=keeper, at=timezone.now()
    )

    assert list(systems_matching(systems_visible_to(keeper), "dan toc va ton giao")) == [system]
    assert trace_of(system.member)[0].details == {"from": "Cơ quan A", "to": "Sở Dân tộc và Tôn giáo"}
    with pytest.raises(InvalidInput):
        rename_member(member_id=system.member_id, name=" ", actor=keeper, at=timezone.now())


def test_members_are_the_keepers_to_change(client, keeper):
    owner = AppointmentFactory(roles=[Role.ADMINISTRATOR])
    member = make_system("A", unit=owner.unit).member
    with pytest.raises(NotFound):
        suspend_member(member_id=member.pk, reason="x", actor=owner, at=timezone.now())
    acts = {"rename": {"name": "Mới"}, "end": {"last_day": "2050-01-01"}, "suspend": {"reason": "x"}}

    client.force_login(AccountFactory(current_appointment=owner))
    denied = [client.post(f"/exchange/members/{member.pk}/act/{act}/", sent) for act, sent in acts.items()]
    client.force_login(AccountFactory(current_appointment=keeper))
    done = [client.post(f"/exchange/members/{member.pk}/act/{act}/", sent) for act, sent in acts.items()]
    told = client.post(f"/exchange/members/{member.pk}/act/end/", {"last_day": "hôm nay"}, follow=True)

    assert [answer.status_code for answer in denied] == [404] * 3
    assert [answer.status_code for answer in done] == [302] * 3
    member.refresh_from_db()
    assert (member.name, member.valid_to, member.state) == ("Mới", date(2050, 1, 1), "suspended")
    assert str(list(told.context["messages"])[-1]) == "Hãy chọn ngày."
    assert "Mới" in client.get("/exchange/members/?q=mới").content.decode()
