"""Who looked at what about whom."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange.gateway.records import line_of
from dinh.exchange.models import Archive, Exchange
from dinh.exchange.openapi import read_description
from dinh.exchange.operations.accesses import ask_for_accesses
from dinh.exchange.operations.archiving import archive_log
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.queries.accesses import accesses_about, subject_of
from dinh.exchange.queries.chains import verify_exchanges
from dinh.exchange.tests.log_rows import make_exchange
from dinh.exchange.tests.running import eventually
from dinh.kernel.errors import InvalidInput

NUMBER = "001099000001"
NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)


def described(text):
    head = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n"
    return read_description((head + text).encode()).operations


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("paths: {/a/{so}: {get: {parameters: [{name: so, in: path, x-dinh-subject: true}]}}}", "path:so"),
        ("paths: {/a: {parameters: [{name: so, in: query, x-dinh-subject: true}], get: {}}}", "query:so"),
        ("paths: {/a: {post: {requestBody: {x-dinh-subject: /nguoi/so}}}}", "body:/nguoi/so"),
        (
            "paths: {/a: {get: {parameters: [{$ref: '#/components/parameters/So'}]}}}\n"
            "components: {parameters: {So: {name: so, in: query, x-dinh-subject: true}}}",
            "query:so",
        ),
        ("paths: {/a: {get: {parameters: [{name: so, in: query}]}}}", ""),
    ],
)
def test_description_marks_the_person(text, subject):
    assert [each.subject for each in described(text.replace("/a/{so}", "'/a/{so}'"))] == [subject]


@pytest.mark.parametrize(
    "text",
    [
        "paths: {/a: {get: {parameters: [{name: so, in: header, x-dinh-subject: true}]}}}",
        "paths: {/a: {get: {parameters: [{name: so, in: path, x-dinh-subject: true}]}}}",
        "paths: {/a: {post: {requestBody: {x-dinh-subject: true}}}}",
        "paths: {/a: {post: {requestBody: {x-dinh-subject: /b},"
        " parameters: [{name: c, in: query, x-dinh-subject: true}]}}}",
    ],
)
def test_description_that_marks_what_cannot_be_read_is_refused(text):
    with pytest.raises(InvalidInput, match="x-dinh-subject"):
        described(text)


def test_gateway_logs_whom_calls_are_about_and_signs_it(gateway, token, world):
    with transaction.atomic():
        for name, subject in (
            ("GET /items/{code}", "path:code"),
            ("GET /small", "query:so"),
            ("POST /echo", "body:/nguoi/so"),
        ):
            world.version.operations.filter(name=name).update(subject=subject)
        tell_gateways()
    json = {"content-type": "application/json"}

    def statuses():
        calls = [
            gateway.call("/kho/1.0/items/001099000001", token),
            gateway.call("/kho/1.0/small?a=1&so=0010%2099000001", token),
            gateway.call("/kho/1.0/echo", token, "POST", json={"nguoi": {"so": NUMBER}}),
            gateway.call("/kho/1.0/small?so=1&so=001099000001", token),
            gateway.call("/kho/1.0/echo", token, "POST", content=b" " * (1 << 20) + b"{}", headers=json),
            gateway.call("/kho/1.0/small", token),
        ]
        return [each.status_code for each in calls]

    wanted = [200, 200, 200, 400, 413, 200]
    assert eventually(statuses, wanted) == wanted
    operations = {"GET /items/{code}", "GET /small", "POST /echo"}

    def logged():
        rows = Exchange.objects.filter(subject=subject_of(NUMBER))
        return set(rows.values_list("operation", flat=True))

    assert eventually(logged, operations) == operations
    assert eventually(lambda: list(verify_exchanges()), []) == []
    assert [row for row in Exchange.objects.values() if NUMBER.encode() in line_of(row)] == []
    told = accesses_about(subject_of(NUMBER))
    assert {(each.system, each.purpose, each.legal_basis) for each in told} == {
        ("Hệ thống MOTCUA", "Thử", "Nghị định 47/2020/NĐ-CP")
    }


@pytest.mark.django_db
def test_keeper_asks_by_the_number_and_that_is_audited(client, settings):
    settings.EXCHANGE_LOG_MONTHS, settings.TIMESTAMP_URL = 12, ""
    keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
    old = make_exchange(started_at=datetime(2025, 1, 10, tzinfo=UTC), subject=subject_of(NUMBER))
    make_exchange(started_at=datetime(2025, 1, 11, tzinfo=UTC), subject=subject_of("001099000002"))
    new = make_exchange(started_at=NOW, subject=subject_of(NUMBER))
    make_exchange(started_at=NOW, subject=subject_of(NUMBER), reason="trial")
    assert archive_log(at=NOW) == 2
    assert Archive.objects.get().subjects.count() == 2

    found = ask_for_accesses(number="0010 9900 0001", reason="Theo đơn", actor=keeper, at=NOW)

    assert [each.exchange_id for each in found] == [new.pk, old.pk]
    entry = trace_of(keeper)[-1]
    assert (entry.action, entry.details) == (
        "exchange.accesses.asked", {"subject": subject_of(NUMBER), "reason": "Theo đơn", "found": 2},
    )  # fmt: skip
    client.force_login(AccountFactory(current_appointment=keeper))
    page = client.post("/exchange/accesses/", {"number": NUMBER, "reason": "Theo đơn"})
    told = client.post("/api/v1/exchange/accesses", {"number": NUMBER, "reason": ""}, "application/json")
    assert (page.status_code, page["Cache-Control"], len(page.context["found"])) == (200, "no-store", 2)
    assert (told.status_code, [each["field"] for each in told.json()["errors"]]) == (422, ["reason"])
    client.force_login(AccountFactory(current_appointment=AppointmentFactory(roles=[Role.UNIT_HEAD])))
    assert client.post("/exchange/accesses/", {"number": NUMBER, "reason": "x"}).status_code == 404
    refused = client.post("/api/v1/exchange/accesses", {"number": NUMBER, "reason": "x"}, "application/json")
    assert refused.status_code == 404
