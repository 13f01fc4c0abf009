"""What was answered is in the log, whatever dies."""

import threading
import time

import httpx
import psycopg
import pytest
from django.db import connection

from dinh.exchange.gateway.batches import BatchSigner
from dinh.exchange.gateway.chain import next_link
from dinh.exchange.gateway.segments import LONGEST, Records, RecordTooLong, framed
from dinh.exchange.gateway.shipment import STAGE, Pace, ship_around, ship_segment
from dinh.exchange.gateway.shipper import waiting_segments
from dinh.exchange.models import Batch, Exchange, Total
from dinh.exchange.tests.running import RunningGateway, database_url, eventually, running_gateway
from dinh.exchange.tests.two_gateways import identity


def load(gateway, token, acknowledged, ended):
    """Call as fast as it goes; note the id of each whole answer."""
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        while not ended.is_set():
            try:
                answer = client.get(f"{gateway.url}/kho/1.0/small")
            except httpx.HTTPError:
                return
            if answer.status_code == 200:
                acknowledged.append(answer.headers["x-exchange-id"])


def test_killed_under_load_the_gateway_loses_no_acknowledged_exchange(gateway, token):
    acknowledged, ended = [], threading.Event()
    threads = [threading.Thread(target=load, args=(gateway, token, acknowledged, ended)) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(2.5)

    gateway.kill()
    ended.set()
    for thread in threads:
        thread.join()
    gateway.start()

    assert len(acknowledged) > 100

    def missing():
        logged = {str(pk) for pk in Exchange.objects.values_list("pk", flat=True)}
        return len(set(acknowledged) - logged)

    assert eventually(missing, 0, seconds=20) == 0
    assert eventually(lambda: waiting_segments(gateway.segments), []) == []


def test_without_the_database_calls_go_on_and_the_log_follows(gateway, token, world, tmp_path):
    """A gateway whose database is away: started from its last configuration, ships when it is back."""
    gateway.stop()
    before = Exchange.objects.count()
    gateway.database = "postgresql://nobody@127.0.0.1:1/away"
    gateway.start()

    health = gateway.health()
    fresh = gateway.token(*world.key_and_secret)
    answers = [gateway.call("/kho/1.0/small", fresh).status_code for _time in range(20)]

    assert (health["ok"], health["database"]) == (True, False)
    assert answers == [200] * 20
    assert Exchange.objects.count() == before
    gateway.kill()
    gateway.database = database_url()
    gateway.start()
    assert eventually(Exchange.objects.count, before + 20) == before + 20


def test_gateway_outlives_cut_connections(gateway, token):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name LIKE 'dinh-gateway%' AND datname = current_database()"
        )

    assert [gateway.call("/kho/1.0/small", token).status_code for _time in range(5)] == [200] * 5
    assert eventually(Exchange.objects.count, 5, seconds=20) == 5
    assert eventually(lambda: gateway.health()["database"], True)


def test_torn_tail_ends_a_segment(tmp_path):
    whole = [framed(each) for each in (b"one", b"two", b"six")]
    path = tmp_path / "1.log"

    for tail, found in ((b"", 3), (whole[2][:-1], 3), (b"\0" * 64, 3), (b"\xff" * 9, 3)):
        path.write_bytes(b"".join(whole) + tail)
        assert list(Records(path)) == [b"one", b"two", b"six"][:found]
    path.write_bytes(whole[0] + whole[1][:-1] + b"X" + whole[2])
    assert list(Records(path)) == [b"one"]


def test_record_is_read_as_long_as_it_may_be_written(tmp_path):
    records = [b"x" * 70_000, b"y" * LONGEST, b"z"]
    path = tmp_path / "1.log"
    path.write_bytes(b"".join(framed(each) for each in records))

    assert list(Records(path)) == records
    with pytest.raises(RecordTooLong):
        framed(b"x" * (LONGEST + 1))


def line(identity, outcome="delivered", status=200):
    fields = [identity, "1790000000000000", "oauth", "c", "p", "s", "1", "o", "\\N", "GET", "/", "m", "", "",
              str(status), outcome, "", "0", "0", "", "", "10", "5", "", ""]  # fmt: skip
    return "\t".join(fields).encode()


def segment(path, *lines):
    path.write_bytes(b"".join(framed(each) for each in lines))
    return path


@pytest.fixture
def staged(transactional_db):
    with psycopg.connect(database_url()) as own:
        own.execute(STAGE)
        own.commit()
        yield own


ONE, TWO = "01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"
THREE = "01900000-0000-7000-8000-000000000003"


def test_shipping_twice_changes_nothing_and_an_end_follows_its_beginning(staged, tmp_path):
    ship_segment(staged, segment(tmp_path / "1.log", line(ONE), line(TWO, "begun")), gateway="a")
    ship_segment(
        staged, segment(tmp_path / "2.log", line(ONE, "failed"), line(TWO, "delivered")), gateway="b"
    )
    ship_segment(staged, segment(tmp_path / "3.log", line(TWO, "begun"), line(TWO, "begun")), gateway="b")

    rows = Exchange.objects.order_by("pk").values_list("pk", "outcome", "gateway")
    assert [(str(pk), outcome, gateway) for pk, outcome, gateway in rows] == [
        (ONE, "delivered", "a"),
        (TWO, "delivered", "a"),
    ]
    assert list(tmp_path.iterdir()) == []
    summed = Total.objects.order_by("grain").values_list("grain", "gateway", "result", "calls", "duration_us")
    assert list(summed) == [(grain, "a", "answered", 2, 20) for grain in ("day", "hour", "minute")]


