"""Systems, keys, services, grants, catalogues: who may, and what is left behind."""

import hashlib
import json
import uuid
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange.enums import GrantState
from dinh.exchange.models import AccessGrant, ClientSecret, Configuration, Operation, Service
from dinh.exchange.openapi import read_description
from dinh.exchange.operations.credentials import MOST_SECRETS, issue_secret, revoke_secret
from dinh.exchange.operations.dictionaries import Item, publish_dictionary
from dinh.exchange.operations.expiry import warn_of_expiring_keys
from dinh.exchange.operations.grants import (
    NewGrant,
    approve_grant,
    ask_for_access,
    refuse_grant,
    revoke_grant,
)
from dinh.exchange.operations.members import (
    AlreadyThere,
    NewMember,
    NewSystem,
    NotInThatState,
    register_member,
    register_system,
    resume_system,
    suspend_system,
)
from dinh.exchange.operations.services import (
    NewService,
    NewVersion,
    deprecate_version,
    offer_service,
    publish_version,
    retire_version,
)
from dinh.exchange.queries.dictionaries import category_of
from dinh.exchange.queries.registry import (
    exchanges_visible_to,
    grants_visible_to,
    services_visible_to,
    systems_visible_to,
)
from dinh.exchange.tests.log_rows import make_exchange
from dinh.exchange.tests.world import make_system
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted
from dinh.notify.models import Notification
from dinh.worklist.models import WorkItem

pytestmark = pytest.mark.django_db

DESCRIPTION = json.dumps(
    {
        "openapi": "3.0.3",
        "info": {"title": "Hộ tịch"},
        "paths": {
            "/dangKyHoTich": {"post": {"operationId": "dangKyHoTich", "summary": "Đăng ký"}},
            "/danhMuc/{loai}": {"get": {}},
        },
    }
).encode()


@pytest.fixture
def keeper():
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


@pytest.fixture
def owner():
    """Head of the unit that offers."""
    return AppointmentFactory(roles=[Role.UNIT_HEAD])


@pytest.fixture
def asker():
    """Head of the unit that asks."""
    return AppointmentFactory(roles=[Role.UNIT_HEAD])


@pytest.fixture
def version(owner):
    return publish(owner)


def publish(owner, code="hotich", number="1.0"):
    system = make_system(f"HT{owner.unit_id}{code}", unit=owner.unit)
    new = NewService(system.pk, code, "Hộ tịch", "Đăng ký khai sinh, kết hôn")
    service = offer_service(new=new, actor=owner, at=timezone.now())
    return publish_version(
        service_id=service.pk,
        new=NewVersion(number, read_description(DESCRIPTION), "https://hotich.test/api"),
        actor=owner,
        at=timezone.now(),
    )


def asked(version, asker, **changed):
    system = make_system(f"MC{AccessGrant.objects.count()}", unit=asker.unit)
    today = timezone.localdate()
    terms = {
        "system_id": system.pk,
        "version_id": version.pk,
        "operation_ids": [version.operations.first().pk],
        "purpose": "Đăng ký khai sinh",
        "legal_basis": "Luật Hộ tịch",
        "valid_from": today,
        "valid_to": today + timedelta(days=30),
    }
    return ask_for_access(new=NewGrant(**(terms | changed)), actor=asker, at=timezone.now())


def configuration():
    return Configuration.objects.values_list("version", flat=True).first() or 0


def actions(row):
    return [entry.action for entry in trace_of(row)]


def test_member_and_system_are_registered_once_by_who_may(keeper, owner):
    new = NewMember("VN", "GOV", "H03.12", "Sở TTTT", owner.unit_id, date(2021, 1, 1))
    with pytest.raises(NotPermitted):
        register_member(new=new, actor=owner, at=timezone.now())

    member = register_member(new=new, actor=keeper, at=timezone.now())
    system = register_system(new=NewSystem(member.pk, "LGSP", "LGSP"), actor=owner, at=timezone.now())

    assert system.identifier == "VN/GOV/H03.12/LGSP"
    assert (actions(member), actions(system)) == (
        ["exchange.member.registered"],
        ["exchange.system.registered"],
    )
    for again in (
        lambda: register_member(new=new, actor=keeper, at=timezone.now()),
        lambda: register_system(new=NewSystem(member.pk, "LGSP", "x"), actor=owner, at=timezone.now()),
    ):
        with pytest.raises(AlreadyThere) as refusal:
            again()
        assert refusal.value.field == "code"


