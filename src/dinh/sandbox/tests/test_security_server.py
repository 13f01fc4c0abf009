"""Services behind X-Road's official security server: our gateway asks it as a client does."""

from dataclasses import replace

import pytest
from django.utils import timezone

from dinh.exchange import api
from dinh.exchange.enums import ProviderProtocol
from dinh.exchange.models import Exchange, ServiceVersion
from dinh.exchange.operations.services import Provider, set_provider
from dinh.exchange.tests.running import eventually, problem, running_gateway
from dinh.exchange.tests.world import small_world
from dinh.exchange.tests.xroad_client import CLIENT, ask, error_of
from dinh.kernel.errors import InvalidInput
from dinh.sandbox.faults import Faults, Mode
from dinh.sandbox.outside.people import enterprises
from dinh.sandbox.tests.outside_world import outside_world, running_sandbox

SERVICE = "VN/GOV/000.00.00.G05/DKDN/apiCSDLDKDN"
CODE = enterprises()[0].code
PATH = f"/dn/1.0/chiTietDoanhNghiep?msdn={CODE}"


@pytest.fixture
def sandbox(tmp_path):
    with running_sandbox(tmp_path / "sandbox") as running:
        yield running


@pytest.fixture
def world(transactional_db, sandbox):
    made = small_world(
        base_url=f"{sandbox.address}/r1/{SERVICE}", service="dn", version="1.0", paths=["/chiTietDoanhNghiep"]
    )
    ServiceVersion.objects.update(protocol=ProviderProtocol.XROAD, timeout_seconds=2)
    return made


@pytest.fixture
def gateway(world, tmp_path):
    with running_gateway(tmp_path) as running:
        yield running


@pytest.fixture
def token(gateway, world):
    return gateway.token(*world.key_and_secret)


def logged():
    return [(row.outcome, row.reason, row.status) for row in Exchange.objects.order_by("started_at")]


def test_security_server_is_told_who_asks_and_in_which_matter(gateway, token):
    told = {"X-Road-Id": "m-1", "X-Road-UserId": "u1", "X-Road-Client": "VN/GOV/KHAC/KHAC"}

    named, unnamed = gateway.call(PATH, token, headers=told), gateway.call(PATH, token)

    assert (named.status_code, named.json()["MainInformation"]["ENTERPRISE_GDT_CODE"]) == (200, CODE)
    assert (named.headers["x-road-client"], named.headers["x-road-id"]) == (
        "VN/GOV/H03.MOTCUA/MOTCUA",
        "m-1",
    )
    assert named.headers["x-road-service"] == SERVICE
    assert unnamed.headers["x-road-id"] == unnamed.headers["x-exchange-id"]
    assert eventually(logged, [("delivered", "", 200)] * 2) == [("delivered", "", 200)] * 2


def test_version_may_name_the_client_that_the_server_knows(gateway, world, token):
    ServiceVersion.objects.update(xroad_client="VN/GOV/H03.12/LGSP")
    gateway.take_up()

    assert gateway.call(PATH, token).headers["x-road-client"] == "VN/GOV/H03.12/LGSP"


def test_server_refuses_who_does_not_say_so(gateway, world, token):
    """As our gateway asked before."""
    ServiceVersion.objects.update(protocol=ProviderProtocol.PLAIN)
    gateway.take_up()

    answer = gateway.call(PATH, token)

    assert (answer.status_code, answer.headers["x-road-error"]) == (400, "Client.BadRequest")


def test_error_of_the_security_server_is_a_failure(gateway, token, sandbox, world):
    for mode in (Mode.ERROR, Mode.GARBAGE, Mode.SLOW, Mode.DOWN):
        sandbox.faults.set("security_server", mode, count=2 if mode is Mode.DOWN else 1)
        answer = gateway.call(PATH, token)
        if mode is Mode.ERROR:
            assert (answer.status_code, answer.json()["type"]) == (
                500,
                "Server.ServerProxy.ServiceFailed.HttpError",
            )
            assert answer.headers["x-road-error"] == answer.json()["type"]
        if mode is Mode.SLOW:
            assert problem(answer) == (504, "provider-timeout")

    wanted = [
        ("failed", "by-security-server", 500), ("delivered", "", 200), ("failed", "provider-timeout", 504),
        ("failed", "provider-hung-up", 502),
    ]  # fmt: skip
    assert eventually(logged, wanted) == wanted


OWN = "VN/GOV/H03.DMDC/DMDC/dn/1.0"


