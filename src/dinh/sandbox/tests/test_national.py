"""Our gateway and the sandbox's national one over the real wire, which misbehaves on request."""

import hashlib
import json
import ssl
import threading
from base64 import b64encode
from datetime import date, timedelta

import httpx
import pytest
from django.core.management import call_command
from django.utils import timezone

from dinh.exchange.gateway.identity import load_identity, make_identity
from dinh.exchange.models import Exchange, Member, System
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.tests.running import eventually, running_gateway
from dinh.exchange.tests.two_gateways import register_peer_of
from dinh.sandbox.faults import Faults, Mode
from dinh.sandbox.national import National, NationalServer

CLIENT = "VN/GOV/H03.01/MOTCUA"
PATH = "/r1/VN/GOV/000.00.00.G22/vpcpdvcprovider/tra-cuu/ho-so?ma=1"


@pytest.fixture(scope="module")
def shared_national(tmp_path_factory):
    folder = tmp_path_factory.mktemp("national")
    pki = folder / "pki"
    pki.mkdir()
    make_identity(pki / "national-key.pem", pki / "national.pem", name="Quốc gia")
    past = {"since": timezone.now() - timedelta(days=20), "life": timedelta(days=10)}
    make_identity(pki / "national-expired-key.pem", pki / "national-expired.pem", name="Quốc gia", **past)
    found = National(pki, folder / "exchange", Faults(), slow_seconds=0.5)
    server = NationalServer(0, found)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield found, server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def shared_gateway(django_db_setup, django_db_blocker, shared_national):
    """Ours, for all tests: none changes the registry or ends a gateway. Committed, and cleared at the end."""
    found, port = shared_national
    folder = found.gateways.parent
    with django_db_blocker.unblock():
        member = Member.objects.create(code="H03.01", name="Văn phòng UBND", valid_from=date(2020, 1, 1))
        System.objects.create(member=member, code="MOTCUA", name="Một cửa", created_at=timezone.now())
        keys = load_identity(found.folder / "national-key.pem", found.folder / "national.pem")
        register_peer_of("000.00.00.G22", keys, f"https://127.0.0.1:{port}")
        tell_gateways()
        with running_gateway(folder, environment={"DINH_XROAD_NETWORKS": "127.0.0.0/8"}) as running:
            yield running
        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def national(shared_national):
    """The national gateway as if just started."""
    shared_national[0].faults = Faults()
    return shared_national


@pytest.fixture
def gateway(shared_gateway, national, db):
    return shared_gateway


@pytest.fixture
def own_log(gateway):
    """Of the log what this test did: what tests before it did may be shipped later."""
    return Exchange.objects.filter(started_at__gte=timezone.now())


def ask(gateway, method="GET", **more):
    headers = {"X-Road-Client": CLIENT, "X-Road-Id": "m-1"}
    return httpx.request(method, gateway.url + PATH, headers=headers, trust_env=False, timeout=15, **more)


def test_national_gateway_answers_over_the_wire(gateway, national, own_log):
    body = json.dumps({"maHoSo": "H03-1"}).encode()

    answers = [ask(gateway, "POST", content=body), ask(gateway)]

    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert answers[0].json() == {
        "gateway": "national", "method": "POST", "path": PATH.partition("?")[0], "client": CLIENT, "message": "m-1",
        "sha256": b64encode(hashlib.sha256(body).digest()).decode(), "bytes": len(body),
    }  # fmt: skip
    assert eventually(own_log.count, 2) == 2
    certificate = load_identity(national[0].folder / "national-key.pem", national[0].folder / "national.pem")
    rows = own_log.values_list("provider", "service", "outcome", "peer_key")
    assert set(rows) == {
        ("VN/GOV/000.00.00.G22/vpcpdvcprovider", "tra-cuu", "delivered", certificate.fingerprint)
    }


@pytest.mark.parametrize(
    ("mode", "kind", "logged"),
    [
        (Mode.WRONG_SIGNATURE, "Server.ClientProxy.InvalidSignatureValue", ("failed", "peer-signature")),
        (Mode.WRONG_DIGEST, "Server.ClientProxy.InvalidSignatureValue", ("failed", "peer-signature")),
        (Mode.REPLAY, "Server.ClientProxy.InvalidSignatureValue", ("failed", "peer-signature")),
        (Mode.EXPIRED, "Server.ClientProxy.InvalidSignatureValue", ("failed", "peer-signature")),
        (Mode.ERROR, "Server.ServerProxy.ServiceFailed.InternalError", ("refused", "by-peer")),
        (Mode.DOWN, "Server.ServerProxy.ServiceFailed", ("failed", "provider-hung-up")),
    ],
)
def test_misbehaviour_is_told_and_logged(gateway, national, own_log, mode, kind, logged):
    assert ask(gateway).status_code == 200
    # A repeatable call on a kept connection is tried once more.
    national[0].faults.set("national", mode, count=2 if mode is Mode.DOWN else 1)

    answer = ask(gateway)

    assert (answer.status_code, answer.json()["type"], answer.headers["x-road-error"]) == (500, kind, kind)
    assert ask(gateway).status_code == 200
    assert eventually(own_log.count, 3) == 3
    found = own_log.order_by("started_at").values_list("outcome", "reason")[1]
    assert found == logged


def test_slow_one_is_waited_for(gateway, national):
    national[0].faults.set("national", Mode.SLOW, count=1)

    assert ask(gateway).status_code == 200


def test_gateway_that_is_not_known_gets_no_answer(gateway, national, tmp_path):
    make_identity(tmp_path / "k.pem", tmp_path / "c.pem", name="Lạ")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")

    with pytest.raises(httpx.HTTPError):
        httpx.get(f"https://127.0.0.1:{national[1]}/r1/x", verify=context, trust_env=False)