@pytest.mark.parametrize("code", ["", "a/b", "a b", "../x", "a\n", "đ", "x" * 41])
def test_codes_are_safe_in_addresses_and_headers(keeper, code):
    new = NewMember("VN", "GOV", code, "Sở", None, date(2021, 1, 1))

    with pytest.raises(InvalidInput) as refusal:
        register_member(new=new, actor=keeper, at=timezone.now())

    assert [fault.field for fault in refusal.value.faults] == ["code"]


def test_systems_are_seen_and_changed_by_their_unit_and_the_keeper(keeper, owner):
    system = make_system("A", unit=owner.unit)
    clerk = AppointmentFactory(unit=owner.unit, roles=[Role.CLERK])
    stranger = AppointmentFactory(roles=[Role.UNIT_HEAD])

    seen = [system in systems_visible_to(each) for each in (keeper, owner, clerk, stranger)]

    assert seen == [True, True, False, False]
    for other in (clerk, stranger):
        with pytest.raises(NotFound):
            suspend_system(system_id=system.pk, reason="x", actor=other, at=timezone.now())


def test_suspending_is_the_units_and_resuming_the_keepers(keeper, owner):
    system = make_system("A", unit=owner.unit)
    before = configuration()

    suspend_system(system_id=system.pk, reason="lộ khóa", actor=owner, at=timezone.now())
    with pytest.raises(NotPermitted):
        resume_system(system_id=system.pk, reason="x", actor=owner, at=timezone.now())
    with pytest.raises(NotInThatState):
        suspend_system(system_id=system.pk, reason="x", actor=owner, at=timezone.now())
    resume_system(system_id=system.pk, reason="đã đổi khóa", actor=keeper, at=timezone.now())

    system.refresh_from_db()
    assert (system.state, configuration()) == ("active", before + 2)
    assert [entry.details["to"] for entry in trace_of(system)] == ["suspended", "active"]


def test_secret_is_told_once_and_kept_as_a_digest(owner):
    system = make_system("A", unit=owner.unit)

    row, plain = issue_secret(system_id=system.pk, label="máy 1", actor=owner, at=timezone.now())

    assert row.digest == hashlib.sha256(plain.encode()).hexdigest()
    assert plain not in json.dumps([entry.details for entry in trace_of(system)])
    revoke_secret(system_id=system.pk, secret_id=row.pk, actor=owner, at=timezone.now())
    with pytest.raises(NotInThatState):
        revoke_secret(system_id=system.pk, secret_id=row.pk, actor=owner, at=timezone.now())
    assert actions(system) == ["exchange.secret.issued", "exchange.secret.revoked"]


def test_keys_of_another_system_are_not_found_and_five_are_enough(owner):
    system, other = make_system("A", unit=owner.unit), make_system("B", unit=owner.unit)
    row, _plain = issue_secret(system_id=other.pk, label="x", actor=owner, at=timezone.now())
    for _number in range(MOST_SECRETS):
        issue_secret(system_id=system.pk, label="x", actor=owner, at=timezone.now())

    with pytest.raises(NotFound):
        revoke_secret(system_id=system.pk, secret_id=row.pk, actor=owner, at=timezone.now())
    with pytest.raises(NotInThatState):
        issue_secret(system_id=system.pk, label="x", actor=owner, at=timezone.now())


def test_version_brings_its_operations_and_is_published_once(owner):
    version = publish(owner)

    rows = list(Operation.objects.filter(version=version).values_list("method", "path", "name"))
    assert rows == [
        ("POST", "/dangKyHoTich", "dangKyHoTich"),
        ("GET", "/danhMuc/{loai}", "get /danhMuc/{loai}"),
    ]
    new = NewVersion("1.0", read_description(DESCRIPTION), "https://hotich.test")
    with pytest.raises(AlreadyThere):
        publish_version(service_id=version.service_id, new=new, actor=owner, at=timezone.now())
    assert actions(version.service) == ["exchange.service.offered", "exchange.version.published"]


