"""X-Road's message protocol for REST, as its clients and the official security server see it (PR-REST 1.0)."""

import base64
import hashlib
import uuid

import httpx
import pytest

from dinh.exchange.models import Exchange, ServiceVersion
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.tests.running import eventually, running_gateway
from dinh.exchange.tests.world import make_secret, make_system, make_version

CLIENT = "VN/GOV/H03.MOTCUA/MOTCUA"
SERVICE = "VN/GOV/H03.DMDC/DMDC/kho"


@pytest.fixture
def trusting(world, tmp_path):
    """A gateway that trusts this machine's network, as it would the security server's."""
    with running_gateway(tmp_path, environment={"DINH_XROAD_NETWORKS": "127.0.0.0/8"}) as running:
        yield running


def ask(gateway, path, method="GET", *, client=CLIENT, **more):
    headers = ({"X-Road-Client": client} if client else {}) | more.pop("headers", {})
    return httpx.request(method, f"{gateway.url}{path}", headers=headers, trust_env=False, timeout=15, **more)


def error_of(answer):
    body = answer.json()
    assert answer.headers["x-road-error"] == body["type"]
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert uuid.UUID(body["detail"])
    return answer.status_code, body["type"]


def test_call_has_the_headers_of_the_protocol(trusting):
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
    eventually(Exchange.objects.count, 1)
    logged = Exchange.objects.get()
    assert (str(logged.pk), logged.front, logged.message_id, logged.user_id, logged.issue) == (
        request_id, "xroad", "id-1", "VN012", "HS-1",
    )  # fmt: skip


def test_metadata_services_tell_what_there_is_and_what_is_allowed(trusting, world):
    document = {"openapi": "3.0.3", "paths": {"/small": {"get": {}}}}
    ServiceVersion.objects.filter(pk=world.version.pk).update(document=document)
    make_version(
        world.provider,
        base_url="http://127.0.0.1:1",
        service="khac",
        version="2",
        paths=["POST /ho-so/{ma}/tep"],
    )
    tell_gateways()
    provider = SERVICE.rpartition("/")[0]

    def listed(name):
        answer = ask(trusting, f"/r1/{provider}/{name}")
        return {row["service_code"]: row for row in answer.json()["service"]}

    assert eventually(lambda: sorted(listed("listMethods")), ["khac", "kho"]) == ["khac", "kho"]
    assert listed("listMethods")["khac"] == {
        "xroad_instance": "VN", "member_class": "GOV", "member_code": "H03.DMDC", "subsystem_code": "DMDC",
        "object_type": "SERVICE", "service_code": "khac", "service_type": "OPENAPI",
        "endpoint_list": [{"method": "POST", "path": "/2/ho-so/*/tep"}],
    }  # fmt: skip
    assert list(listed("allowedMethods")) == ["kho"]
    assert {"method": "GET", "path": "/1.0/items/*/parts/*"} in listed("allowedMethods")["kho"][
        "endpoint_list"
    ]
    told = ask(trusting, f"/r1/{provider}/getOpenAPI?serviceCode=kho", headers={"X-Road-Id": "id-9"})
    assert told.json() == document
    assert (told.headers["x-road-id"], told.headers["x-road-service"]) == ("id-9", f"{provider}/getOpenAPI")
    logged = eventually(Exchange.objects.filter(message_id="id-9").count, 1)
    row = Exchange.objects.get(message_id="id-9")
    assert (logged, row.provider, row.service, row.status) == (1, provider, "getOpenAPI", 200)


@pytest.mark.parametrize(
    ("path", "method", "error"),
    [
        ("VN/GOV/H03.DMDC/DMDC/getOpenAPI", "GET", (400, "Client.BadRequest")),
        ("VN/GOV/H03.DMDC/DMDC/getOpenAPI?serviceCode=x", "GET", (500, "Server.ServerProxy.UnknownService")),
        ("VN/GOV/H03.NIX/NIX/listMethods", "GET", (500, "Server.ServerProxy.UnknownService")),
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


def test_version_may_be_left_out_then_it_is_the_newest(trusting, world):
    make_version(
        world.provider,
        base_url=f"{world.version.base_url}/hai",
        service="kho",
        version="2.0",
        paths=["/echo"],
    )
    tell_gateways()
    eventually(lambda: trusting.health()["configuration"], 3)

    answer = ask(trusting, f"/r1/{SERVICE}/echo")

    assert error_of(answer) == (500, "Server.ServerProxy.AccessDenied")
    assert ask(trusting, f"/r1/{SERVICE}/1.0/echo").status_code == 200


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
        '<?xml version="1.0" encoding="utf-8"?><error><type>Server.ServerProxy.Unknown'
    )


def test_system_without_a_grant_is_denied(trusting):
    other = make_system("KHAC")
    tell_gateways()
    eventually(lambda: trusting.health()["configuration"], 3)

    answer = ask(trusting, f"/r1/{SERVICE}/1.0/echo", client=other.identifier)

    assert error_of(answer) == (500, "Server.ServerProxy.AccessDenied")


def test_elsewhere_a_token_of_that_very_client_is_asked_for(gateway, world, token):
    other = make_system("KHAC")
    secret, plain = make_secret(other)
    tell_gateways()
    eventually(lambda: gateway.ask_token(secret.consumer_key, plain).status_code, 200)
    foreign = gateway.token(secret.consumer_key, plain)
    failed = (500, "Server.ClientProxy.SslAuthenticationFailed")

    assert error_of(ask(gateway, f"/r1/{SERVICE}/1.0/echo")) == failed
    stolen = {"Authorization": f"Bearer {foreign}"}
    assert error_of(ask(gateway, f"/r1/{SERVICE}/1.0/echo", headers=stolen)) == failed
    answer = ask(gateway, f"/r1/{SERVICE}/1.0/echo", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert "authorization" not in {name.lower() for name, _value in answer.json()["headers"]}
