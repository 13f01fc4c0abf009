"""The whole log is checked: chains of batches, rows under them, timestamps over them."""

import json
import time

import pytest
from django.core.management import call_command

from dinh.exchange.gateway.batches import Batch as Sealed
from dinh.exchange.gateway.batches import BatchSigner
from dinh.exchange.gateway.chain import next_link, note_shipped
from dinh.exchange.gateway.segments import framed
from dinh.exchange.models import Batch, Beginning, Exchange
from dinh.exchange.queries.chains import verify_exchanges
from dinh.exchange.tests.log_rows import chained_log, stamp_all
from dinh.exchange.tests.running import eventually
from dinh.exchange.tests.two_gateways import identity


def codes():
    return [finding.code for finding in verify_exchanges()]


def test_chain_goes_on_over_restarts_and_kills(gateway, token):
    def call(times):
        for _time in range(times):
            gateway.call("/kho/1.0/small", token)

    call(2)
    gateway.call("/kho/1.0/large", token)
    gateway.stop()
    gateway.start()
    call(2)
    gateway.kill()
    gateway.start()
    call(1)
    time.sleep(1.2)
    gateway.kill()
    gateway.start()
    call(1)

    assert eventually(Exchange.objects.filter(batch_id__isnull=False).count, 7) == 7
    gateway.stop()
    numbers = list(Batch.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert Batch.objects.values("chain").distinct().count() == 1
    assert Beginning.objects.count() >= 1
    assert list(verify_exchanges()) == []


def test_link_follows_what_is_on_disk_and_what_was_shipped(tmp_path):
    log = tmp_path / "log"
    log.mkdir()
    assert next_link(log) is None
    signer = BatchSigner(identity(tmp_path / "key"), gateway="g")
    sealed = []
    for number in range(3):
        sealed.append(signer.seal([b"%d" % number]))
        signer.kept()
        (log / f"{number}.log").write_bytes(framed(b"%d" % number) + framed(sealed[-1]))

    after = next_link(log)

    assert (after.number, after.previous) == (4, Sealed.read(sealed[2]).root)
    for number in range(3):
        note_shipped(log, Sealed.read(sealed[number]))
        (log / f"{number}.log").unlink()
    assert next_link(log) == after
    note_shipped(log, Sealed.read(sealed[0]))
    assert next_link(log) == after


@pytest.fixture
def kept(db, tmp_path):
    """Four batches of three lines."""
    return chained_log(tmp_path, batches=4)


def test_whole_log_is_intact_and_the_command_says_so(kept, capsys):
    call_command("exchange_verify", "--json")

    told = json.loads(capsys.readouterr().out)
    assert (told["intact"], told["exchanges"], told["batches"], told["chains"]) == (True, 12, 4, 1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda log: log.rows(1)[0].delete(), ["exchange-missing"]),
        (lambda log: log.rows(1).filter(leaf_index=1).update(status=500), ["exchange-changed"]),
        (lambda log: log.add(1), ["exchange-added"]),
        (lambda log: log.remove(1), ["batch-missing"]),
        (lambda log: log.batch(1).update(number=9), ["batch-missing", "batch-missing", "batch-changed"]),
        (lambda log: log.batch(1).update(previous=b"x" * 32), ["chain-broken", "batch-changed"]),
        (lambda log: log.batch(2).update(signature=b"x"), ["batch-changed"]),
        (lambda log: log.forge(1), ["batch-changed", "chain-broken"]),
        (lambda log: log.swap(1, 2), ["batch-changed", "chain-broken"] * 2),
        (lambda log: Batch.objects.filter(pk=log.batches[1]).delete(), ["batch-missing"] + ["batch-missing"] * 3),
    ],
    ids=["row gone", "row changed", "row added", "batch gone", "renumbered", "unchained", "unsigned", "forged",
         "swapped", "batch gone, rows left"],
)  # fmt: skip
def test_each_change_is_found_and_named(kept, capsys, change, expected):
    change(kept)

    with pytest.raises(SystemExit) as ended:
        call_command("exchange_verify", "--json")

    found = json.loads(capsys.readouterr().out)["findings"]
    assert ended.value.code == 1
    assert sorted(each["code"] for each in found) == sorted(expected)
    assert all(each["batch"] for each in found)


def test_people_are_told_in_vietnamese_which_line_of_which_batch_was_changed(kept, capsys):
    victim = kept.rows(1)[1]
    kept.rows(1).filter(leaf_index=1).update(status=500)

    with pytest.raises(SystemExit):
        call_command("exchange_verify")

    changed, summary = capsys.readouterr().out.splitlines()
    assert changed == f"cổng g, lô {kept.batches[1]}, lượt trao đổi {victim.pk}: Dòng 1 của lô đã bị sửa."
    assert summary.startswith("12 lượt trao đổi (0 lượt chưa ký), 4 lô trong 1 chuỗi, ")
    assert ": ĐÃ BỊ CAN THIỆP (0," in summary


def test_missing_number_is_named(kept):
    kept.remove(1)

    (finding,) = verify_exchanges()

    assert (finding.batch, finding.gateway) == (str(kept.batches[2]), "g")
    assert f"thiếu lô 2 của chuỗi {Batch.objects.first().chain}" in finding.message


def test_batches_under_two_timestamps_are_there_and_missing_ones_are_not(kept):
    """Earlier releases could stamp the same batches twice at a time; the first timestamp was left without them."""
    stamp_all(kept)
    stamp_all(kept)

    assert codes() == []
    kept.remove(3)
    assert codes() == ["batch-missing", "batch-missing"]


def test_end_cut_off_after_its_timestamp_is_found(kept):
    stamp_all(kept)
    assert codes() == []
    kept.remove(3)

    assert codes() == ["batch-missing"]