def test_version_that_checks_requests_needs_a_description_to_check_by(owner):
    service = publish(owner).service
    document = (
        b'{"openapi": "3.1.0", "paths": {"/a": {"get": {"parameters": [{"$ref": "http://x.test/p"}]}}}}'
    )

    def published(number, described):
        new = NewVersion(number, read_description(described), "https://hotich.test", validates=True)
        return publish_version(service_id=service.pk, new=new, actor=owner, at=timezone.now())

    with pytest.raises(InvalidInput) as refused:
        published("2.0", document)
    assert [fault.field for fault in refused.value.faults] == ["document"]
    assert published("2.0", DESCRIPTION).validates is True


@pytest.mark.parametrize(
    "address",
    ["ftp://x/", "http://", "https://u:p@x/", "https://x/?a=1", "https://x/#a", "https://x:99999/", "/x"],
)
def test_provider_addresses_are_plain(owner, address):
    system = make_system("A", unit=owner.unit)
    service = offer_service(new=NewService(system.pk, "s", "S"), actor=owner, at=timezone.now())
    new = NewVersion("1", read_description(DESCRIPTION), address)

    with pytest.raises(InvalidInput):
        publish_version(service_id=service.pk, new=new, actor=owner, at=timezone.now())


def test_names_of_the_gateway_itself_are_not_given_away(owner):
    system = make_system("A", unit=owner.unit)

    for name in ("token", "r1", "HEALTHZ", ".well-known", "listMethods", "getOpenAPI"):
        with pytest.raises(InvalidInput):
            offer_service(new=NewService(system.pk, name, "S"), actor=owner, at=timezone.now())
    assert Service.objects.count() == 0


def test_versions_end_in_order_and_withdrawn_ones_leave_the_catalogue(owner, asker, version):
    assert version.service in services_visible_to(asker)

    deprecate_version(version_id=version.pk, sunset_date=date(2027, 1, 1), actor=owner, at=timezone.now())
    with pytest.raises(NotPermitted):
        retire_version(version_id=version.pk, actor=asker, at=timezone.now())
    retire_version(version_id=version.pk, actor=owner, at=timezone.now())

    assert version.service not in services_visible_to(asker)
    assert version.service in services_visible_to(owner)
    with pytest.raises(NotInThatState):
        retire_version(version_id=version.pk, actor=owner, at=timezone.now())


def test_request_waits_for_the_owner_and_approval_ends_the_waiting(owner, asker, version):
    grant = asked(version, asker)
    work = WorkItem.objects.get(target_type="exchange.accessgrant", target_id=grant.pk)
    assert (work.unit_id, work.role, work.done_at) == (owner.unit_id, "unit_head", None)
    before = configuration()

    with pytest.raises(NotPermitted):
        approve_grant(grant_id=grant.pk, reason="", actor=asker, at=timezone.now())
    approve_grant(grant_id=grant.pk, reason="", actor=owner, at=timezone.now())

    grant.refresh_from_db()
    work.refresh_from_db()
    assert (grant.state, configuration()) == (GrantState.APPROVED, before + 1)
    assert work.done_at is not None
    assert actions(grant) == ["exchange.grant.asked", "exchange.grant.approved"]
    with pytest.raises(NotInThatState):
        approve_grant(grant_id=grant.pk, reason="", actor=owner, at=timezone.now())


def test_refusal_and_revocation_want_a_reason(owner, asker, version):
    first, second = asked(version, asker), asked(version, asker)

    with pytest.raises(InvalidInput):
        refuse_grant(grant_id=first.pk, reason=" ", actor=owner, at=timezone.now())
    refuse_grant(grant_id=first.pk, reason="không đúng mục đích", actor=owner, at=timezone.now())
    approve_grant(grant_id=second.pk, reason="", actor=owner, at=timezone.now())
    revoke_grant(grant_id=second.pk, reason="tự trả", actor=asker, at=timezone.now())

    assert set(AccessGrant.objects.values_list("state", flat=True)) == {"refused", "revoked"}


