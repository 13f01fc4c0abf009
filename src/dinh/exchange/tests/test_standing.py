"""What gateways tell of themselves, and what the keepers are told of it."""

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange.gateway.identity import load_identity, make_identity
from dinh.exchange.gateway.limits import Limit
from dinh.exchange.gateway.peers import Peer, PeerConnections, PeerKey, trust
from dinh.exchange.gateway.standing import Standing
from dinh.exchange.gateway.upstream import Upstreams
from dinh.exchange.models import GatewayBeat
from dinh.exchange.operations.gateway_alerts import warn_of_gateways
from dinh.exchange.tests.running import eventually, problem
from dinh.notify.models import Notification


@pytest.fixture
def keeper(db):
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


def beat(name="a", *, ago=0.0, **state):
    GatewayBeat.objects.update_or_create(
        name=name,
        defaults={
            "certificate": "", "seen_at": timezone.now() - timedelta(seconds=ago), "state": state,
        },
    )  # fmt: skip


def texts():
    return list(Notification.objects.order_by("pk").values_list("text", flat=True))


def test_gateway_that_is_gone_is_told_of_once(keeper):
    AppointmentFactory(roles=[Role.ADMINISTRATOR])
    now = timezone.now()
    beat("song")
    beat("mat", ago=90, segments_left=3)
    beat("cu", ago=8 * 86_400)

    counts = [warn_of_gateways(at=now + timedelta(seconds=seconds)) for seconds in (0, 10, 50)]

    assert counts == [1, 1, 1]
    row = Notification.objects.get()
    assert (row.appointment_id, row.text.startswith("Không có tín hiệu của cổng mat từ")) == (keeper.pk, True)


def test_gateway_that_comes_and_goes_floods_nobody(keeper):
    noon = datetime(2026, 3, 2, 5, tzinfo=UTC)
    for minute in range(0, 60, 2):
        gone_at = noon + timedelta(minutes=minute)
        beat("mat")
        GatewayBeat.objects.update(seen_at=gone_at)
        warn_of_gateways(at=gone_at + timedelta(seconds=61))

    assert Notification.objects.count() == 1
    GatewayBeat.objects.update(seen_at=noon + timedelta(hours=1))
    warn_of_gateways(at=noon + timedelta(minutes=62))
    assert Notification.objects.count() == 2


def test_files_that_are_laid_aside_one_by_one_flood_nobody(keeper):
    now = timezone.now()
    for count in range(1, 65):
        beat(segments_left=count)
        warn_of_gateways(at=now)

    assert [int(text.split(" ")[0]) for text in texts()] == [1, 2, 4, 8, 16, 32, 64]


def test_what_is_wrong_with_a_gateway_is_told(keeper):
    now = time.time()
    unreached = {"peer": "VN/GOV/G22/CONG", "why": "provider-unreachable", "since": now - 60, "at": now}
    beat(
        log_well=False, log_waits_s=301, segments_left=2, failing=[{"to": "h:1", "why": "x", "open": True}],
        peers=[
            unreached, unreached | {"peer": "VN/GOV/1/MOI", "since": now - 10},
            unreached | {"peer": "VN/GOV/2/TOT", "why": ""},
        ],
    )  # fmt: skip

    assert warn_of_gateways(at=timezone.now()) == 4

    assert texts() == [
        "Đĩa của cổng a không ghi được nhật ký: cổng không cho lượt gọi nào đi qua.",
        "Nhật ký của cổng a chưa được chuyển đi đã 5 phút.",
        "2 tệp nhật ký của cổng a không nhập được trọn vẹn và đang nằm riêng trong thư mục của cổng (.refused, .torn).",
        "Cổng a không kết nối được tới VN/GOV/G22/CONG: Không kết nối được bên cung cấp (provider-unreachable).",
    ]
    warn_of_gateways(at=timezone.now())
    assert len(texts()) == 4


def test_gateway_of_an_earlier_release_and_one_that_is_well_are_not_told_of(keeper):
    beat("cu")
    beat("moi", log_well=True, log_waits_s=300, segments_left=0, failing=[], peers=[])

    assert (warn_of_gateways(at=timezone.now()), texts()) == (0, [])


