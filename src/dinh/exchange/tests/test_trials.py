"""Trying services: keys that reach addresses for trials only, the trial page, the same for programs."""

import json
from datetime import date, timedelta

import pytest
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.enums import IdentifierForm, Role
from dinh.directory.models import UnitIdentifier
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange.described import operation_form
from dinh.exchange.models import ClientSecret, Exchange, Member, Operation, ServiceVersion, System, Total
from dinh.exchange.operations.credentials import issue_trial_secret
from dinh.exchange.operations.expiry import warn_of_expiring_keys
from dinh.exchange.operations.members import NotInThatState
from dinh.exchange.operations.services import set_trial_address
from dinh.exchange.operations.trials import Trial, make_trial_system, try_operation
from dinh.exchange.queries.measures import dashboard_of, failing_services
from dinh.exchange.tests.log_rows import make_exchange, sum_up
from dinh.exchange.tests.running import eventually, problem
from dinh.exchange.tests.world import make_system, make_version
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted

DESCRIBED = {
    "openapi": "3.0.3",
    "paths": {
        "/hoSo/{ma}": {
            "parameters": [{"$ref": "#/components/parameters/ma"}],
            "post": {
                "summary": "Gửi",
                "parameters": [
                    {"name": "loai", "in": "query", "required": True, "schema": {"enum": ["1", "2"]}},
                    {"name": "X-Nguon", "in": "header", "schema": {"type": "string", "default": "thu"}},
                    {"name": "Authorization", "in": "header"},
                    {"name": "c", "in": "cookie"},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/hoSo"}}}},
                "responses": {"200": {"description": "Được"}},
            },
        },
    },
    "components": {
        "parameters": {"ma": {"name": "ma", "in": "path", "example": "H03-1", "description": "Mã hồ sơ"}},
        "schemas": {
            "hoSo": {
                "type": "object",
                "properties": {
                    "ten": {"type": "string", "description": "Họ tên"},
                    "con": {"type": "array", "items": {"$ref": "#/components/schemas/hoSo"}},
                },
            },
        },
    },
}  # fmt: skip


@pytest.fixture
def keeper(db):
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


@pytest.fixture
def head(db):
    """Of a unit with an identifier code that is no member yet."""
    own = AppointmentFactory(roles=[Role.UNIT_HEAD])
    UnitIdentifier.objects.create(
        unit=own.unit, form=IdentifierForm.NEW, value="H03.77", valid_from=date(2021, 1, 1)
    )
    return own


@pytest.fixture
def version(db):
    made = make_version(
        make_system("DMDC"), base_url="http://127.0.0.1:1/that", service="hoso", version="1.0", paths=["/small"],
        trial_url="http://127.0.0.1:1/thu",
    )  # fmt: skip
    ServiceVersion.objects.filter(pk=made.pk).update(document=DESCRIBED)
    Operation.objects.create(version=made, name="gui", method="POST", path="/hoSo/{ma}")
    return made


def test_trial_key_reaches_the_address_for_trials_only(
    transactional_db, world, gateway, head, client, settings
):
    """The whole way: a key in two clicks, a call from the page, then by hand."""
    settings.GATEWAY_URL = gateway.url
    keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
    upstream = world.version.base_url.removesuffix("/base")
    set_trial_address(
        version_id=world.version.pk, trial_url=f"{upstream}/thu", actor=keeper, at=timezone.now()
    )
    untried = make_version(
        world.provider, base_url=f"{upstream}/base", service="khac", version="1", paths=["/small"]
    )
    client.force_login(AccountFactory(current_appointment=head))
    made = client.post(f"/exchange/versions/{world.version.pk}/keys/", {"name": "Một cửa", "code": "MC"})
    system, secret = System.objects.get(code="MC"), made.context["plain_secret"]

    operation = world.version.operations.get(path="/items/{code}/parts/{part}")
    sent = {"system_id": system.pk, "path.code": "mã 1", "path.part": "2"}
    page = client.post(f"/exchange/operations/{operation.pk}/", sent)

    answer = page.context["answer"]
    told = json.loads(answer.text)
    seen = {name.lower(): value for name, value in told["headers"]}
    assert (answer.status, told["path"]) == (200, "/thu/items/m%C3%A3%201/parts/2")
    assert seen["x-exchange-client"] == "VN/GOV/H03.77/MC"
    assert f"/exchange/log/{answer.exchange_id}/" in page.content.decode()
    assert "Bearer TOKEN" in answer.curl
    key = ClientSecret.objects.get(system=system)
    token = gateway.token(key.consumer_key, secret)
    xroad = gateway.call(
        "/r1/VN/GOV/H03.DMDC/DMDC/kho/1.0/echo", token, headers={"X-Road-Client": "VN/GOV/H03.77/MC"}
    )
    assert xroad.json()["path"] == "/thu/echo"
    assert eventually(lambda: problem(gateway.call(f"/{untried.service.code}/1/small", token)), (403, "no-trial")) == (
        403, "no-trial",
    )  # fmt: skip
    real = gateway.call("/kho/1.0/echo", gateway.token(*world.key_and_secret))
    assert real.json()["path"] == "/base/echo"
    assert eventually(Exchange.objects.filter(reason__startswith="trial").count, 3) == 3
    logged = Exchange.objects.get(pk=answer.exchange_id)
    assert (logged.reason, logged.grant_id, logged.user_id) == ("trial", None, f"appointment-{head.pk}")
    assert set(Exchange.objects.values_list("reason", flat=True)) == {"trial", "trial:no-trial", ""}


def test_unit_becomes_a_member_by_its_own_code_with_its_first_system(head):
    at = timezone.now()
    key, plain = make_trial_system(name="Một cửa", code="MC", actor=head, at=at)

    assert (key.system.identifier, key.is_trial) == ("VN/GOV/H03.77/MC", True)
    assert (key.expires_at - at, plain in str([row.details for row in trace_of(key.system)])) == (
        timedelta(90),
        False,
    )
    assert [row.action for row in trace_of(key.system.member)] == ["exchange.member.registered"]
    again, _plain = make_trial_system(name="Hai", code="HAI", actor=head, at=at)
    assert (again.system.member_id, Member.objects.count()) == (key.system.member_id, 1)


def test_unit_without_a_code_and_people_who_do_not_speak_for_it_make_none(head):
    for actor, refusal in (
        (AppointmentFactory(roles=[Role.UNIT_HEAD]), NotInThatState),
        (AppointmentFactory(unit=head.unit, roles=[Role.CLERK]), NotPermitted),
    ):
        with pytest.raises(refusal):
            make_trial_system(name="x", code="X", actor=actor, at=timezone.now())

    assert (System.objects.count(), Member.objects.count()) == (0, 0)


def test_trial_keys_are_counted_by_themselves_and_nobody_is_warned_of_their_end(head):
    system = make_system("A", unit=head.unit)
    for number in range(5):
        issue_trial_secret(system_id=system.pk, label=f"{number}", actor=head, at=timezone.now())

    with pytest.raises(NotInThatState):
        issue_trial_secret(system_id=system.pk, label="6", actor=head, at=timezone.now())
    assert warn_of_expiring_keys(at=timezone.now() + timedelta(80)) == 0


def test_address_for_trials_is_the_owners_to_give(version, keeper, head):
    with pytest.raises(NotPermitted):
        set_trial_address(version_id=version.pk, trial_url="", actor=head, at=timezone.now())
    with pytest.raises(InvalidInput):
        set_trial_address(version_id=version.pk, trial_url="ftp://x", actor=keeper, at=timezone.now())

    for _time in range(2):
        set_trial_address(version_id=version.pk, trial_url="", actor=keeper, at=timezone.now())

    version.refresh_from_db()
    assert version.trial_url == ""
    assert [row.action for row in trace_of(version.service)] == ["exchange.version.trial_set"]


def test_description_becomes_a_form():
    form = operation_form(DESCRIBED, method="POST", path="/hoSo/{ma}")

    assert [(each.field, each.is_required, each.example, each.options) for each in form.parameters] == [
        ("path.ma", True, "H03-1", ()), ("query.loai", True, "", ("1", "2")), ("header.X-Nguon", False, "thu", ()),
    ]  # fmt: skip
    sample = json.loads(form.body)
    assert (sample["ten"], sample["con"][0]["ten"]) == ("", "")
    assert (form.fields, form.answers) == ((("ten", "Họ tên"),), (("200", "Được"),))


@pytest.mark.parametrize(
    "document",
    [{}, {"paths": []}, {"paths": {"/a/{b}": None}}, {"paths": {"/a/{b}": {"get": {"parameters": ["x", 1, None]}}}},
     {"paths": {"/a/{b}": {"get": {"parameters": [{"$ref": "#/paths/~1a~1{b}/get/parameters/0"}],
                                   "requestBody": {"content": {"application/json": 3}}}}}}],
    ids=range(5),
)  # fmt: skip
def test_odd_descriptions_leave_the_path_to_fill_in(document):
    form = operation_form(document, method="GET", path="/a/{b}")

    assert [each.field for each in form.parameters] == ["path.b"]


def trial(version, system, **more):
    operation = version.operations.get(name="gui")
    given = {"path.ma": "1", "query.loai": "2"}
    return Trial(operation.pk, system.pk, **({"given": given, "body": "{}"} | more))


def test_what_is_missing_or_wrong_is_named(version, head):
    system = make_system("A", unit=head.unit)

    def faults(**more):
        with pytest.raises(InvalidInput) as refusal:
            try_operation(trial=trial(version, system, **more), actor=head, at=timezone.now())
        return [fault.field for fault in refusal.value.faults]

    assert faults(given={"path.ma": " "}) == ["path.ma", "query.loai"]
    assert faults(body="{") == ["body"]
    assert faults(given={"path.ma": "1", "query.loai": "1", "header.X-Nguon": "a\nb"}) == ["header.X-Nguon"]
    assert ClientSecret.objects.count() == 0


def test_nobody_tries_in_anothers_name_or_what_cannot_be_tried(version, head, keeper):
    own, foreign = make_system("A", unit=head.unit), make_system("B", unit=UnitFactory())
    with pytest.raises(NotFound):
        try_operation(trial=trial(version, foreign), actor=head, at=timezone.now())
    set_trial_address(version_id=version.pk, trial_url="", actor=keeper, at=timezone.now())

    with pytest.raises(NotInThatState):
        try_operation(trial=trial(version, own), actor=head, at=timezone.now())

    assert ClientSecret.objects.count() == 0


def test_page_offers_the_form_to_those_who_may_try(version, head, client, keeper):
    operation = version.operations.get(name="gui")
    client.force_login(AccountFactory(current_appointment=AppointmentFactory(roles=[Role.CLERK])))
    reading = client.get(f"/exchange/operations/{operation.pk}/")
    assert (reading.status_code, reading.context["may_try"]) == (200, False)
    assert client.get(f"/exchange/versions/{version.pk}/keys/").status_code == 404

    make_system("A", unit=head.unit)
    client.force_login(AccountFactory(current_appointment=head))
    page = client.get(f"/exchange/operations/{operation.pk}/")
    sent = client.post(f"/exchange/operations/{operation.pk}/", {"path.ma": ""})

    assert page.context["may_try"] is True
    assert 'name="path.ma" value="H03-1"' in page.content.decode()
    assert (sent.status_code, sent.context["answer"]) == (422, None)
    assert (
        client.post(f"/exchange/versions/{version.pk}/trial-address/", {"trial_url": ""}).status_code == 404
    )


def test_programs_get_a_key_and_are_told_what_is_wrong(version, head, client):
    client.force_login(AccountFactory(current_appointment=head))
    operation = version.operations.get(name="gui")

    made = client.post("/api/v1/exchange/trial-keys", {"name": "Một cửa", "code": "MC"}, "application/json")
    told = made.json()
    refused = client.post(
        f"/api/v1/exchange/operations/{operation.pk}/try",
        {"system_id": told["system_id"]},
        "application/json",
    )

    assert (made.status_code, told["system"], len(told["secret"])) == (201, "VN/GOV/H03.77/MC", 43)
    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (
        422, ["path.ma", "query.loai"],
    )  # fmt: skip


def test_trials_do_not_count_as_calls_of_the_service(db):
    now = timezone.now()
    make_exchange(started_at=now)
    for reason in ("trial", "trial:provider-timeout"):
        make_exchange(started_at=now, reason=reason, outcome="failed", status=504)

    sum_up()

    board = dashboard_of(Total.objects.all(), at=now, hours=1)

    assert (board.total.calls, board.total.failed) == (1, 0)
    assert failing_services(since=now - timedelta(hours=1), at_least=1, percent=20) == []