def test_strangers_see_no_grant(owner, asker, version, keeper):
    grant = asked(version, asker)
    stranger = AppointmentFactory(roles=[Role.UNIT_HEAD])

    seen = [grant in grants_visible_to(each) for each in (owner, asker, keeper, stranger)]

    assert seen == [True, True, True, False]
    with pytest.raises(NotFound):
        revoke_grant(grant_id=grant.pk, reason="x", actor=stranger, at=timezone.now())


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"operation_ids": []}, "operations"),
        ({"operation_ids": [0]}, "operations"),
        ({"purpose": " "}, "purpose"),
        ({"legal_basis": ""}, "legal_basis"),
        ({"valid_to": date(2020, 1, 1)}, "valid_to"),
        ({"valid_to": date(2090, 1, 1)}, "valid_to"),
        ({"rate": 0}, "rate"),
        ({"daily_quota": -1}, "daily_quota"),
    ],
)
def test_terms_are_checked(owner, asker, version, changed, field):
    with pytest.raises(InvalidInput) as refusal:
        asked(version, asker, **changed)

    assert [fault.field for fault in refusal.value.faults] == [field]


def test_operations_of_another_version_cannot_be_slipped_in(owner, asker, version):
    other = publish(owner, code="khac").operations.first().pk

    with pytest.raises(InvalidInput):
        asked(version, asker, operation_ids=[version.operations.first().pk, other])


def test_nobody_asks_in_the_name_of_anothers_system(owner, asker, version):
    foreign = make_system("X", unit=owner.unit)

    with pytest.raises(NotFound):
        asked(version, asker, system_id=foreign.pk)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff\xfe", b"[1]", b"{}", b'{"openapi": "2.0"}', b'{"openapi": "3.0.0"}',
        b'{"openapi": "3.0.0", "paths": {"/a/../b": {"get": {}}}}',
        b'{"openapi": "3.0.0", "paths": {"/a;b": {"get": {}}}}',
        b'{"openapi": "3.0.0", "paths": {"/a%2fb": {"get": {}}}}',
        b'{"openapi": "3.0.0", "paths": {"a": {"get": {}}}}',
        b'{"openapi": "3.0.0", "paths": {"/a/{x}": {"get": {}}, "/a/{y}": {"get": {}}}}',
        b'{"openapi": "3.0.0", "info": {"title": "\\u0000"}, "paths": {"/a": {"get": {}}}}',
        b"a: &a [x]\nb: *a\nopenapi: 3.0.0\n",
        b"{" * 100_000,
        b"- " * 50_000,
    ],
    ids=range(15),
)  # fmt: skip
def test_descriptions_of_no_use_are_refused_by_name(data):
    with pytest.raises(InvalidInput) as refusal:
        read_description(data)

    assert refusal.value.field == "document"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"a: &a [x]\nb: *a\nopenapi: 3.0.0\n", "không nhận bí danh (& và *): hãy viết đầy đủ nội dung thay cho chúng"),
        (b"{" * 100_000, "dòng 1, cột 2"),
        (b'{"a":' * 100_000, "lồng quá nhiều cấp"),
    ],
    ids=["alias", "braces", "nested"],
)  # fmt: skip
def test_refusal_of_a_description_names_the_remedy(data, why):
    with override("vi"), pytest.raises(InvalidInput) as refusal:
        read_description(data)

    assert str(refusal.value) == f"Tệp không phải JSON hay YAML: {why}"


def test_description_is_read_from_yaml_too():
    found = read_description(
        "openapi: 3.1.0\ninfo: {title: Hộ tịch}\npaths:\n  /a:\n    get: {summary: x}\n".encode()
    )

    assert (found.title, [(each.method, each.path) for each in found.operations]) == (
        "Hộ tịch",
        [("GET", "/a")],
    )


