"""Timestamps over the batches of the exchange's log from the sandbox's server, and evidence that rests on them."""

import hashlib
import io
import subprocess
import uuid
import zipfile
from datetime import UTC, datetime

import pytest
from django.utils.translation import override

from dinh.audit.api import trace_of
from dinh.audit.evidence.report import BatchReport, Verdict
from dinh.audit.evidence.verification import verify_evidence
from dinh.audit.keys import sealing_signer
from dinh.audit.merkle import inclusion_path, leaf_hash, root_from_path
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange.gateway.batches import stamp_statement
from dinh.exchange.models import Batch, BatchStamp, Exchange
from dinh.exchange.operations.evidence import NoEvidence, export_evidence
from dinh.exchange.operations.stamping import stamp_batches
from dinh.exchange.tasks import stamp_what_was_signed
from dinh.exchange.tests.log_rows import make_exchange, signed_log
from dinh.exchange.tests.world import make_system
from dinh.notify.models import Notification
from dinh.pki.api import (
    HttpTimestampClient,
    TimestampUnavailable,
    TrustStore,
    WrongSignature,
    verify_timestamp,
    write_asice,
)
from dinh.sandbox.faults import Mode

NOON = datetime(2026, 9, 1, 5, tzinfo=UTC)


def make_batches(count):
    rows = [
        Batch(
            id=uuid.UUID(int=number + 1), gateway="g", signed_at=NOON, root=b"", leaves=b"", certificate="",
            signature=hashlib.sha256(b"%d" % number).digest(),
        )
        for number in range(count)
    ]  # fmt: skip
    Batch.objects.bulk_create(rows)


@pytest.mark.django_db
def test_one_timestamp_proves_many_signatures(people, sandbox):
    make_batches(7)

    assert stamp_batches() == 7
    assert stamp_batches() == 0

    rows = Batch.objects.select_related("stamp")
    (stamp,) = {row.stamp for row in rows}
    data = bytes(stamp.leaves)
    leaves = [data[at : at + 32] for at in range(0, len(data), 32)]
    for row in rows:
        path = inclusion_path(leaves, row.stamp_position)
        leaf = leaf_hash(bytes(row.signature))
        assert root_from_path(leaf, path, position=row.stamp_position, count=7) == bytes(stamp.root)
    signed = stamp_statement(count=7, root=bytes(stamp.root))
    checked = verify_timestamp(data=signed, token=bytes(stamp.token))
    trust = TrustStore.of(anchors=[(sandbox.folder / "root.pem").read_bytes()])
    assert (checked.stamped_at, checked.is_trusted_by(trust)) == (stamp.stamped_at, True)
    assert not checked.is_trusted_by(TrustStore(()))
    with pytest.raises(WrongSignature):
        verify_timestamp(data=signed + b" ", token=bytes(stamp.token))


@pytest.mark.django_db
def test_two_that_stamp_the_same_batches_leave_one_timestamp(people, sandbox, monkeypatch):
    make_batches(3)
    ask = HttpTimestampClient.stamp

    def ask_after_another(client, digest):
        monkeypatch.setattr(HttpTimestampClient, "stamp", ask)
        assert stamp_batches() == 3
        return ask(client, digest)

    monkeypatch.setattr(HttpTimestampClient, "stamp", ask_after_another)

    assert stamp_batches() == 0

    stamp = BatchStamp.objects.get()
    assert list(stamp.batches.order_by("id").values_list("stamp_position", flat=True)) == [0, 1, 2]


@pytest.mark.django_db
@pytest.mark.parametrize("mode", [Mode.DOWN, Mode.GARBAGE, Mode.WRONG_SIGNATURE, Mode.STALE])
def test_without_a_good_timestamp_batches_wait_for_the_next_time(people, sandbox, mode):
    make_batches(2)
    sandbox.faults.set("tsa", mode, count=2)

    with pytest.raises(TimestampUnavailable):
        stamp_batches()
    stamp_what_was_signed(timestamp=0)
    assert Batch.objects.filter(stamp=None).count() == 2
    stamp_what_was_signed(timestamp=0)

    assert Batch.objects.filter(stamp=None).count() == 0


