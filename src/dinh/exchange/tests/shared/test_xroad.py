"""X-Road's message protocol for REST, as its clients and the official security server see it (PR-REST 1.0)."""

import base64
import hashlib

import pytest

from dinh.exchange.operations.evidence import standing_of
from dinh.exchange.tests.running import eventually, running_gateway
from dinh.exchange.tests.xroad_client import CLIENT, SERVICE, ask, error_of


@pytest.fixture(scope="module")
def trusting(shared_world, tmp_path_factory):
    """A gateway that trusts this machine's network, as it would the security server's."""
    folder = tmp_path_factory.mktemp("trusting")
    with running_gateway(folder, environment={"DINH_XROAD_NETWORKS": "127.0.0.0/8"}) as running:
        yield running


def test_call_has_the_headers_of_the_protocol(trusting, own_log):
    answer = ask(
        trusting,
        f"/r1/{SERVICE}/1.0/echo?a=1&b=%20",
        headers={
            "X-Road-Id": "id-1", "X-Road-UserId": "VN012", "X-Road-Issue": "HS-1", "User-Agent": "curl",
            "Authorization": "Bearer of-the-provider", "X-Road-Request-Hash": "forged", "X-Road-Service": "forged",
            "X-Custom": "kept",
        },
    )  # fmt: skip

    assert answer.status_code == 200
    told = answer.json()
    seen = {name.lower(): value for name, value in told["headers"]}
    request_id = answer.headers["x-road-request-id"]
    assert told["path"] == "/base/echo?a=1&b=%20"
    expected = {
        "x-road-client": CLIENT, "x-road-service": SERVICE, "x-road-id": "id-1", "x-road-userid": "VN012",
        "x-road-issue": "HS-1", "x-road-request-id": request_id, "x-custom": "kept",
        "authorization": "Bearer of-the-provider",
    }  # fmt: skip
    assert expected.items() <= seen.items()
    assert {"user-agent", "x-road-request-hash"} & seen.keys() == set()
    assert (answer.headers["x-road-client"], answer.headers["x-road-service"], answer.headers["x-road-id"]) == (
        CLIENT, SERVICE, "id-1",
    )  # fmt: skip
    assert len(base64.b64decode(answer.headers["x-road-request-hash"])) == 64
    eventually(own_log.count, 1)
    logged = own_log.get()
    assert (str(logged.pk), logged.front, logged.message_id, logged.user_id, logged.issue) == (
        request_id, "xroad", "id-1", "VN012", "HS-1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "method", "error"),
    [
        ("VN/GOV/H03.DMDC/DMDC/getOpenAPI", "GET", (400, "Client.BadRequest")),
        ("VN/GOV/H03.DMDC/DMDC/getOpenAPI?serviceCode=x", "GET", (500, "Server.ServerProxy.UnknownService")),
        ("VN/GOV/H03.NIX/NIX/listMethods", "GET", (500, "Server.ClientProxy.UnknownMember")),
        ("VN/GOV/H03.DMDC/DMDC/listMethods", "POST", (500, "Server.ServerProxy.AccessDenied")),
    ],
)
def test_metadata_services_refuse_as_the_protocol_says(trusting, path, method, error):
    assert error_of(ask(trusting, f"/r1/{path}", method)) == error


def test_request_hash_is_that_of_head_and_body(trusting):
    body = "dữ liệu".encode()

    answer = ask(trusting, f"/r1/{SERVICE}/1.0/echo", "POST", content=body, headers={"X-Road-Id": "7"})

    # By hand, as PR-REST (4.3) writes it, over the head that the provider's side was sent.
    head = "\r\n".join(
        [
            "POST",
            f"/r1/{SERVICE}/1.0/echo",
            f"x-road-client:{CLIENT}",
            "x-road-id:7",
            "accept:*/*",
            f"accept-encoding:{answer.request.headers['accept-encoding']}",
            f"x-road-request-id:{answer.headers['x-road-request-id']}",
            "",
        ]
    )
    inner = hashlib.sha512(head.encode()).digest() + hashlib.sha512(body).digest()
    assert answer.headers["x-road-request-hash"] == base64.b64encode(hashlib.sha512(inner).digest()).decode()


def seen_by_provider(answer):
    assert answer.status_code == 200, answer.text
    return {name.lower(): value for name, value in answer.json()["headers"]}