def test_catalogue_versions_hold_from_their_day_and_stay(keeper, owner):
    def store(items, day):
        return publish_dictionary(
            code="madantoc", name="Dân tộc", items=items, legal_basis="QĐ 1", valid_from=day, actor=keeper,
            at=timezone.now(),
        )  # fmt: skip

    store([Item("01", "Kinh")], date(2021, 1, 1))
    store([Item("01", "Kinh"), Item("02", "Tày", {"TenKhac": "Thổ"})], date(2025, 7, 1))

    assert category_of("madantoc", today=date(2020, 1, 1)) is None
    assert category_of("madantoc", today=date(2024, 1, 1))["Count"] == 1
    newest = category_of("madantoc", today=date(2026, 1, 1))
    assert newest["Items"][1] == {"Ma": "02", "Ten": "Tày", "TenKhac": "Thổ"}
    for items, day in (
        ([Item("1", "x"), Item("1", "y")], date(2026, 1, 1)),
        ([Item("1", "x")], date(2021, 1, 1)),
    ):
        with pytest.raises(InvalidInput):
            store(items, day)
    with pytest.raises(NotPermitted):
        publish_dictionary(
            code="x", name="x", items=[Item("1", "x")], legal_basis="", valid_from=date(2026, 1, 1), actor=owner,
            at=timezone.now(),
        )  # fmt: skip


def test_keys_at_their_end_are_told_of_once(owner):
    system = make_system("A", unit=owner.unit)
    issue_secret(system_id=system.pk, label="máy 1", actor=owner, at=timezone.now())
    soon = timezone.now() + timedelta(days=350)

    assert warn_of_expiring_keys(at=timezone.now()) == 0
    assert (warn_of_expiring_keys(at=soon), warn_of_expiring_keys(at=soon)) == (1, 1)

    assert list(Notification.objects.values_list("appointment_id", "kind")) == [
        (owner.pk, "exchange.expiring")
    ]


@pytest.fixture
def owner_client(client, owner):
    client.force_login(AccountFactory(current_appointment=owner))
    return client


def test_pages_take_the_whole_way(client, owner, asker, version):
    """Ask, approve, make a key: by the forms that people fill in."""
    system = make_system("MC", unit=asker.unit)
    asking, owning = (AccountFactory(current_appointment=each) for each in (asker, owner))
    client.force_login(asking)
    today = timezone.localdate()
    sent = {
        "system_id": system.pk, "operation_ids": [version.operations.first().pk], "purpose": "Khai sinh",
        "legal_basis": "Luật Hộ tịch", "valid_from": today.isoformat(), "valid_to": today.isoformat(),
        "daily_quota": 10, "rate": 2,
    }  # fmt: skip
    assert client.post(f"/exchange/versions/{version.pk}/ask/", sent | {"purpose": ""}).status_code == 422
    answer = client.post(f"/exchange/versions/{version.pk}/ask/", sent)
    grant = AccessGrant.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/exchange/grants/{grant.pk}/")

    client.force_login(owning)
    client.post(f"/exchange/grants/{grant.pk}/approve/", {"reason": ""})
    grant.refresh_from_db()
    assert grant.state == "approved"

    client.force_login(asking)
    page = client.post(f"/exchange/systems/{system.pk}/secrets/", {"label": "máy 1"})
    secret = ClientSecret.objects.get()
    assert page["Cache-Control"].startswith("max-age=0")
    assert secret.consumer_key in page.content.decode()
    assert hashlib.sha256(page.context["plain_secret"].encode()).hexdigest() == secret.digest
    again = client.get(f"/exchange/systems/{system.pk}/").content.decode()
    assert page.context["plain_secret"] not in again


def test_lists_cost_the_same_for_one_and_for_three(owner_client, owner):
    def cost(path):
        owner_client.get(path)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert owner_client.get(path).status_code == 200
        return len(queries)

    paths = ("/exchange/", "/exchange/systems/", "/exchange/grants/", "/api/v1/exchange/services",
             "/api/v1/exchange/grants", "/api/v1/exchange/systems")  # fmt: skip
    asked(publish(owner, code="a"), owner)
    one = {path: cost(path) for path in paths}
    for code in "bc":
        asked(publish(owner, code=code), owner)

    assert {path: cost(path) for path in paths} == one


