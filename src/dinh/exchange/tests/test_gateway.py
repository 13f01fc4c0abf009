"""The gateway as a process of its own, over real sockets."""

import hashlib
import time
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from dinh.exchange.enums import GrantState
from dinh.exchange.models import Exchange
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.operations.grants import revoke_grant
from dinh.exchange.tests.running import eventually, problem
from dinh.exchange.tests.world import make_grant, make_secret, make_system, make_version

MB = 1024 * 1024


def row(answer):
    """What the log has of an answer."""
    found = eventually(lambda: Exchange.objects.filter(pk=answer.headers["x-exchange-id"]).count(), 1)
    assert found == 1
    return Exchange.objects.get(pk=answer.headers["x-exchange-id"])


def echoed(answer):
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return told | {"headers": {name.lower(): value for name, value in told["headers"]}}


def test_call_reaches_the_provider_and_is_logged(gateway, world, token):
    answer = gateway.call(
        "/kho/1.0/echo?so=1&t%C3%AAn=x",
        token,
        headers={
            "X-Road-Id": "m-1",
            "X-Road-UserId": "VN012",
            "X-Road-Issue": "HS-7",
            "Accept-Language": "vi",
        },
    )

    told = echoed(answer)
    assert (told["method"], told["path"]) == ("GET", "/base/echo?so=1&t%C3%AAn=x")
    assert told["headers"]["x-exchange-client"] == "VN/GOV/H03.MOTCUA/MOTCUA"
    assert told["headers"]["accept-language"] == "vi"
    logged = row(answer)
    assert (logged.client, logged.provider) == ("VN/GOV/H03.MOTCUA/MOTCUA", "VN/GOV/H03.DMDC/DMDC")
    assert (logged.service, logged.version, logged.operation, logged.path) == (
        "kho",
        "1.0",
        "GET /echo",
        "/echo",
    )
    assert (logged.message_id, logged.user_id, logged.issue) == ("m-1", "VN012", "HS-7")
    assert (logged.status, logged.outcome, logged.grant_id, logged.gateway) == (
        200, "delivered", world.grant.pk, "thu",
    )  # fmt: skip
    assert logged.response_bytes == len(answer.content)
    assert logged.response_sha256 == hashlib.sha256(answer.content).hexdigest()
    assert 0 < logged.upstream_us <= logged.duration_us


def test_providers_own_credentials_arrive_as_authorization(gateway, token):
    told = echoed(gateway.call("/kho/1.0/echo", token, headers={"X-Provider-Authorization": "Basic YTpi"}))

    assert told["headers"]["authorization"] == "Basic YTpi"
    assert "x-provider-authorization" not in told["headers"]


def test_credentials_and_hop_headers_stay_here(gateway, token):
    told = echoed(
        gateway.call(
            "/kho/1.0/echo",
            token,
            headers={
                "Connection": "keep-alive, X-Secret-Hop", "X-Secret-Hop": "1", "TE": "trailers", "Keep-Alive": "1",
                "X-Exchange-Client": "VN/GOV/forged", "X-Forwarded-For": "1.2.3.4", "Proxy-Authorization": "x",
            },
        )
    )  # fmt: skip

    gone = {"authorization", "x-secret-hop", "te", "keep-alive", "x-forwarded-for", "proxy-authorization"}
    assert gone & told["headers"].keys() == set()
    assert told["headers"]["x-exchange-client"] == "VN/GOV/H03.MOTCUA/MOTCUA"


@pytest.mark.parametrize("body", [b"", b"x" * 10, b"y" * 65_536, b"z" * (5 * MB)])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_bodies_arrive_whole_and_are_hashed(gateway, token, body, is_chunked):
    content = iter([body[:1000], body[1000:]]) if is_chunked else body

    answer = gateway.call("/kho/1.0/echo", token, "POST", content=content)

    told = echoed(answer)
    assert told["body"] == (body.decode() if len(body) < 10_000 else len(body))
    logged = row(answer)
    assert (logged.request_bytes, logged.request_sha256) == (len(body), hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize(
    ("path", "size", "byte"), [("large", 20 * MB, b"\x07"), ("chunked", 5 * MB, b"\x08")]
)
def test_large_answers_stream_through(gateway, token, path, size, byte):
    answer = gateway.call(f"/kho/1.0/{path}", token)

    assert answer.content == byte * size
    logged = row(answer)
    assert eventually(lambda: Exchange.objects.get(pk=logged.pk).outcome, "delivered") == "delivered"
    logged.refresh_from_db()
    assert (logged.response_bytes, logged.response_sha256) == (size, hashlib.sha256(byte * size).hexdigest())


def test_answer_that_breaks_off_is_not_taken_for_whole(gateway, token):
    with pytest.raises(httpx.HTTPError):
        gateway.call("/kho/1.0/breaks-off", token)

    assert eventually(lambda: list(Exchange.objects.values_list("outcome", "reason")), [
        ("aborted", "provider-hung-up")
    ]) == [("aborted", "provider-hung-up")]  # fmt: skip


def test_head_and_templates(gateway, token):
    head = gateway.call("/kho/1.0/small", token, "HEAD")
    item = gateway.call("/kho/1.0/items/A%20%C4%90/parts/7", token)
    fixed = gateway.call("/kho/1.0/items/fixed", token)

    assert (head.status_code, head.content, head.headers["x-own"]) == (200, b"", "yes")
    assert echoed(item)["path"] == "/base/items/A%20%C4%90/parts/7"
    assert row(item).path == "/items/{code}/parts/{part}"
    assert row(fixed).path == "/items/fixed"


def test_provider_own_errors_pass_through(gateway, token):
    answer = gateway.call("/kho/1.0/broken", token)

    assert (answer.status_code, answer.json()) == (500, {"provider": "broken"})
    assert row(answer).outcome == "delivered"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("hang-up", 502, "provider-hung-up"),
        ("garbage", 502, "provider-answer"),
        ("two-lengths", 502, "provider-answer"),
    ],
)
def test_provider_that_misbehaves_is_told(gateway, token, path, status, code):
    answer = gateway.call(f"/kho/1.0/{path}", token)

    assert problem(answer) == (status, code)
    logged = row(answer)
    assert (logged.status, logged.outcome, logged.reason) == (status, "failed", code)
    assert gateway.call("/kho/1.0/small", token).json() == {"ok": True}


