"""X-Road's message protocol where the registry changes, or callers are not trusted (PR-REST 1.0)."""

import pytest

from dinh.exchange.enums import ProviderProtocol
from dinh.exchange.models import Exchange, ServiceVersion
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.tests.provider import STREAMED
from dinh.exchange.tests.running import eventually, running_gateway
from dinh.exchange.tests.world import make_secret, make_system, make_version
from dinh.exchange.tests.xroad_client import SERVICE, ask, error_of


@pytest.fixture
def trusting(world, tmp_path):
    """A gateway that trusts this machine's network, as it would the security server's."""
    with running_gateway(tmp_path, environment={"DINH_XROAD_NETWORKS": "127.0.0.0/8"}) as running:
        yield running


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


def test_version_may_be_left_out_then_it_is_the_newest(trusting, world):
    make_version(
        world.provider,
        base_url=f"{world.version.base_url}/hai",
        service="kho",
        version="2.0",
        paths=["/echo"],
    )
    trusting.take_up()

    answer = ask(trusting, f"/r1/{SERVICE}/echo")

    assert error_of(answer) == (500, "Server.ServerProxy.AccessDenied")
    assert ask(trusting, f"/r1/{SERVICE}/1.0/echo").status_code == 200


def test_system_without_a_grant_is_denied(trusting):
    other = make_system("KHAC")
    trusting.take_up()

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


@pytest.mark.parametrize("is_by_r1", [False, True])
def test_error_of_the_security_server_is_a_failure_however_large_it_is(trusting, world, is_by_r1):
    ServiceVersion.objects.filter(pk=world.version.pk).update(protocol=ProviderProtocol.XROAD)
    trusting.take_up()
    if is_by_r1:
        answer = ask(trusting, f"/r1/{SERVICE}/1.0/large-error")
    else:
        answer = trusting.call("/kho/1.0/large-error", trusting.token(*world.key_and_secret))

    def logged():
        return list(Exchange.objects.values_list("status", "outcome", "reason", "response_bytes"))

    wanted = [(500, "failed", "by-security-server", STREAMED)]
    assert (answer.status_code, len(answer.content)) == (500, STREAMED)
    assert answer.headers["x-road-error"] == "Server.ServerProxy.ServiceFailed"
    assert eventually(logged, wanted) == wanted