def test_log_shows_each_side_its_own(owner, asker, version, keeper):
    stranger = AppointmentFactory(roles=[Role.UNIT_HEAD])
    grant = asked(version, asker)
    from dinh.exchange.models import Exchange

    row = Exchange.objects.create(
        gateway="g", front="oauth", started_at=timezone.now(), duration_us=1, upstream_us=1,
        client=grant.system.identifier, provider=version.service.system.identifier, service="hotich",
        version="1.0", operation="x", method="GET", path="/", message_id="m", user_id="", issue="", status=200,
        outcome="delivered", reason="", request_bytes=0, response_bytes=0, request_sha256="", response_sha256="",
    )  # fmt: skip

    seen = [row in exchanges_visible_to(each) for each in (owner, asker, keeper, stranger)]

    assert seen == [True, True, True, False]


def test_user_is_shown_to_the_clients_side_only(client, owner, asker, version, keeper):
    grant = asked(version, asker)
    row = make_exchange(
        client=grant.system.identifier, provider=version.service.system.identifier, user_id="VN0123",
        peer_key="ab", peer_proof="kept",
    )  # fmt: skip

    def seen(appointment):
        client.force_login(AccountFactory(current_appointment=appointment))
        page = client.get(f"/exchange/log/{row.pk}/").content.decode()
        one = client.get(f"/api/v1/exchange/log/{row.pk}").json()
        listed = client.get("/api/v1/exchange/log", {"q": "m-1"}).json()["items"]
        found = client.get("/api/v1/exchange/log", {"q": "VN0123"}).json()["items"]
        assert "peer_proof" not in one
        return (
            "VN0123" in page,
            "***" in page,
            one["user_id"],
            [each["user_id"] for each in listed],
            len(found),
        )

    assert seen(asker) == (True, False, "VN0123", ["VN0123"], 1)
    assert seen(owner) == seen(keeper) == (False, True, "***", ["***"], 0)
    row.refresh_from_db()
    assert (row.user_id, row.peer_proof) == ("VN0123", "kept")


def test_log_is_searched_by_days_in_vietnam_and_service(keeper, client):
    client.force_login(AccountFactory(current_appointment=keeper))
    rows = {
        name: make_exchange(started_at=datetime.fromisoformat(moment), service=service, outcome=outcome).pk
        for name, moment, service, outcome in (
            ("before", "2026-08-31T23:59:59+07:00", "kho", "delivered"),
            ("first", "2026-09-01T00:00:00+07:00", "kho", "delivered"),
            ("last", "2026-09-02T23:59:59+07:00", "khac", "failed"),
            ("after", "2026-09-03T00:00:00+07:00", "kho", "delivered"),
        )
    }

    def found(query):
        page = client.get(f"/exchange/log/?{query}")
        told = client.get(f"/api/v1/exchange/log?{query}").json()["items"]
        names = {pk: name for name, pk in rows.items()}
        shown = [names[row.pk] for row in page.context["page"]]
        assert shown == [names[uuid.UUID(row["id"])] for row in told]
        return shown

    assert found("since=2026-09-01&until=2026-09-02") == ["last", "first"]
    assert found("since=2026-09-01&until=2026-09-02&service=kho") == ["first"]
    assert found("since=2026-09-02") == ["after", "last"]
    assert found("until=2026-09-02&outcome=failed") == ["last"]
    page = client.get("/exchange/log/?since=2026-09-01&outcome=failed&q=HS-1")
    assert [row.pk for row in page.context["page"]] == [rows["last"]]
    assert "since=2026-09-01" in page.context["chips"][0].url
    wrong = "since=2026-09-02&until=2026-09-01"
    assert client.get(f"/exchange/log/?{wrong}").status_code == 422
    told = client.get(f"/api/v1/exchange/log?{wrong}")
    assert (told.status_code, [each["field"] for each in told.json()["errors"]]) == (422, ["until"])
