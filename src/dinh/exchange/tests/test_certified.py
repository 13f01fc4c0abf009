"""Systems that show a certificate by mutual TLS call as themselves, by X-Road's protocol, without a token."""

import ssl
import time

import httpx
import pytest
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.exchange.gateway.identity import load_identity, make_identity
from dinh.exchange.models import Exchange, SystemCertificate
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.operations.credentials import add_certificate, revoke_certificate
from dinh.exchange.tests.running import eventually, running_gateway
from dinh.exchange.tests.world import make_grant, make_system
from dinh.kernel.tests.ports import free_port

PATH = "/r1/VN/GOV/H03.DMDC/DMDC/kho/1.0/echo"
OURS, OTHER = "VN/GOV/H03.MOTCUA/MOTCUA", "VN/GOV/H03.KHAC/KHAC"


@pytest.fixture(scope="module")
def world(shared_world):
    return shared_world


@pytest.fixture
def upstream(shared_upstream):
    shared_upstream.seen.clear()
    return shared_upstream


@pytest.fixture(scope="module")
def keeper(world):
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


@pytest.fixture(scope="module")
def certificates(world, keeper, tmp_path_factory):
    """Two of MOTCUA, one of KHAC, which may call the same, and two that nobody registered."""
    other, folder = make_system("KHAC"), tmp_path_factory.mktemp("certificates")
    make_grant(other, world.version, world.asker)
    systems = {"ours": world.client, "ended": world.client, "other": other, "later": None, "stranger": None}
    made = {}
    for name, system in systems.items():
        files = folder / f"{name}-key.pem", folder / f"{name}.pem"
        make_identity(*files, name=name)
        made[name] = load_identity(*files)
        if system:
            add_certificate(system_id=system.pk, data=made[name].pem, actor=keeper, at=timezone.now())
    tell_gateways()
    return made


@pytest.fixture(scope="module")
def gateway(certificates, tmp_path_factory):
    port, folder = free_port(), tmp_path_factory.mktemp("gateway")
    with running_gateway(folder, environment={"DINH_CALLER_TLS_PORT": str(port)}) as running:
        running.tls_port = port
        yield running


def ask(gateway, identity, client=OURS, *, path=PATH, **headers):
    """The gateway is known by its own certificate, as X-Road's servers are."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(gateway.folder / "exchange" / gateway.name / "certificate.pem")
    if identity:
        context.load_cert_chain(identity.certificate_file, identity.key_file)
    sent = {"X-Road-Client": client} | headers
    return httpx.get(
        f"https://127.0.0.1:{gateway.tls_port}{path}",
        headers=sent,
        verify=context,
        trust_env=False,
        timeout=10,
    )


def refusal(answer):
    return answer.status_code, answer.headers.get("x-road-error")


def test_system_that_shows_its_certificate_needs_no_token(gateway, certificates):
    told = {"Authorization": "Basic cHJvdmlkZXI=", "X-Road-Request-Id": "chosen"}
    answer = ask(gateway, certificates["ours"], **told)

    seen = {name.lower(): value for name, value in answer.json()["headers"]}
    assert (answer.status_code, seen["x-road-client"], seen["x-exchange-client"]) == (200, OURS, OURS)
    assert seen["authorization"] == "Basic cHJvdmlkZXI="
    assert seen["x-road-request-id"] == answer.headers["x-road-request-id"] == answer.headers["x-exchange-id"]
    logged = Exchange.objects.filter(pk=answer.headers["x-exchange-id"]).values_list("client", "outcome")
    assert eventually(lambda: list(logged.all()), [(OURS, "delivered")]) == [(OURS, "delivered")]
    assert ask(gateway, certificates["other"], OTHER).status_code == 200


def test_certificate_is_good_for_its_own_system_only(gateway, certificates):
    assert refusal(ask(gateway, certificates["other"], OURS)) == (
        500,
        "Server.ClientProxy.SslAuthenticationFailed",
    )
    assert refusal(ask(gateway, certificates["ours"], "VN/GOV/H03.1/X")) == (
        500, "Server.ClientProxy.UnknownMember",
    )  # fmt: skip
    assert ask(gateway, certificates["ours"], path="/kho/1.0/echo").status_code == 401
    assert ask(gateway, certificates["ours"], path="/healthz").status_code == 200


def test_nobody_comes_in_without_a_registered_certificate(gateway, certificates, upstream):
    for shown in (certificates["stranger"], None):
        with pytest.raises(httpx.TransportError):
            ask(gateway, shown)

    plain = httpx.get(f"{gateway.url}{PATH}", headers={"X-Road-Client": OURS}, trust_env=False)
    assert refusal(plain) == (500, "Server.ClientProxy.SslAuthenticationFailed")
    assert upstream.seen == []


def test_revoked_certificate_is_out_within_two_seconds(gateway, certificates, world, keeper):
    assert ask(gateway, certificates["ended"]).status_code == 200
    row = SystemCertificate.objects.get(fingerprint=certificates["ended"].fingerprint)

    revoke_certificate(system_id=world.client.pk, certificate_id=row.pk, actor=keeper, at=timezone.now())
    begun = time.monotonic()
    status = eventually(lambda: ask(gateway, certificates["ended"]).status_code, 500, seconds=5)

    assert (status, time.monotonic() - begun < 2) == (500, True)


def test_certificate_that_is_registered_later_comes_in(gateway, certificates, world, keeper):
    data = certificates["later"].pem

    add_certificate(system_id=world.client.pk, data=data, actor=keeper, at=timezone.now())
    gateway.take_up()

    assert ask(gateway, certificates["later"]).status_code == 200