@pytest.mark.django_db
def test_keepers_are_told_of_signatures_that_wait_for_half_an_hour(people, sandbox):
    keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
    make_batches(2)
    sandbox.faults.set("tsa", Mode.DOWN, count=3)
    notices = Notification.objects.filter(kind="exchange.stamps").values_list("appointment_id", "text")

    for minutes in (29, 31, 32):
        stamp_what_was_signed(timestamp=int(NOON.timestamp()) + minutes * 60)
        assert notices.count() == (minutes > 29)

    ((told, text),) = notices
    assert (told, "Từ 01/09/2026 12:00, chữ ký của nhật ký chưa có dấu thời gian" in text) == (
        keeper.pk,
        True,
    )
    stamp_what_was_signed(timestamp=int(NOON.timestamp()) + 3 * 3600)
    assert (notices.count(), Batch.objects.filter(stamp=None).count()) == (1, 0)


@pytest.mark.django_db
def test_without_a_server_nothing_is_stamped(settings):
    settings.TIMESTAMP_URL = ""
    make_batches(1)

    assert stamp_batches() == 0
    assert Batch.objects.filter(stamp=None).count() == 1


@pytest.fixture
def log(people, sandbox, tmp_path):
    """Three exchanges of a system of the leader's unit, in one signed batch."""
    unit = people[0].unit
    own, foreign = make_system("NHA", unit=unit), make_system("KHAC")
    return signed_log(tmp_path, client=own.identifier, provider=foreign.identifier)


def export(log, people, number=1):
    exported = log.exchanges[number]
    with export_evidence(exchange_id=exported.pk, actor=people[0], at=NOON) as bundle:
        return bundle.read()


def trusting(log, sandbox):
    anchors = [log.identity.pem, (sandbox.folder / "root.pem").read_bytes(), sealing_signer().certificates[0]]
    return TrustStore.of(anchors=anchors)


def codes(report):
    return [reason.code for reason in report.reasons]


@pytest.mark.django_db
def test_evidence_proves_one_exchange_offline(log, people, sandbox):
    data = export(log, people)

    report = verify_evidence(data=data, trust=trusting(log, sandbox))

    stamp = Batch.objects.get().stamp
    assert (report.verdict, codes(report), report.proved) == (Verdict.VALID, [], 1)
    assert report.target == f"exchange.exchange:{log.exchanges[1].pk}"
    assert (report.record["response_sha256"], report.record["user_id"]) == ("ba78", "VN012")
    assert report.batch == BatchReport(
        batch=str(Batch.objects.get().pk), signed_at=Batch.objects.get().signed_at.isoformat(),
        stamped_at=stamp.stamped_at.isoformat(), signed=True, trusted=True,
        signer="CN=Cổng thử", fingerprint=log.identity.fingerprint,
    )  # fmt: skip
    assert [entry.action for entry in trace_of(log.exchanges[1])] == ["exchange.exchange.exported"]


@pytest.mark.django_db
def test_represented_party_is_found_shown_and_proved(people, sandbox, tmp_path, client):
    system = make_system("NHA", unit=people[0].unit)
    log = signed_log(
        tmp_path, client=system.identifier, provider="VN/GOV/X/Y", count=2, represented_party="GOV/H03.9"
    )
    make_exchange(client=system.identifier)
    client.force_login(people[0].person.account)

    page = client.get("/exchange/log/", {"q": "GOV/H03.9"})
    told = client.get("/api/v1/exchange/log", {"q": "GOV/H03.9"}).json()["items"]
    detail = client.get(f"/exchange/log/{log.exchanges[1].pk}/").content.decode()
    report = verify_evidence(data=export(log, people), trust=trusting(log, sandbox))

    assert {row.pk for row in page.context["page"]} == {row.pk for row in log.exchanges}
    assert [each["represented_party"] for each in told] == ["GOV/H03.9"] * 2
    assert detail.count("GOV/H03.9") == 1
    assert (report.verdict, report.record["represented_party"]) == (Verdict.VALID, "GOV/H03.9")


@pytest.mark.django_db
def test_evidence_without_trust_is_indeterminate_and_without_a_stamp_says_so(log, people, sandbox):
    sandbox.faults.set("tsa", Mode.DOWN)

    data = export(log, people)

    assert codes(verify_evidence(data=data, trust=TrustStore(()))) == [
        "stamp-missing", "batch-untrusted", "container-signer",
    ]  # fmt: skip
    report = verify_evidence(data=data, trust=trusting(log, sandbox))
    assert (report.verdict, codes(report)) == (Verdict.VALID, ["stamp-missing"])