def test_request_id_is_one_from_consumer_to_provider_and_back(trusting, gateway, token, own_log):
    """The security server makes it; of others it is not taken (X-Road's own servers compare it)."""
    given = {"X-Road-Request-Id": "r-1"}

    answer = ask(trusting, f"/r1/{SERVICE}/1.0/echo", headers=given)
    own = ask(gateway, f"/r1/{SERVICE}/1.0/echo", headers=given | {"Authorization": f"Bearer {token}"})

    assert (answer.headers["x-road-request-id"], seen_by_provider(answer)["x-road-request-id"]) == (
        "r-1",
        "r-1",
    )
    assert (
        own.headers["x-road-request-id"]
        == own.headers["x-exchange-id"]
        == seen_by_provider(own)["x-road-request-id"]
    )
    assert eventually(own_log.filter(pk=answer.headers["x-exchange-id"]).count, 1) == 1


@pytest.mark.parametrize("identity", ["a" * 255, "a\\b", "hồ sơ 1"])
def test_message_id_comes_back_as_it_was_sent(trusting, own_log, identity):
    answer = ask(trusting, f"/r1/{SERVICE}/1.0/echo", headers={"X-Road-Id": identity.encode()})

    sent = dict(answer.headers.raw)[
        b"X-Road-Id" if b"X-Road-Id" in dict(answer.headers.raw) else b"x-road-id"
    ]
    assert sent.decode() == identity
    assert seen_by_provider(answer)["x-road-id"].encode("latin-1").decode() == identity
    assert eventually(own_log.count, 1) == 1
    assert own_log.get().message_id == identity[:100].replace("\\", "?")


@pytest.mark.parametrize(
    ("name", "value", "is_taken"),
    [
        ("X-Road-Id", "a" * 256, False),
        ("X-Road-Id", "a\tb", False),
        ("X-Road-Id", b"\xff", False),
        ("X-Road-Request-Id", "a\tb", False),
        ("X-Road-Represented-Party", "GOV/H03.1", True),
        ("X-Road-Represented-Party", "H03.1", True),
        ("X-Road-Represented-Party", "a/b/c", False),
        ("X-Road-Represented-Party", "a/", False),
        ("X-Road-Security-Server", "VN/GOV/H03.DMDC/SS1", True),
        ("X-Road-Security-Server", "VN/GOV/H03.DMDC", False),
    ],
)
def test_headers_of_the_protocol_have_its_form_and_reach_the_provider(trusting, name, value, is_taken):
    answer = ask(trusting, f"/r1/{SERVICE}/1.0/echo", headers={name: value})

    if is_taken:
        assert seen_by_provider(answer)[name.lower()] == value
    else:
        assert error_of(answer) == (400, "Client.BadRequest")


def test_represented_party_is_logged_and_signed(trusting, own_log):
    for party in ({"X-Road-Represented-Party": "GOV/H03.1"}, {}):
        assert ask(trusting, f"/r1/{SERVICE}/1.0/echo", headers=party).status_code == 200

    assert eventually(own_log.count, 2) == 2
    rows = list(own_log.order_by("started_at"))
    assert [row.represented_party for row in rows] == ["GOV/H03.1", ""]
    assert [standing_of(row).is_unaltered for row in rows] == [True, True]
    rows[0].represented_party = "GOV/H03.2"
    assert standing_of(rows[0]).is_unaltered is False


def test_empty_message_id_is_none(trusting):
    answer = ask(trusting, f"/r1/{SERVICE}/1.0/echo", headers={"X-Road-Id": ""})

    assert (
        answer.headers["x-road-id"]
        == seen_by_provider(answer)["x-road-id"]
        == answer.headers["x-exchange-id"]
    )


def test_providers_extension_headers_pass_and_those_of_the_protocol_do_not(trusting):
    answer = ask(trusting, f"/r1/{SERVICE}/1.0/extended")

    told = {name: value for name, value in answer.headers.items() if name.startswith("x-road-")}
    assert [name for name, value in told.items() if value == "of-the-provider"] == ["x-road-ext"]
    assert len(told) == 6


def test_missing_ids_and_accept_are_filled_in(trusting):
    lines = [
        f"GET /r1/{SERVICE}/1.0/echo HTTP/1.1",
        "Host: x",
        f"X-Road-Client: {CLIENT}",
        "Connection: close",
    ]

    raw = trusting.raw("\r\n".join([*lines, "", ""]).encode())

    head, _line, body = raw.decode().partition("\r\n\r\n")
    told = {
        name.lower(): value for name, _colon, value in (line.partition(": ") for line in head.split("\r\n"))
    }
    assert told["x-road-id"] == told["x-road-request-id"]
    assert f'["x-road-id", "{told["x-road-id"]}"]' in body
    assert '["accept", "application/json"]' in body


