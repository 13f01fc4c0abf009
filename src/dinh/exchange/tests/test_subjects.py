"""Who looked at what about whom."""

import asyncio
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import transaction

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.records import line_of
from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.requests import Body, Incoming
from dinh.exchange.gateway.subjects import Subjects
from dinh.exchange.models import Archive, Exchange, SubjectKey
from dinh.exchange.openapi import read_description
from dinh.exchange.operations.accesses import ask_for_accesses
from dinh.exchange.operations.archiving import archive_log
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.operations.subject_keys import (
    WrongSecret,
    ensure_subject_key,
    give_up_subject_key,
    reseal_subject_keys,
    rotate_subject_key,
)
from dinh.exchange.queries.accesses import KeySealed, accesses_about, subjects_of
from dinh.exchange.queries.archives import archived_exchange
from dinh.exchange.queries.chains import verify_exchanges
from dinh.exchange.sealing import subject_hash
from dinh.exchange.tests.log_rows import make_exchange
from dinh.exchange.tests.running import eventually
from dinh.exchange.tests.sender import PATH
from dinh.exchange.tests.xroad_client import ask
from dinh.kernel.errors import InvalidInput

NUMBER = "001099000001"
NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)


def subject_of(number):
    """Under the key in use."""
    return subjects_of(number)[0]


def described(text):
    head = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n"
    return read_description((head + text).encode()).operations


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("paths: {/a/{so}: {get: {parameters: [{name: so, in: path, x-dinh-subject: true}]}}}", "path:so"),
        ("paths: {/a: {parameters: [{name: so, in: query, x-dinh-subject: true}], get: {}}}", "query:so"),
        (
            "paths: {/a: {get: {parameters: [{name: so, in: query, required: true, x-dinh-subject: true}]}}}",
            "query!:so",
        ),
        ("paths: {/a: {post: {requestBody: {x-dinh-subject: /nguoi/so}}}}", "body:/nguoi/so"),
        (
            "paths: {/a: {get: {parameters: [{$ref: '#/components/parameters/So'}]}}}\n"
            "components: {parameters: {So: {name: so, in: query, x-dinh-subject: true}}}",
            "query:so",
        ),
        ("paths: {/a: {get: {parameters: [{name: so, in: query}]}}}", ""),
        (
            "paths: {/a: {post: {requestBody: {content: {application/json: {x-dinh-subject: /a/b},"
            " application/soap+xml: {x-dinh-subject: /Envelope/Body/so},"
            " application/x-www-form-urlencoded: {x-dinh-subject: /so}, text/plain: {}}}}}}",
            "json:/a/b xml:/Envelope/Body/so form:/so",
        ),
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
        "paths: {/a: {post: {requestBody: {content: {text/plain: {x-dinh-subject: /a}}}}}}",
        "paths: {/a: {post: {requestBody: {content: {application/x-www-form-urlencoded:"
        " {x-dinh-subject: /a/b}}}}}}",
        "paths: {/a: {post: {requestBody: {content: {application/json: {x-dinh-subject: /a b}}}}}}",
        "paths: {/a: {post: {requestBody: {content: {application/json: {x-dinh-subject: /a},"
        " application/merge-patch+json: {x-dinh-subject: /b}}}}}}",
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
    gateway.take_up()
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
        rows = Exchange.objects.filter(subject__in=subjects_of(NUMBER))
        return set(rows.values_list("operation", flat=True))

    assert eventually(logged, operations) == operations
    assert eventually(lambda: list(verify_exchanges()), []) == []
    assert [row for row in Exchange.objects.values() if NUMBER.encode() in line_of(row)] == []
    told = accesses_about(subjects_of(NUMBER))
    assert {(each.system, each.purpose, each.legal_basis) for each in told} == {
        ("Hệ thống MOTCUA", "Thử", "Nghị định 47/2020/NĐ-CP")
    }


@pytest.mark.django_db
def test_keeper_asks_by_the_number_and_that_is_audited(client, settings):
    settings.EXCHANGE_LOG_MONTHS, settings.TIMESTAMP_URL = 12, ""
    keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
    ensure_subject_key(at=NOW)
    old = make_exchange(
        started_at=datetime(2025, 1, 10, tzinfo=UTC),
        subject=subject_of(NUMBER),
        represented_party="GOV/H03.1",
    )
    make_exchange(started_at=datetime(2025, 1, 11, tzinfo=UTC), subject=subject_of("001099000002"))
    new = make_exchange(started_at=NOW, subject=subject_of(NUMBER))
    make_exchange(started_at=NOW, subject=subject_of(NUMBER), reason="trial")
    assert archive_log(at=NOW) == 2
    assert Archive.objects.get().subjects.count() == 2

    found = ask_for_accesses(number="0010 9900 0001", reason="Theo đơn", actor=keeper, at=NOW)

    assert [each.exchange_id for each in found] == [new.pk, old.pk]
    assert archived_exchange(old.pk).represented_party == "GOV/H03.1"
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


