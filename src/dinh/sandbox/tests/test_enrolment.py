"""The next certificate of a gateway whose certificate is of an authority, by EST from the sandbox's."""

import os
import ssl
import threading
from datetime import UTC, datetime, timedelta
from io import StringIO

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.management import CommandError, call_command
from django.utils import timezone

from dinh.exchange.gateway.enrolment import NotEnrolled
from dinh.exchange.gateway.identity import files_of, load_identity, make_identity
from dinh.exchange.gateway.renewal import enrol_next, go_over, next_of
from dinh.exchange.gateway.settings import GatewaySettings
from dinh.exchange.models import GatewayBeat, GatewayCertificate
from dinh.exchange.operations.gateway_renewal import renew_gateway_keys
from dinh.exchange.tests.running import eventually, running_gateway
from dinh.exchange.tests.server_files import trusted_server
from dinh.exchange.tests.world import small_world
from dinh.sandbox.faults import Mode
from dinh.sandbox.server import Server
from dinh.signing.operations.demo import issue_demo_certificates

EST = "/.well-known/est"


@pytest.fixture
def authority(db, sandbox):
    issue_demo_certificates()
    return sandbox


def configured(tmp_path, est_url, *, key=None):
    """A gateway's settings, with key and certificate in another folder."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "own").mkdir()
    files = tmp_path / "etc" / "key.pem", tmp_path / "etc" / "certificate.pem"
    make_identity(*files, name="Cổng A", key=key)
    return GatewaySettings(
        "a", tmp_path / "own", "", "", "", key_file=files[0], certificate_file=files[1], est_url=est_url
    )


@pytest.mark.parametrize("kind", [ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey])
def test_issuer_gives_the_next_certificate_and_it_is_put_in_place_on_its_day(authority, tmp_path, kind):
    key = rsa.generate_private_key(65537, 2048) if kind is rsa.RSAPrivateKey else None
    settings = configured(tmp_path, f"{authority.address}{EST}", key=key)
    present, since = load_identity(*files_of(settings)), datetime.now(UTC) + timedelta(days=9)

    made = enrol_next(settings, since=since)

    issuer = x509.load_pem_x509_certificate((authority.folder / "ca.pem").read_bytes())
    made.certificate.verify_directly_issued_by(issuer)
    assert made.certificate.subject == present.certificates[0].subject
    assert load_identity(*files_of(settings)).fingerprint == present.fingerprint
    assert go_over(settings.folder, at=since - timedelta(minutes=1), files=files_of(settings)) is False
    assert go_over(settings.folder, at=since, files=files_of(settings)) is True
    after = load_identity(*files_of(settings))
    assert after.certificates == (made.certificate, issuer)
    assert isinstance(after.key, kind)
    assert oct(settings.key_file.stat().st_mode)[-3:] == "600"
    assert (os.listdir(settings.folder), sorted(os.listdir(tmp_path / "etc"))) == (
        [],
        ["certificate.pem", "key.pem"],
    )


@pytest.mark.parametrize("mode", [Mode.DOWN, Mode.GARBAGE])
def test_authority_that_fails_is_asked_for_the_same_key_again(authority, tmp_path, mode):
    settings = configured(tmp_path, f"{authority.address}{EST}")
    since = datetime.now(UTC) + timedelta(days=9)
    authority.faults.set("est", mode, count=1)

    with pytest.raises(NotEnrolled):
        enrol_next(settings, since=since)
    assert next_of(settings.folder) is None
    key = (settings.folder / "next-key.pem").read_bytes()
    enrol_next(settings, since=since)

    assert (settings.folder / "next-key.pem").read_bytes() == key
    assert next_of(settings.folder).since == since


def test_certificate_that_would_end_before_it_is_used_is_none(authority, tmp_path):
    settings = configured(tmp_path, f"{authority.address}{EST}")

    with pytest.raises(NotEnrolled, match="before it would be used"):
        enrol_next(settings, since=datetime.now(UTC) + timedelta(days=400))

    assert next_of(settings.folder) is None


@pytest.fixture
def by_tls(authority, tmp_path, monkeypatch):
    """The same authority by TLS, as the standard asks for; whom it lets in."""
    file = trusted_server(tmp_path / "server.pem", monkeypatch)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    server = Server(0)
    server.sandbox = authority
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server, context
    server.shutdown()
    server.server_close()
    thread.join()


def test_gateway_shows_its_present_certificate(by_tls, tmp_path):
    server, context = by_tls
    settings = configured(tmp_path, f"https://127.0.0.1:{server.server_port}{EST}")
    since = datetime.now(UTC) + timedelta(days=9)

    with pytest.raises(NotEnrolled):
        enrol_next(settings, since=since)
    context.load_verify_locations(cadata=load_identity(*files_of(settings)).pem.decode())

    assert enrol_next(settings, since=since).since == since


def test_gateway_gets_its_next_certificate_when_it_is_ordered_and_goes_over(
    transactional_db, sandbox, tmp_path
):
    issue_demo_certificates()
    small_world(base_url="http://127.0.0.1:1", service="kho", version="1.0", paths=["/small"])
    settings = configured(tmp_path, f"{sandbox.address}{EST}")
    environment = {
        "DINH_GATEWAY_KEY": str(settings.key_file),
        "DINH_GATEWAY_CERTIFICATE": str(settings.certificate_file),
        "DINH_GATEWAY_EST_URL": settings.est_url,
    }
    with running_gateway(tmp_path, environment=environment) as gateway:
        before = gateway.health()["certificate_until"]
        tells = lambda: GatewayBeat.objects.get().state.get("keys", {})  # noqa: E731
        assert eventually(tells, {"makes_keys": True}) == {"makes_keys": True}
        GatewayBeat.objects.update(renew_at=timezone.now() + timedelta(seconds=8))
        assert eventually(lambda: "next" in tells(), True) is True
        renew_gateway_keys(at=timezone.now())

        def until():
            try:
                return gateway.health()["certificate_until"]
            except httpx.HTTPError:
                return before

        assert eventually(lambda: until() != before, True, seconds=40) is True

    own = load_identity(*files_of(settings))
    assert [each.subject.rfc4514_string() for each in own.certificates] == ["CN=Cổng A", "CN=Demo CA,C=VN"]
    kept = GatewayCertificate.objects.get(used_from__isnull=False)
    assert (kept.pk, bytes(kept.chain)) == (own.fingerprint, own.pem)


def test_command_asks_the_issuer_and_tells_why_there_is_none(authority, tmp_path, monkeypatch):
    settings = configured(tmp_path, f"{authority.address}{EST}")
    (tmp_path / "exchange" / "thu").mkdir(parents=True)
    for name, value in {
        "DINH_DATA_DIR": tmp_path, "DINH_GATEWAY_NAME": "thu", "DINH_SECRET_KEY": "x" * 40,
        "DINH_GATEWAY_KEY": settings.key_file, "DINH_GATEWAY_CERTIFICATE": settings.certificate_file,
        "DINH_GATEWAY_EST_URL": settings.est_url,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    authority.faults.set("est", Mode.DOWN, count=1)
    told = StringIO()

    with pytest.raises(CommandError, match="does not answer"):
        call_command("exchange_gateway_key", "renew", stdout=told)
    call_command("exchange_gateway_key", "renew", stdout=told)

    row = GatewayCertificate.objects.get()
    assert (row.pk in told.getvalue(), row.gateway) == (True, "thu")