def altered(data, **members):
    """The bundle with other members, signed anew by whoever altered it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    kept = {name: content for name, content in kept.items() if name != "mimetype" and "META-INF" not in name}
    for name, change in members.items():
        name = name.replace("_", ".")
        kept[name] = change(kept[name])
    return write_asice(
        members={name: content for name, content in kept.items() if content}, signer=sealing_signer()
    )


def swapped(old, new):
    return lambda content: content.replace(old, new, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({"record_txt": swapped(b"\t200\t", b"\t500\t")}, ["record-changed", "record-fields"]),
        ({"record_json": swapped(b'"200"', b'"500"')}, ["record-fields"]),
        ({"proof_json": swapped(b'"position":1', b'"position":2')}, ["record-changed"]),
        ({"batch_json": swapped(b'"count":3', b'"count":2')}, ["record-changed", "batch-signature"]),
        ({"batch_json": swapped(b'"gateway":"g"', b'"gateway":"h"')}, ["batch-signature"]),
        ({"batch_p7s": lambda _content: b""}, ["batch-signature-missing"]),
        ({"batch_p7s": lambda content: content[:-9] + b"\0" * 9}, ["batch-signature"]),
        ({"stamp_json": swapped(b'"count":1', b'"count":2')}, ["stamp-changed"]),
        ({"stamp_json": swapped(b'"version":1', b'"version": 1')}, ["stamp-signature"]),
        ({"stamp_tst": lambda content: content[:-9] + b"\0" * 9}, ["stamp-signature"]),
        ({"stamp_json": lambda _content: b""}, ["unreadable"]),
        ({"proof_json": lambda _content: b"[]"}, ["unreadable"]),
        ({"batch_json": swapped(b'"version":2', b'"version":9')}, ["unreadable"]),
    ],
)
def test_tampered_evidence_is_invalid_with_its_reason(log, people, sandbox, members, found):
    data = export(log, people)

    report = verify_evidence(data=altered(data, **members), trust=trusting(log, sandbox))

    assert (report.verdict, codes(report)) == (Verdict.INVALID, found)


@pytest.mark.django_db
def test_altered_container_is_told_too(log, people, sandbox):
    data = export(log, people)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry, content + b" " if entry.filename == "README.txt" else content)

    report = verify_evidence(data=out.getvalue(), trust=trusting(log, sandbox))

    assert (report.verdict, codes(report)) == (Verdict.INVALID, ["container-altered"])


@pytest.mark.django_db
def test_a_row_that_was_changed_gives_no_evidence(log, people):
    Exchange.objects.filter(pk=log.exchanges[0].pk).update(status=500)
    Exchange.objects.filter(pk=log.exchanges[1].pk).update(batch_id=None)

    for number, words in ((0, "changed afterwards"), (1, "no signed batch")):
        with override("en"), pytest.raises(NoEvidence, match=words):
            export(log, people, number)


@pytest.mark.django_db
def test_a_generic_program_checks_the_signature_on_the_batch(log, people, sandbox, tmp_path):
    with zipfile.ZipFile(io.BytesIO(export(log, people))) as archive:
        archive.extractall(tmp_path)

    def ran(*command):
        return subprocess.run(
            ["openssl", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    signature = ran(
        "cms", "-verify", "-binary", "-inform", "DER", "-in", "batch.p7s", "-content", "batch.json",
        "-CAfile", "certificate.pem", "-purpose", "any", "-partial_chain", "-out", "out",
    )  # fmt: skip
    stamp = ran(
        "ts", "-verify", "-token_in", "-in", "stamp.tst", "-data", "stamp.json",
        "-CAfile", str(sandbox.folder / "root.pem"), "-untrusted", str(sandbox.folder / "ca.pem"),
    )  # fmt: skip

    assert (signature.returncode, (tmp_path / "out").read_bytes()) == (
        0, (tmp_path / "batch.json").read_bytes(),
    ), signature.stderr  # fmt: skip
    assert stamp.returncode == 0, stamp.stderr


@pytest.mark.django_db
def test_evidence_is_for_the_parties_only(log, people, sandbox, client):
    exchange = log.exchanges[0]
    page, rest = f"/exchange/log/{exchange.pk}/", f"/api/v1/exchange/log/{exchange.pk}/evidence"
    stranger = AccountFactory(current_appointment=AppointmentFactory(roles=[Role.UNIT_HEAD]))

    client.force_login(stranger)
    assert client.get(page).status_code == 404
    assert [client.post(f"{page}evidence/").status_code, client.post(rest).status_code] == [404, 404]
    client.force_login(people[0].person.account)
    shown = client.get(page)
    downloads = [client.post(f"{page}evidence/"), client.post(rest, headers={"Idempotency-Key": "e-1"})]

    assert "Tải gói bằng chứng" in shown.content.decode()
    for download in downloads:
        assert download["Content-Type"] == "application/vnd.etsi.asic-e+zip", download.content
        report = verify_evidence(data=b"".join(download), trust=trusting(log, sandbox))
        assert report.proved == 1