def test_slow_provider_times_out(gateway, world, token):
    world.version.timeout_seconds = 1
    world.version.save()
    tell_gateways()
    eventually(lambda: gateway.health()["configuration"], 3)

    begun = time.monotonic()
    answer = gateway.call("/kho/1.0/slow", token)

    assert problem(answer) == (504, "provider-timeout")
    assert time.monotonic() - begun < 2.5


def test_provider_away_fails_fast_and_recovers(gateway, world, token, upstream):
    port = upstream.server_address[1]
    upstream.shutdown()
    upstream.server_close()

    codes = [problem(gateway.call("/kho/1.0/small", token)) for _time in range(7)]
    begun = time.monotonic()
    last = gateway.call("/kho/1.0/small", token)

    assert codes[:5] == [(502, "provider-unreachable")] * 5 or codes[0] == (502, "provider-hung-up")
    assert problem(last) == (503, "provider-away")
    assert int(last.headers["retry-after"]) >= 1
    assert time.monotonic() - begun < 0.5
    assert port


def test_repeatable_calls_survive_a_closed_connection_and_others_are_not_repeated(gateway, token, upstream):
    gateway.call("/kho/1.0/small", token)
    upstream.seen.clear()

    assert problem(gateway.call("/kho/1.0/hang-up", token)) == (502, "provider-hung-up")
    tries = upstream.seen.count("GET /base/hang-up")
    gateway.call("/kho/1.0/small", token)
    assert problem(gateway.call("/kho/1.0/hang-up", token, "POST")) == (502, "provider-hung-up")

    assert (tries, upstream.seen.count("POST /base/hang-up")) == (2, 1)


def test_unknown_paths_and_methods(gateway, token):
    assert problem(gateway.call("/khong-co/1.0/small", token)) == (404, "no-such-service")
    assert problem(gateway.call("/kho/9/small", token)) == (404, "no-such-service")
    assert problem(gateway.call("/kho/1.0/khong-co", token)) == (404, "no-such-operation")
    answer = gateway.call("/kho/1.0/echo", token, "DELETE")
    assert problem(answer) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, POST, PUT"


def test_grant_of_another_client_is_none_of_ours(gateway, world):
    other = make_system("KHAC")
    secret, plain = make_secret(other)
    tell_gateways()
    eventually(lambda: gateway.ask_token(secret.consumer_key, plain).status_code, 200)

    answer = gateway.call("/kho/1.0/small", gateway.token(secret.consumer_key, plain))

    assert problem(answer) == (403, "no-grant")
    assert (row(answer).client, row(answer).outcome) == ("VN/GOV/H03.KHAC/KHAC", "refused")


def test_revoked_grant_is_in_force_within_two_seconds(gateway, world, token, django_user_model):
    from dinh.directory.enums import Role
    from dinh.directory.tests.factories import AppointmentFactory, UnitFactory

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


def test_rate_and_quota_stop_further_calls(gateway, world, token):
    world.grant.rate, world.grant.daily_quota = 2, 3
    world.grant.save()
    tell_gateways()
    eventually(lambda: gateway.health()["configuration"], 3)

    answers = [gateway.call("/kho/1.0/small", token) for _time in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert problem(answers[2])[1] == "rate-exceeded"
    time.sleep(1.1)
    answers = [gateway.call("/kho/1.0/small", token) for _time in range(2)]
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
    tell_gateways()
    eventually(lambda: gateway.health()["configuration"], 3)

    told = gateway.call("/kho/1.0/echo", token, "POST", content=b"x" * (MB + 1))

    assert problem(told) == (413, "body-too-large")
    with pytest.MonkeyPatch.context():
        try:
            streamed = gateway.call("/kho/1.0/echo", token, "POST", content=iter([b"x" * MB, b"y"]))
        except httpx.WriteError:
            return
    assert problem(streamed) == (413, "body-too-large")