FORM, XML, JSON = (
    "application/x-www-form-urlencoded",
    "application/soap+xml; charset=utf-8",
    "application/json",
)
SOAP = '<s:Envelope xmlns:s="urn:s"><s:Body><tra xmlns="urn:t">%s</tra></s:Body></s:Envelope>'
WHOLE = "body:/Envelope/Body/tra/so"


@pytest.mark.parametrize(
    ("subject", "kind", "content", "read"),
    [
        ("form:/so", FORM, "a=1&so=0010%2099000001", "001099000001"),
        ("form:/so", FORM, "a=1", None),
        ("form:/so", FORM, "so=1&so=2", 400),
        ("form:/so", FORM, "&".join(f"a{number}=1" for number in range(600)), 400),
        ("form:/so", JSON, '{"so": "001099000001"}', 415),
        (WHOLE, XML, SOAP % "<so>0010<!-- -->990<![CDATA[00001]]></so>", "001099000001"),
        (WHOLE, XML, SOAP % "<x:so xmlns:x='urn:x'>001099000001</x:so>", "001099000001"),
        (WHOLE, XML, SOAP % "<khac/>", None),
        (WHOLE, XML, SOAP % "<so>1</so><so>2</so>", 400),
        (WHOLE, XML, SOAP % "<so><b>1</b></so>", 400),
        (WHOLE, XML, "<!DOCTYPE a [<!ENTITY b 'c'>]>" + SOAP % "<so>&b;</so>", 400),
        (WHOLE, XML, "<a>" * 5000, 400),
        (WHOLE, JSON, '{"Envelope": {"Body": {"tra": {"so": 1099000001}}}}', "1099000001"),
        ("xml:/ho/@so", "text/xml", "<ho so='001099000001'/>", "001099000001"),
        ("json:/a xml:/a/b", "text/xml", "<a><b>001099000001</b></a>", "001099000001"),
        ("json:/a xml:/a/b", "", '{"a": "001099000001"}', "001099000001"),
        ("json:/so", JSON, '{"so": "1", "so": "2"}', 400),
        ("json:/so", JSON, '{"so": ["1"]}', 400),
        ("json:/so", JSON, '{"so": null, "b": {"so": 1}}', None),
        ("json:/so", JSON, "[" * 100_000, 400),
        ("json:/so", JSON, "so=1", 400),
        ("json:/so", "multipart/form-data; boundary=x", "--x", 415),
    ],
)  # fmt: skip
def test_person_is_read_from_bodies_of_each_kind(subject, kind, content, read):
    assert body_read(subject, kind, content.encode()) == read


@pytest.mark.parametrize(
    ("subject", "query", "form", "read"),
    [
        ("query:so", "So=001099000001", "", "001099000001"),
        ("query:so", "a=1", "", None),
        ("query:so", "so=1&SO=2", "", 400),
        ("query:so", "a=1", "sO=001099000001", "001099000001"),
        ("query:so", "so=1", "so=1", 400),
        ("query!:so", "so=%EF%BC%90%EF%BC%90%EF%BC%91099000001", "", "001099000001"),
        ("query!:so", "a=1", "", 400),
        ("query!:so", "so[]=1", "", 400),
        ("query!:so", "so=%20", "", 400),
        ("form:/so", "SO=001099000001", "a=1", "001099000001"),
        ("form:/so", "so=1", "so=1", 400),
    ],
)
def test_person_is_read_however_servers_take_the_name(subject, query, form, read):
    assert body_read(subject, FORM, form.encode(), query.encode()) == read


@pytest.mark.parametrize(
    ("content", "read"),
    [
        ('{"SO": "001099000001"}', "001099000001"),
        ('{"so": "1", "So": "2"}', 400),
        ('{"Nguoi": {"so": "1"}, "so": null}', None),
    ],
)
def test_members_of_json_count_without_their_case(content, read):
    assert body_read("json:/so", JSON, content.encode()) == read


def test_person_in_the_path_must_be_named():
    subjects, call = Subjects(), Call("oauth", "GET")
    subjects.use(b"k" * 32)
    route = SimpleNamespace(subject="path:so", template="/a/{so}")

    with pytest.raises(Refusal) as refused:
        asyncio.run(subjects.noted(call, route, b"/a/%20", None, None))

    assert (refused.value.status, refused.value.code) == (400, "no-subject")


def body_read(subject, kind, content, query=b""):
    """The number that was hashed, None, or the status of the refusal."""
    subjects, call = Subjects(), Call("oauth", "POST")
    subjects.use(b"k" * 32)

    async def receive():
        return {"type": "http.request", "body": content, "more_body": False}

    async def run():
        incoming = Incoming(
            b"POST", b"/a", query, b"", {b"content-type": kind.encode()}, len(content), False, ""
        )
        route = SimpleNamespace(subject=subject, template="/a")
        body = Body(receive, 1 << 20, len(content))
        return await subjects.noted(call, route, b"/a", incoming, body)

    try:
        body = asyncio.run(run())
    except Refusal as refusal:
        return refusal.status
    assert asyncio.run(body.whole()) == content
    known = {subject_hash(each, key=b"k" * 32): each for each in ("001099000001", "1099000001")}
    return known[call.subject] if call.subject else None


