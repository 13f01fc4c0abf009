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


@pytest.fixture
def keeper(transactional_db):
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


@pytest.fixture
def certificates(world, tmp_path, keeper):
    """Of MOTCUA, of KHAC, which may call the same, and one that nobody registered."""
    other = make_system("KHAC")
    make_grant(other, world.version, world.asker)
    made = {}
    for name, system in (("ours", world.client), ("other", other), ("stranger", None)):
        files = tmp_path / f"{name}-key.pem", tmp_path / f"{name}.pem"
        make_identity(*files, name=name)
        made[name] = load_identity(*files)
        if system:
            add_certificate(system_id=system.pk, data=made[name].pem, actor=keeper, at=timezone.now())
    tell_gateways()
    return made


@pytest.fixture
def gateway(certificates, tmp_path):
    port = free_port()
    with running_gateway(tmp_path, environment={"DINH_CALLER_TLS_PORT": str(port)}) as running:
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
    assert eventually(
        lambda: [(row.client, row.outcome) for row in Exchange.objects.all()], [(OURS, "delivered")]
    ) == [(OURS, "delivered")]
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
    assert ask(gateway, certificates["ours"]).status_code == 200
    row = SystemCertificate.objects.get(system=world.client)

    revoke_certificate(system_id=world.client.pk, certificate_id=row.pk, actor=keeper, at=timezone.now())
    begun = time.monotonic()
    status = eventually(lambda: ask(gateway, certificates["ours"]).status_code, 500, seconds=5)

    assert (status, time.monotonic() - begun < 2) == (500, True)


def test_certificate_that_is_registered_later_comes_in(gateway, certificates, world, keeper):
    data = certificates["stranger"].pem

    add_certificate(system_id=world.client.pk, data=data, actor=keeper, at=timezone.now())
    gateway.take_up()

    assert ask(gateway, certificates["stranger"]).status_code == 200