def test_parts_of_a_segment_are_spread_and_its_sums_are_of_the_whole(staged, tmp_path, monkeypatch):
    monkeypatch.setattr("dinh.exchange.gateway.shipment._PART", 2)
    signer = BatchSigner(identity(tmp_path / "key"), gateway="a")
    batches = [[line(ONE), line(TWO, "begun")], [line(THREE, "failed")], [line(TWO), line(ONE)]]
    records = [each for lines in batches for each in (*lines, signer.seal(lines))]
    rests: list[float] = []

    shipped = ship_segment(
        staged, segment(tmp_path / "1.log", *records), gateway="a", pace=Pace(9.0, rests.append)
    )

    found = Exchange.objects.order_by("pk").values_list("pk", "outcome", "leaf_index")
    assert [(str(pk), outcome, leaf) for pk, outcome, leaf in found] == [
        (ONE, "delivered", 0),
        (TWO, "delivered", 0),
        (THREE, "failed", 0),
    ]
    days = Total.objects.filter(grain="day").order_by("result")
    assert list(days.values_list("result", "calls")) == [("answered", 2), ("failed", 1)]
    assert shipped == 5
    assert Batch.objects.count() == 3
    # After the first of two parts: half of the nine seconds, less what the part took.
    assert [3.0 < rest <= 4.5 for rest in rests] == [True]


@pytest.mark.parametrize(
    ("name", "tail", "left"),
    [
        ("1.log", b"", []),
        ("1.log", b"\xff" * 9, ["1.torn"]),
        ("1.log", b"\0", ["1.torn"]),
        ("1.log", framed(b"x")[:-1] + framed(line(TWO)), ["1.torn"]),
        ("1.cut.log", b"\xff" * 9, []),
    ],
)
def test_segment_that_ends_before_its_end_stays_unless_a_crash_left_it(staged, tmp_path, name, tail, left):
    path = segment(tmp_path / name, line(ONE))
    path.write_bytes(path.read_bytes() + tail)

    assert ship_segment(staged, path, gateway="a") == 1

    assert [str(pk) for pk in Exchange.objects.values_list("pk", flat=True)] == [ONE]
    assert [each.name for each in tmp_path.iterdir()] == left
    assert waiting_segments(tmp_path) == []


def test_segment_stays_when_the_database_refuses_it(staged, tmp_path):
    path = segment(tmp_path / "1.log", line(ONE), line("no-uuid"))

    with pytest.raises(psycopg.Error):
        ship_segment(staged, path, gateway="a")

    assert path.exists()
    assert (Exchange.objects.count(), Total.objects.count()) == (0, 0)


def test_batch_that_the_database_refuses_stays_and_takes_no_other_with_it(staged, tmp_path):
    signer = BatchSigner(identity(tmp_path / "key"), gateway="a")
    sealed = []
    for lines in [[line(ONE)], [line("no-uuid"), line(TWO)], [line(THREE, "failed")]]:
        sealed.append((*lines, signer.seal(lines)))
        signer.kept()
    (folder := tmp_path / "log").mkdir()
    path = segment(folder / "1.log", *(record for records in sealed for record in records))

    for _time in range(2):
        assert ship_around(staged, path, gateway="a") == 1
        segment(path, *(record for records in sealed for record in records))

    assert [str(pk) for pk in Exchange.objects.order_by("pk").values_list("pk", flat=True)] == [ONE, THREE]
    assert list(Total.objects.filter(grain="day").order_by("result").values_list("result", "calls")) == [
        ("answered", 1),
        ("failed", 1),
    ]
    assert tuple(Records(folder / "1.refused")) == sealed[1]
    assert Batch.objects.count() == 2
    assert next_link(folder).number == 4


def test_two_gateways_ship_into_one_log(world, tmp_path):
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    with running_gateway(folders[0], name="a") as first, running_gateway(folders[1], name="b") as second:
        token = first.token(*world.key_and_secret)
        for gateway in (first, second):
            assert gateway.call("/kho/1.0/small", token).status_code == 200
        eventually(Exchange.objects.count, 2)

    assert sorted(Exchange.objects.values_list("gateway", flat=True)) == ["a", "b"]


def test_one_folder_takes_one_gateway(gateway, tmp_path):
    second = RunningGateway(tmp_path, gateway.database, name=gateway.name)

    with pytest.raises(AssertionError, match="set another DINH_GATEWAY_NAME"):
        second.start()


def test_segment_that_the_database_refuses_stays_beside(gateway, token):
    segment(gateway.segments / "00000000000000000001.log", line("no-uuid"))

    assert gateway.call("/kho/1.0/small", token).status_code == 200
    assert eventually(Exchange.objects.count, 1) == 1
    assert [path.name for path in gateway.segments.glob("*.refused")] == ["00000000000000000001.refused"]