def test_without_a_key_nobody_is_looked_up():
    subjects = Subjects()
    route = SimpleNamespace(subject="query:so", template="/a")

    with pytest.raises(Refusal) as refused:
        asyncio.run(subjects.noted(Call("oauth", "POST"), route, b"/a", None, None))

    assert (refused.value.status, refused.value.code) == (503, "no-subject-key")


@pytest.mark.django_db
def test_calls_are_found_under_old_keys_and_new_ones():
    first = ensure_subject_key(at=NOW)
    old = make_exchange(started_at=NOW, subject=subject_of(NUMBER))
    second = rotate_subject_key(at=NOW + timedelta(days=1))
    new = make_exchange(started_at=NOW + timedelta(days=2), subject=subject_of(NUMBER))

    assert old.subject != new.subject
    assert [each.exchange_id for each in accesses_about(subjects_of(NUMBER))] == [new.pk, old.pk]
    periods = SubjectKey.objects.order_by("pk").values_list("pk", "created_at", "retired_at")
    assert list(periods) == [(first.pk, NOW, second.created_at), (second.pk, second.created_at, None)]
    assert ensure_subject_key(at=NOW + timedelta(days=3)) == second
    assert [entry.action for entry in trace_of(second)] == ["exchange.subject_key.made"]


@pytest.mark.django_db
def test_key_of_an_earlier_release_is_kept_and_followed_by_one_of_its_own(settings):
    SubjectKey.objects.all().delete()
    derived = HKDF(SHA256(), 32, salt=None, info=b"exchange.subject").derive(settings.SECRET_KEY.encode())
    old = make_exchange(started_at=NOW, subject=subject_hash(NUMBER, key=derived))
    import_module("dinh.exchange.migrations.0012_subject_keys").keep_the_derived_key(apps, None)
    (before,) = SubjectKey.objects.all()

    made = ensure_subject_key(at=NOW)

    assert (made.is_derived, SubjectKey.objects.get(pk=before.pk).retired_at) == (False, NOW)
    assert [each.exchange_id for each in accesses_about(subjects_of(NUMBER))] == [old.pk]


@pytest.mark.django_db
def test_keys_are_sealed_anew_after_the_secret_was_changed(settings, tmp_path, capsys):
    before = settings.SECRET_KEY
    key = ensure_subject_key(at=NOW)
    logged = make_exchange(started_at=NOW, subject=subject_of(NUMBER))
    settings.SECRET_KEY = "another secret of the house, long enough"
    with pytest.raises(KeySealed, match="26/11/2026"):
        subjects_of(NUMBER)
    with pytest.raises(WrongSecret):
        reseal_subject_keys(old_secret="neither", at=NOW)

    file = tmp_path / "old"
    file.write_text(before + "\n")
    call_command("exchange_subject_key", "reseal", "--old-secret-file", str(file))
    call_command("exchange_subject_key", "reseal", "--old-secret-file", str(file))

    told = capsys.readouterr().out
    assert "1 keys were sealed anew." in told
    assert "0 keys were sealed anew." in told
    assert f"{key.pk}: from 2026-11-26 08:00 in use, ok" in told
    assert [each.exchange_id for each in accesses_about(subjects_of(NUMBER))] == [logged.pk]


@pytest.mark.django_db
def test_key_whose_secret_is_gone_is_given_up(settings):
    key = ensure_subject_key(at=NOW)
    with pytest.raises(InvalidInput, match="mở được"):
        give_up_subject_key(key_id=key.pk, reason="Mất", at=NOW)
    settings.SECRET_KEY = "another secret of the house, long enough"

    call_command("exchange_subject_key", "give-up", str(key.pk), "--reason", "Mất khóa cũ")

    made = ensure_subject_key(at=NOW)
    assert len(subjects_of(NUMBER)) == 1
    assert made.pk != key.pk
    assert trace_of(key)[-1].details == {"reason": "Mất khóa cũ"}
    with pytest.raises(CommandError):
        call_command("exchange_subject_key", "give-up", str(key.pk), "--reason", "x")


def test_provider_logs_whom_calls_of_another_gateway_are_about(ends, world):
    with transaction.atomic():
        world.version.operations.filter(name="POST /echo").update(subject="xml:/nguoi/so")
        tell_gateways()
    xml = {"Content-Type": "text/xml"}

    def asked():
        content = f"<nguoi><so>{NUMBER}</so></nguoi>"
        answer = ask(ends.ours, PATH, "POST", content=content, headers=xml)
        refused = ask(ends.ours, PATH, "POST", content="{}", headers={"Content-Type": "text/plain"})
        return answer.status_code, refused.status_code

    assert eventually(asked, (200, 400)) == (200, 400)
    # The change may have come into force between both calls.
    assert asked() == (200, 400)

    def theirs():
        return Exchange.objects.filter(subject__in=subjects_of(NUMBER), front="wire").exists()

    assert eventually(theirs, True) is True
    assert eventually(lambda: {row.subject for row in ends.our_log()}, {""}) == {""}
    assert [row for row in Exchange.objects.values() if NUMBER.encode() in line_of(row)] == []
