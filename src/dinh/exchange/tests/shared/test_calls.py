"""Calls through the gateway, over real sockets, to a provider that is well or misbehaves."""

import hashlib

import httpx
import pytest

from dinh.exchange.models import Exchange
from dinh.exchange.tests.log_rows import row_of
from dinh.exchange.tests.running import eventually, problem

MB = 1024 * 1024


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
    logged = row_of(answer)
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


OVERRIDES = (
    "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL",
    "X-Original-Host", "X-Real-IP", "X-Client-IP", "X-Forwarded", "X_Forwarded_For", "X-Exchange-Foo",
    "X_Exchange_Client", "X_Road_Client", "Content_Type", "Proxy",
)  # fmt: skip


@pytest.mark.parametrize("path", ["/kho/1.0/echo", "/r1/VN/GOV/H03.DMDC/DMDC/kho/1.0/echo"])
def test_headers_that_override_what_was_judged_stay_here(gateway, token, path):
    given = dict.fromkeys(OVERRIDES, "DELETE") | {"X-Road-Client": "VN/GOV/H03.MOTCUA/MOTCUA", "X-Own": "1"}

    told = echoed(gateway.call(path, token, headers=given))

    dropped = {name.lower() for name in OVERRIDES}
    assert (told["method"], dropped & told["headers"].keys(), told["headers"]["x-own"]) == ("GET", set(), "1")


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
    logged = row_of(answer)
    assert (logged.request_bytes, logged.request_sha256) == (len(body), hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize(
    ("path", "size", "byte"), [("large", 20 * MB, b"\x07"), ("chunked", 5 * MB, b"\x08")]
)
def test_large_answers_stream_through(gateway, token, path, size, byte):
    answer = gateway.call(f"/kho/1.0/{path}", token)

    assert answer.content == byte * size
    logged = row_of(answer)
    assert eventually(lambda: Exchange.objects.get(pk=logged.pk).outcome, "delivered") == "delivered"
    logged.refresh_from_db()
    assert (logged.response_bytes, logged.response_sha256) == (size, hashlib.sha256(byte * size).hexdigest())


def test_answer_that_breaks_off_is_not_taken_for_whole(gateway, token, own_log):
    with pytest.raises(httpx.HTTPError):
        gateway.call("/kho/1.0/breaks-off", token)

    assert eventually(lambda: list(own_log.values_list("outcome", "reason")), [
        ("aborted", "provider-hung-up")
    ]) == [("aborted", "provider-hung-up")]  # fmt: skip


def test_head_and_templates(gateway, token):
    head = gateway.call("/kho/1.0/small", token, "HEAD")
    item = gateway.call("/kho/1.0/items/A%20%C4%90/parts/7", token)
    fixed = gateway.call("/kho/1.0/items/fixed", token)

    assert (head.status_code, head.content, head.headers["x-own"]) == (200, b"", "yes")
    assert echoed(item)["path"] == "/base/items/A%20%C4%90/parts/7"
    assert row_of(item).path == "/items/{code}/parts/{part}"
    assert row_of(fixed).path == "/items/fixed"


def test_provider_own_errors_pass_through(gateway, token):
    answer = gateway.call("/kho/1.0/broken", token)

    assert (answer.status_code, answer.json()) == (500, {"provider": "broken"})
    assert row_of(answer).outcome == "delivered"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("hang-up", 502, "provider-hung-up"),
        ("garbage", 502, "provider-answer"),
        ("two-lengths", 502, "provider-answer"),
        ("coded", 502, "provider-answer"),
        ("twice-coded", 502, "provider-answer"),
    ],
)
def test_provider_that_misbehaves_is_told(gateway, token, path, status, code):
    answer = gateway.call(f"/kho/1.0/{path}", token)

    assert problem(answer) == (status, code)
    logged = row_of(answer)
    assert (logged.status, logged.outcome, logged.reason) == (status, "failed", code)
    assert gateway.call("/kho/1.0/small", token).json() == {"ok": True}


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


def test_answers_whose_heads_are_the_same_differ_in_body_and_id_only(gateway, token, own_log):
    with httpx.Client(
        base_url=gateway.url, trust_env=False, headers={"Authorization": f"Bearer {token}"}
    ) as caller:
        answers = [caller.get("/kho/1.0/at-once") for _call in range(4)]

    ids = [answer.headers.pop("x-exchange-id") for answer in answers]
    told = {"date": "Mon, 02 Mar 2026 05:00:00 GMT", "x-own": "yes", "content-length": "6"}
    assert [(answer.status_code, dict(answer.headers)) for answer in answers] == [(200, told)] * 4
    assert (len(set(ids)), len({answer.content for answer in answers})) == (4, 4)
    digests = [hashlib.sha256(answer.content).hexdigest() for answer in answers]
    assert eventually(own_log.count, 4) == 4
    assert list(own_log.order_by("started_at").values_list("response_sha256", flat=True)) == digests