def test_keepers_see_how_the_gateways_stand(keeper, client):
    beat(peers=[{"peer": "VN/GOV/G22/CONG", "why": "certificate-refused", "since": time.time(), "at": 0}],
         failing=[{"to": "10.1.2.3:80", "why": "provider-timeout", "open": True}])  # fmt: skip
    pages = {}
    for name, own in (("keeper", keeper), ("other", AppointmentFactory(roles=[Role.UNIT_HEAD]))):
        client.force_login(AccountFactory(current_appointment=own))
        page = client.get("/exchange/dashboard/").content.decode()
        pages[name] = (
            "Chứng thư số không được chấp nhận (certificate-refused)" in page,
            "10.1.2.3:80" in page,
        )
        told = client.get("/api/v1/exchange/gateways").json()
        pages[f"{name} told"] = [(each["name"], each["peers"][0]["why"]) for each in told]

    assert pages == {
        "keeper": (True, True), "keeper told": [("a", "certificate-refused")],
        "other": (False, False), "other told": [],
    }  # fmt: skip


def test_provider_away_fails_fast_and_recovers(gateway, world, token, upstream):
    port = upstream.server_address[1]
    upstream.shutdown()
    upstream.server_close()

    codes = [problem(gateway.call("/kho/1.0/small", token)) for _time in range(7)]
    begun = time.monotonic()
    last = gateway.call("/kho/1.0/small", token)

    assert codes[:5] == [(502, "provider-unreachable")] * 5 or codes[0] == (502, "provider-hung-up")
    assert problem(last) == (503, "provider-away")
    assert int(last.headers["retry-after"]) >= 1
    assert time.monotonic() - begun < 0.5
    assert port


def test_gateway_tells_of_its_log_and_of_providers_that_fail(gateway, token, upstream):
    left = gateway.segments / "x.refused"
    left.write_bytes(b"")
    upstream.shutdown()
    upstream.server_close()
    for _time in range(6):
        gateway.call("/kho/1.0/small", token)

    def told():
        state = GatewayBeat.objects.get().state
        return (
            state.get("log_well"),
            state.get("segments_left"),
            [each["open"] for each in state.get("failing", [])],
        )

    assert eventually(told, (True, 1, [True]), seconds=15) == (True, 1, [True])
    (failing,) = GatewayBeat.objects.get().state["failing"]
    assert failing["to"] == upstream.url.removeprefix("http://")
    assert 0 <= time.time() - failing["since"] < 60


@pytest.fixture
def ends(tmp_path):
    """Ours, theirs, a stranger's."""
    made = []
    for name in ("ours", "theirs", "stranger"):
        files = tmp_path / f"{name}-key.pem", tmp_path / f"{name}.pem"
        make_identity(*files, name=name)
        made.append(load_identity(*files))
    return made


def peer_at(port, identity):
    der = identity.certificates[0].public_bytes(Encoding.DER)
    key = PeerKey(identity.fingerprint, identity.key.public_key(), 0, time.time() + 99, der)
    return Peer(1, f"VN/GOV/{port}/X", "VN/", "127.0.0.1", port, {key.fingerprint: key}, Limit(1, 1))


def test_peers_are_tried_with_both_certificates(ends, tmp_path):
    ours, theirs, stranger = ends
    log = tmp_path / "log"
    log.mkdir()
    (log / "1.log").write_bytes(b"")
    os.utime(log / "1.log", (time.time() - 400, time.time() - 400))
    (log / "1.torn").write_bytes(b"")

    async def listening(lets_in):
        context = PeerConnections(theirs).server()
        trust(context, [lets_in.certificates[0].public_bytes(Encoding.DER)])
        return await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0, ssl=context)

    async def found():
        servers = [await listening(ours), await listening(stranger)]
        ports = [each.sockets[0].getsockname()[1] for each in servers]
        peers = [
            peer_at(ports[0], theirs),
            peer_at(ports[1], theirs),
            peer_at(ports[0], stranger),
            peer_at(1, theirs),
        ]
        peers = [Peer(i, f"VN/{i}", each.prefix, each.host, each.port, each.keys, each.limit)
                 for i, each in enumerate(peers)]  # fmt: skip
        upstreams = Upstreams()
        standing = Standing(
            log, upstreams, PeerConnections(ours), is_log_well=lambda: True, peers=lambda: peers
        )
        await standing._probe()
        told = await standing._found()
        since = [each["since"] for each in told["peers"]]
        await asyncio.sleep(1)
        await standing._probe()
        again = await standing._found()
        upstreams.close()
        for each in servers:
            each.close()
        return told, since == [each["since"] for each in again["peers"]]

    told, is_since_kept = asyncio.run(found())

    assert [each["why"] for each in told["peers"]] == [
        "", "certificate-refused", "provider-unreachable", "provider-unreachable",
    ]  # fmt: skip
    assert (is_since_kept, told["segments_left"], 399 <= told["log_waits_s"] <= 405) == (True, 1, True)