def test_callers_by_r1_go_under_their_own_name(gateway, token):
    told = {
        "Authorization": f"Bearer {token}", "X-Road-Id": "m-1", "X-Road-UserId": "u1",
        "X-Road-Represented-Party": "GOV/H03.7",
    }  # fmt: skip

    answer = ask(gateway, f"/r1/{OWN}/chiTietDoanhNghiep?msdn={CODE}", headers=told)
    foreign = ask(gateway, f"/r1/{OWN}/chiTietDoanhNghiep?msdn={CODE}", headers=told, client="VN/GOV/H03.X/X")

    assert (answer.status_code, answer.json()["MainInformation"]["ENTERPRISE_GDT_CODE"]) == (200, CODE)
    assert (answer.headers["x-road-client"], answer.headers["x-road-id"]) == (CLIENT, "m-1")
    assert answer.headers["x-road-service"] == "VN/GOV/H03.DMDC/DMDC/dn"
    assert answer.headers["x-road-request-id"] == answer.headers["x-exchange-id"]
    assert error_of(foreign) == (500, "Server.ClientProxy.SslAuthenticationFailed")
    assert eventually(logged, [("delivered", "", 200)]) == [("delivered", "", 200)]
    assert Exchange.objects.get().represented_party == "GOV/H03.7"


def test_callers_by_r1_get_errors_of_the_security_server_and_of_the_gateway(gateway, token, sandbox):
    path, told = f"/r1/{OWN}/chiTietDoanhNghiep?msdn={CODE}", {"Authorization": f"Bearer {token}"}
    sandbox.faults.set("security_server", Mode.ERROR, count=1)
    theirs = ask(gateway, path, headers=told)
    sandbox.faults.set("security_server", Mode.SLOW, count=1)
    ours = ask(gateway, path, headers=told)

    assert error_of(theirs) == (500, "Server.ServerProxy.ServiceFailed.HttpError")
    assert theirs.json()["message"] == "Server responded with error"
    assert error_of(ours) == (500, "Server.ServerProxy.NetworkError")
    wanted = [("failed", "by-security-server", 500), ("failed", "provider-timeout", 500)]
    assert eventually(logged, wanted) == wanted


def test_callers_by_r1_go_as_the_client_that_the_server_knows(gateway, world, token):
    """Where the server admits one client of ours only, their own name would be refused."""
    ServiceVersion.objects.update(xroad_client="EE/GOV/1/X")
    gateway.take_up()

    answer = ask(
        gateway, f"/r1/{OWN}/chiTietDoanhNghiep?msdn={CODE}", headers={"Authorization": f"Bearer {token}"}
    )

    assert error_of(answer) == (500, "Server.ClientProxy.UnknownMember")
    assert answer.json()["message"] == "Client EE/GOV/1/X not found"
    assert answer.headers["x-road-client"] == CLIENT


def test_clients_of_another_instance_are_unknown_there(gateway, world, token):
    ServiceVersion.objects.update(xroad_client="EE/GOV/1/X")
    gateway.take_up()

    answer = gateway.call(PATH, token)

    assert (answer.status_code, answer.headers["x-road-error"]) == (500, "Server.ClientProxy.UnknownMember")


def through_security_server(sandbox, keeper):
    """Of the services that the demo registers, enterprises are behind the security server."""
    version = ServiceVersion.objects.get(service__code="apiCSDLDKDN")
    provider = replace(
        Provider.of(version),
        base_url=f"{sandbox.address}/r1/{SERVICE}",
        protocol=ProviderProtocol.XROAD,
    )
    set_provider(version_id=version.pk, provider=provider, actor=keeper, at=timezone.now())


@pytest.fixture(scope="module")
def running(module_database, tmp_path_factory):
    with outside_world(tmp_path_factory.mktemp("outside"), change=through_security_server) as found:
        yield found


def test_houses_client_asks_through_the_security_server(running):
    client = api.Enterprises(running.line(user="u1", issue="H03-1"))
    running.sandbox.faults = Faults()

    assert client.details(code=CODE).code == CODE
    running.misbehave("security_server", Mode.ERROR, count=1)
    assert client.details(code=CODE).code == CODE
    running.misbehave("security_server", Mode.ERROR, count=9)
    with pytest.raises(api.OutsideUnavailable) as failure:
        client.details(code=CODE)
    assert failure.value.may_have_acted is False


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"protocol": "soap"}, "protocol"),
        ({"protocol": "xroad", "base_url": "http://10.1.2.3/api"}, "base_url"),
        ({"protocol": "xroad", "xroad_client": "VN GOV"}, "xroad_client"),
        ({"protocol": "xroad", "xroad_client": "VN/GOV/H03\r\nX: y"}, "xroad_client"),
        ({"protocol": "plain", "xroad_client": "VN/GOV/H03.12/LGSP"}, "xroad_client"),
    ],
)
def test_terms_that_no_server_takes_are_refused(given, field):
    base = {"base_url": f"https://10.1.2.3/r1/{SERVICE}", "timeout_seconds": 30, "max_body_mb": 100}

    with pytest.raises(InvalidInput) as refusal:
        Provider(**(base | given)).check()

    assert refusal.value.field == field
