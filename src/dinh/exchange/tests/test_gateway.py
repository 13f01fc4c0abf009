"""What changes in the registry, before one gateway: it takes back each test's change, as it took it up."""

import re
import time
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.exchange.enums import GrantState
from dinh.exchange.models import Exchange
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.operations.grants import revoke_grant
from dinh.exchange.tests.log_rows import row_of
from dinh.exchange.tests.running import eventually, problem
from dinh.exchange.tests.world import make_grant, make_secret, make_system, make_version

MB = 1024 * 1024


@pytest.fixture
def world(lent_world):
    return lent_world


@pytest.fixture
def gateway(shared_gateway):
    return shared_gateway


def test_slow_provider_times_out(gateway, world, token):
    world.version.timeout_seconds = 1
    world.version.save()
    gateway.take_up()

    begun = time.monotonic()
    answer = gateway.call("/kho/1.0/slow", token)

    assert problem(answer) == (504, "provider-timeout")
    assert time.monotonic() - begun < 2.5


def test_grant_of_another_client_is_none_of_ours(gateway, world):
    other = make_system("KHAC")
    secret, plain = make_secret(other)
    tell_gateways()
    eventually(lambda: gateway.ask_token(secret.consumer_key, plain).status_code, 200)

    answer = gateway.call("/kho/1.0/small", gateway.token(secret.consumer_key, plain))

    assert problem(answer) == (403, "no-grant")
    assert (row_of(answer).client, row_of(answer).outcome) == ("VN/GOV/H03.KHAC/KHAC", "refused")


def test_revoked_grant_is_in_force_within_two_seconds(gateway, world, token):
    keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
    assert gateway.call("/kho/1.0/small", token).status_code == 200

    revoke_grant(grant_id=world.grant.pk, reason="hết mục đích", actor=keeper, at=timezone.now())
    begun = time.monotonic()
    status = eventually(lambda: gateway.call("/kho/1.0/small", token).status_code, 403, seconds=5)

    assert status == 403
    assert time.monotonic() - begun < 2


def test_grant_holds_in_its_period_and_for_its_operations(gateway, world, token):
    today = timezone.localdate()
    later = make_version(
        world.provider, base_url=world.version.base_url, service="sau", version="1", paths=["/small", "/echo"]
    )
    grant = make_grant(
        world.client,
        later,
        world.asker,
        valid_from=today + timedelta(days=1),
        valid_to=today + timedelta(days=9),
    )
    grant.operations.set(later.operations.filter(path="/small"))
    asked = make_version(
        world.provider, base_url=world.version.base_url, service="xin", version="1", paths=["/small"]
    )
    make_grant(world.client, asked, world.asker, state=GrantState.ASKED)
    tell_gateways()
    eventually(lambda: problem(gateway.call("/xin/1/small", token)), (403, "no-grant"))

    assert problem(gateway.call("/sau/1/small", token)) == (403, "no-grant")
    grant.valid_from = today
    grant.save()
    tell_gateways()
    assert eventually(lambda: gateway.call("/sau/1/small", token).status_code, 200) == 200
    assert problem(gateway.call("/sau/1/echo", token)) == (403, "no-grant")
    assert problem(gateway.call("/xin/1/small", token)) == (403, "no-grant")


@pytest.mark.parametrize("method", ["PROPFIND", "UNSUBSCRIBE", "MKCALENDAR"])
def test_refused_call_of_any_method_is_in_the_log_and_takes_none_with_it(gateway, world, token, method):
    got = gateway.raw(
        f"{method} /kho/1.0/small HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    answered = gateway.call("/kho/1.0/small", token)

    assert got.startswith(b"HTTP/1.1 405 ")
    assert row_of(answered).status == 200
    found = Exchange.objects.filter(method=method).values_list("status", "reason")
    assert list(found) == [(405, "method-not-allowed")]
    assert list(gateway.segments.glob("*.refused")) == []


def test_rate_and_quota_stop_further_calls(gateway, world, token):
    world.grant.rate, world.grant.daily_quota = 2, 3
    world.grant.save()
    gateway.take_up()

    # Of an operation that no other test calls: its day is not begun.
    path = "/kho/1.0/items/fixed"
    # One behind the other, so that they come within the second however busy the machine is.
    asked = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    got = gateway.raw(asked * 3)
    assert re.findall(rb"HTTP/1\.1 (\d+)", got) == [b"200", b"200", b"429"]
    assert got.count(b"exchange-rate-exceeded") == 1
    time.sleep(1.1)
    answers = [gateway.call(path, token) for _time in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert problem(answers[1])[1] == "quota-exceeded"
    assert int(answers[1].headers["retry-after"]) > 1
    assert gateway.call("/kho/1.0/echo", token).status_code == 200


def test_deprecated_version_says_so_and_a_retired_one_is_gone(gateway, world, token):
    world.version.state, world.version.sunset_date = "deprecated", timezone.localdate()
    world.version.save()
    tell_gateways()
    day = timezone.localdate().isoformat()
    look = lambda: gateway.call("/kho/1.0/small", token).headers.get("x-exchange-sunset")  # noqa: E731
    assert eventually(look, day) == day

    world.version.state = "retired"
    world.version.save()
    tell_gateways()
    assert eventually(lambda: gateway.call("/kho/1.0/small", token).status_code, 404) == 404


def test_body_beyond_the_services_limit_is_refused(gateway, world, token):
    world.version.max_body_mb = 1
    world.version.save()
    gateway.take_up()

    told = gateway.call("/kho/1.0/echo", token, "POST", content=b"x" * (MB + 1))

    assert problem(told) == (413, "body-too-large")
    with pytest.MonkeyPatch.context():
        try:
            streamed = gateway.call("/kho/1.0/echo", token, "POST", content=iter([b"x" * MB, b"y"]))
        except httpx.WriteError:
            return
    assert problem(streamed) == (413, "body-too-large")


@pytest.mark.parametrize("end", ["key", "tokens", "system", "member"])
def test_tokens_end_within_two_seconds_with_key_system_and_order(gateway, world, token, end):
    assert gateway.call("/kho/1.0/small", token).status_code == 200

    if end == "key":
        world.secret.revoked_at = timezone.now()
        world.secret.save()
    elif end == "tokens":
        world.client.tokens_valid_from = timezone.now()
        world.client.save()
    else:
        row = world.client if end == "system" else world.client.member
        row.state = "suspended"
        row.save()
    tell_gateways()
    begun = time.monotonic()

    assert eventually(lambda: gateway.call("/kho/1.0/small", token).status_code, 401, seconds=5) == 401
    assert time.monotonic() - begun < 2
    if end == "tokens":
        fresh = gateway.token(*world.key_and_secret)
        assert gateway.call("/kho/1.0/small", fresh).status_code == 200
    else:
        assert gateway.ask_token(*world.key_and_secret).status_code == 401