@pytest.mark.parametrize(
    ("path", "client", "status", "kind"),
    [
        (f"/r1/{SERVICE}/1.0/echo", None, 400, "Client.BadRequest"),
        (f"/r1/{SERVICE}/1.0/echo", "VN/GOV", 400, "Client.BadRequest"),
        (f"/r1/{SERVICE}/1.0/echo", "VN/GOV//X", 400, "Client.BadRequest"),
        (f"/r1/{SERVICE}/1.0/echo", "VN/GOV/%ff/X", 400, "Client.BadRequest"),
        (f"/r1/{SERVICE}/1.0/echo", "VN/GOV/H03.KHONG/CO", 500, "Server.ClientProxy.UnknownMember"),
        ("/r1/VN/GOV/H03.DMDC/DMDC", CLIENT, 400, "Client.BadRequest"),
        ("/r1/VN/GOV/H03.DMDC/DMDC/khong-co", CLIENT, 500, "Server.ServerProxy.UnknownService"),
        ("/r1/VN/GOV/H03.MOTCUA/MOTCUA/kho/1.0/echo", CLIENT, 500, "Server.ServerProxy.UnknownService"),
        ("/r1/VN%2FGOV%2FH03.DMDC%2FDMDC/kho", CLIENT, 400, "Client.BadRequest"),
        (f"/r1/{SERVICE}/1.0/../echo%2e", CLIENT, 400, "Client.BadRequest"),
        (f"/r1/{SERVICE}/1.0/hang-up", CLIENT, 500, "Server.ServerProxy.ServiceFailed"),
        (f"/r1/{SERVICE}/1.0/garbage", CLIENT, 500, "Server.ServerProxy.ServiceFailed"),
    ],
)
def test_errors_are_those_of_the_protocol(trusting, path, client, status, kind):
    assert error_of(ask(trusting, path, client=client)) == (status, kind)


def test_providers_own_errors_come_as_they_are(trusting):
    answer = ask(trusting, f"/r1/{SERVICE}/1.0/broken")

    assert (answer.status_code, answer.json()) == (500, {"provider": "broken"})
    assert "x-road-error" not in answer.headers
    assert answer.headers["x-road-service"] == SERVICE


def test_error_comes_as_xml_to_who_wants_xml(trusting):
    answer = ask(trusting, "/r1/VN/GOV/X/Y/z", headers={"Accept": "application/xml"})

    assert answer.headers["content-type"] == "application/xml;charset=utf-8"
    assert answer.text.startswith(
        '<?xml version="1.0" encoding="utf-8"?><error><type>Server.ClientProxy.Unknown'
    )


@pytest.mark.parametrize(
    ("provider", "service", "method", "error"),
    [
        ("VN/GOV/H03.KHONG/CO", "kho/1.0/echo", "GET", "Server.ClientProxy.UnknownMember"),
        ("VN/GOV/H03.KHONG/CO", "kho/1.0/echo", "PATCH", "Server.ClientProxy.UnknownMember"),
        ("VN/GOV/H03.KHONG/CO", "listMethods", "GET", "Server.ClientProxy.UnknownMember"),
        ("EE/GOV/H03.DMDC/DMDC", "kho/1.0/echo", "GET", "Server.ClientProxy.UnknownMember"),
        ("VN/GOV/H03.MOTCUA/MOTCUA", "kho/1.0/echo", "GET", "Server.ServerProxy.UnknownService"),
        ("VN/GOV/H03.MOTCUA/MOTCUA", "kho/1.0/echo", "PATCH", "Server.ServerProxy.UnknownService"),
        ("VN/GOV/H03.DMDC/DMDC", "khac/1.0/echo", "GET", "Server.ServerProxy.UnknownService"),
        ("VN/GOV/H03.DMDC/DMDC", "kho/1.0/khac", "GET", "Server.ServerProxy.UnknownService"),
        ("VN/GOV/H03.DMDC/DMDC", "kho/1.0/small", "PATCH", "Server.ServerProxy.AccessDenied"),
    ],
)
def test_unknown_provider_and_another_providers_service_are_told_apart(
    trusting, provider, service, method, error
):
    answer = ask(trusting, f"/r1/{provider}/{service}", method)

    assert error_of(answer) == (500, error)
