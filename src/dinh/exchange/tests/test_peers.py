"""Other gateways in the registry."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange.gateway.limits import Limit
from dinh.exchange.gateway.peers import Peer as Known
from dinh.exchange.gateway.peers import PeerTable
from dinh.exchange.gateway.refusals import Refusal
from dinh.exchange.gateway.relay import WireFront
from dinh.exchange.gateway.requests import Incoming
from dinh.exchange.gateway.snapshot import CONFIGURATION_SQL, Snapshot, snapshot_of
from dinh.exchange.models import Configuration, Peer
from dinh.exchange.operations.credentials import revoke_certificate
from dinh.exchange.operations.members import AlreadyThere, NotInThatState
from dinh.exchange.operations.peers import NewPeer, end_peer, register_peer
from dinh.exchange.tests.two_gateways import certify, identity
from dinh.exchange.tests.world import make_system
from dinh.kernel.errors import InvalidInput, NotPermitted

NOON = datetime(2026, 9, 1, 5, tzinfo=UTC)
ADDRESS = "https://gateway.example:8443"
pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper():
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


def configuration() -> str:
    with connection.cursor() as cursor:
        cursor.execute(CONFIGURATION_SQL)
        return cursor.fetchone()[0]


def told_to_gateways():
    return json.loads(configuration())["peers"]


def register(system, actor, address=ADDRESS, serves="member"):
    return register_peer(system_id=system.pk, new=NewPeer(address, serves), actor=actor, at=NOON)


def test_keeper_connects_a_gateway_and_the_others_are_told(keeper, tmp_path):
    system = make_system("CONG")
    certificate = certify(system, identity(tmp_path))

    peer = register(system, keeper, f"{ADDRESS}/")

    version = Configuration.objects.get().version
    (told,) = told_to_gateways()
    assert (peer.address, told["address"], told["identifier"], told["prefix"]) == (
        ADDRESS, ADDRESS, "VN/GOV/H03.CONG/CONG", "VN/GOV/H03.CONG/",
    )  # fmt: skip
    assert len(told["certificates"]) == 1
    revoke_certificate(system_id=system.pk, certificate_id=certificate.pk, actor=keeper, at=NOON)
    assert told_to_gateways()[0]["certificates"] == []
    end_peer(peer_id=peer.pk, actor=keeper, at=NOON)
    assert told_to_gateways() == []
    assert Configuration.objects.get().version == version + 2
    actions = [entry.action for entry in trace_of(system)]
    assert actions == ["exchange.peer.registered", "exchange.certificate.revoked", "exchange.peer.ended"]
    with pytest.raises(NotInThatState):
        end_peer(peer_id=peer.pk, actor=keeper, at=NOON)


def test_whole_instance_may_be_served(keeper):
    register(make_system("QUOCGIA"), keeper, serves="instance")

    assert [told["prefix"] for told in told_to_gateways()] == ["VN/"]


def test_system_is_one_gateway_at_a_time(keeper):
    system = make_system("CONG")
    first = register(system, keeper)

    with pytest.raises(AlreadyThere):
        register(system, keeper)
    end_peer(peer_id=first.pk, actor=keeper, at=NOON)

    assert register(system, keeper).pk != first.pk


@pytest.mark.parametrize(
    "address",
    ["", "http://a:1", "https://a", "https://:1", "https://a:x", "https://a:99999", "https://u@a:1", "https://a:1/path",
     "https://a:1?q", "https://a:1#f", "ftp://a:1"],
)  # fmt: skip
def test_address_must_be_plain(keeper, address):
    with pytest.raises(InvalidInput) as refusal:
        register(make_system("CONG"), keeper, address)

    assert refusal.value.field == "address"
    assert Peer.objects.count() == 0


def test_nobody_else_connects_gateways(keeper, client):
    head = AppointmentFactory(roles=[Role.UNIT_HEAD])
    system = make_system("CONG", unit=head.unit)
    peer = register(system, keeper)
    url, rest = f"/exchange/systems/{system.pk}/peer/", f"/api/v1/exchange/systems/{system.pk}/peer"

    with pytest.raises(NotPermitted):
        end_peer(peer_id=peer.pk, actor=head, at=NOON)
    client.force_login(AccountFactory(current_appointment=head))
    sent = {"address": "https://b:1", "serves": "member"}
    found = [
        client.post(url, sent).status_code,
        client.post(f"{url}{peer.pk}/end/").status_code,
        client.post(f"{rest}/end", {}, content_type="application/json").status_code,
        client.get("/api/v1/exchange/peers").json(),
    ]

    assert found == [404, 404, 404, []]
    assert "/peer/" not in client.get(f"/exchange/systems/{system.pk}/").content.decode()
    assert Peer.objects.get().ended_at is None


def test_on_screen_and_by_rest(keeper, client):
    system = make_system("CONG")
    client.force_login(AccountFactory(current_appointment=keeper))
    page = f"/exchange/systems/{system.pk}/"
    rest = f"/api/v1/exchange/systems/{system.pk}/peer"

    client.post(f"{page}peer/", {"address": ADDRESS, "serves": "instance", "daily_quota": "77", "rate": "x"})
    assert not Peer.objects.exists()
    client.post(f"{page}peer/", {"address": ADDRESS, "serves": "instance", "daily_quota": "77", "rate": "5"})
    assert ADDRESS in client.get(page).content.decode()
    client.post(f"{page}peer/{Peer.objects.get().pk}/end/")
    made = client.post(
        rest, {"address": ADDRESS}, content_type="application/json", headers={"Idempotency-Key": "1"}
    )
    bad = client.post(
        rest, {"address": "x"}, content_type="application/json", headers={"Idempotency-Key": "2"}
    )
    listed = client.get("/api/v1/exchange/peers").json()
    ended = client.post(f"{rest}/end", {}, content_type="application/json", headers={"Idempotency-Key": "3"})

    assert (made.status_code, made.json()["serves"], bad.status_code, ended.status_code) == (
        201,
        "member",
        422,
        200,
    )
    assert [row["system"] for row in listed] == ["VN/GOV/H03.CONG/CONG"]
    assert Peer.objects.filter(ended_at=None).count() == 0


def test_more_special_gateway_serves_first():
    country, province = (
        Known(1, name, prefix, "h", 1, {}, Limit(1, 1))
        for name, prefix in (("quốc gia", "VN/"), ("tỉnh", "VN/GOV/H04/"))
    )
    table = PeerTable([country, province])

    assert table.serving("VN/GOV/H04/LGSP") is province
    assert table.serving("VN/GOV/H041/LGSP") is country
    assert table.serving("LA/GOV/H04/LGSP") is None


def called_as(snapshot: Snapshot, peer: str, client: str) -> str:
    """Whom a call of this gateway in this name is taken for, or why it is refused."""
    known = next(each for each in snapshot.peers.peers if each.identifier == peer)
    incoming = Incoming(b"GET", b"/", b"", b"", {b"x-road-client": client.encode()}, None, False, "")
    try:
        return WireFront(known).identify(incoming, snapshot, None, 0).identifier
    except Refusal as refusal:
        return refusal.code


def test_peer_of_an_instance_speaks_neither_for_our_systems_nor_for_who_has_a_gateway(keeper, settings):
    national, theirs = make_system("QUOCGIA"), make_system("TINH")
    register(national, keeper, serves="instance")
    register(theirs, keeper)
    own, outside = make_system("NHA", unit=UnitFactory()), make_system("BO")

    snapshot = snapshot_of(configuration(), secret=settings.SECRET_KEY)

    def found(peer):
        return [called_as(snapshot, peer, each.identifier) for each in (own, outside, theirs, national)]

    assert found(national.identifier) == [
        "another-client", outside.identifier, "another-client", national.identifier,
    ]  # fmt: skip
    assert found(theirs.identifier) == [
        "another-client", "another-client", theirs.identifier, "another-client",
    ]  # fmt: skip
    assert called_as(snapshot, national.identifier, "VN/GOV/H03.KHONG/CO") == "unknown-client"
