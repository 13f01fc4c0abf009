"""A gateway's certificate is watched, and its next one put into use on its day."""

import os
from datetime import UTC, datetime, timedelta
from io import StringIO

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import CommandError, call_command
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.exchange.gateway.identity import load_identity, make_identity, own_files
from dinh.exchange.gateway.renewal import go_over, make_next, next_of
from dinh.exchange.models import Batch, GatewayBeat, GatewayCertificate, SystemCertificate
from dinh.exchange.operations.expiry import warn_of_expiring_keys
from dinh.exchange.tests.running import eventually
from dinh.exchange.tests.world import make_system
from dinh.notify.models import Notification


@pytest.fixture
def keeper(db):
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Of a gateway that has started on this machine."""
    own = tmp_path / "exchange" / "thu"
    own.mkdir(parents=True)
    make_identity(*own_files(own), name="Đình gateway thu")
    for name, value in {
        "DINH_DATA_DIR": tmp_path,
        "DINH_GATEWAY_NAME": "thu",
        "DINH_SECRET_KEY": "x" * 40,
    }.items():
        monkeypatch.setenv(name, str(value))
    for name in ("DINH_GATEWAY_KEY", "DINH_GATEWAY_CERTIFICATE"):
        monkeypatch.delenv(name, raising=False)
    return own


def renew(*words):
    told = StringIO()
    call_command("exchange_gateway_key", "renew", *words, stdout=told)
    return told.getvalue()


def in_use(identity, *, gateway="thu", seen_at=None, used_from=None):
    """As its shipper and its beat tell the database."""
    now = timezone.now()
    GatewayCertificate.objects.get_or_create(
        fingerprint=identity.fingerprint,
        defaults={
            "gateway": gateway, "chain": identity.pem, "first_seen_at": now, "used_from": used_from,
        },
    )  # fmt: skip
    GatewayBeat.objects.update_or_create(
        name=gateway, defaults={"certificate": identity.fingerprint, "seen_at": seen_at or now}
    )


def test_certificates_are_told_of_at_each_stage(keeper):
    owner = AppointmentFactory(roles=[Role.UNIT_HEAD])
    now = timezone.now()
    SystemCertificate.objects.create(
        system=make_system("A", unit=owner.unit), certificate=b"", fingerprint="a", subject_name="máy 1",
        issuer_name="", valid_from=now, valid_to=now + timedelta(days=40), created_at=now,
    )  # fmt: skip

    counts = []
    for days in (9, 10, 20, 26, 27, 33, 39, 39.5, 41):
        warn_of_expiring_keys(at=now + timedelta(days=days))
        counts.append(Notification.objects.count())

    assert counts == [0, 1, 1, 2, 2, 3, 4, 4, 4]
    assert set(Notification.objects.values_list("appointment_id", flat=True)) == {owner.pk}


def test_keepers_are_told_of_the_certificates_that_gateways_use(keeper, folder):
    identity = load_identity(*own_files(folder))
    now, ends = timezone.now(), identity.certificates[0].not_valid_after_utc
    in_use(identity, seen_at=ends)
    gone = folder.parent / "cu"
    gone.mkdir()
    make_identity(*own_files(gone), name="cũ", life=timedelta(days=1095, hours=1))
    in_use(load_identity(*own_files(gone)), gateway="cu", seen_at=now)

    told = [warn_of_expiring_keys(at=ends - timedelta(days=days)) for days in (31, 30, 29, 14, 3, 0.5)]
    told.append(warn_of_expiring_keys(at=ends + timedelta(days=1)))

    assert told == [0, 1, 1, 1, 1, 1, 1]
    rows = Notification.objects.order_by("pk")
    assert [row.appointment_id for row in rows] == [keeper.pk] * 4
    assert "`dinh exchange gateway-key renew`" in rows[0].text


def test_keepers_are_told_that_the_next_one_is_made(keeper, folder):
    renew()
    ends = load_identity(*own_files(folder)).certificates[0].not_valid_after_utc
    in_use(load_identity(*own_files(folder)), seen_at=ends)
    GatewayCertificate.objects.filter(used_from__isnull=False).update(used_from=ends - timedelta(days=7))

    warn_of_expiring_keys(at=ends - timedelta(days=20))

    assert "mọi cổng khác đã đăng ký" in Notification.objects.get().text


def test_next_certificate_stands_beside_the_present_one_until_its_day(db, folder):
    present = load_identity(*own_files(folder)).fingerprint

    told = renew("--from", (timezone.localdate() + timedelta(days=20)).isoformat())

    found = next_of(folder)
    row = GatewayCertificate.objects.get()
    assert load_identity(*own_files(folder)).fingerprint == present
    assert bytes(row.chain) == found.certificate.public_bytes(Encoding.PEM)
    assert (row.gateway, row.used_from, found.since.hour) == ("thu", found.since, 19)
    assert [present in told, row.pk in told, str(folder / "next-certificate.pem") in told] == [True] * 3
    assert oct((folder / "next-key.pem").stat().st_mode)[-3:] == "600"
    assert [entry.action for entry in trace_of(row)] == ["exchange.gateway.key_renewed"]
    assert go_over(folder, at=found.since - timedelta(minutes=1)) is False
    assert go_over(folder, at=found.since) is True
    assert load_identity(*own_files(folder)).fingerprint == row.pk
    assert (next_of(folder), sorted(os.listdir(folder))) == (None, ["certificate.pem", "key.pem"])


def test_going_over_that_was_cut_off_is_made_good(folder):
    made = make_next(folder, name="thu", since=datetime.now(UTC))
    (folder / "next-key.pem").rename(folder / "key.pem")

    assert go_over(folder, at=datetime.now(UTC)) is True

    assert load_identity(*own_files(folder)).certificates[0] == made.certificate


def test_renewal_refuses_what_would_not_work(db, folder, monkeypatch):
    refusals = []

    def refused(*words):
        with pytest.raises(CommandError) as refusal:
            renew(*words)
        refusals.append(str(refusal.value))

    refused("--from", "2090-01-01")
    monkeypatch.setenv("DINH_GATEWAY_NAME", "khac")
    refused()
    monkeypatch.setenv("DINH_GATEWAY_NAME", "thu")
    renew()
    refused()
    for name, file in zip(("KEY", "CERTIFICATE"), own_files(folder), strict=True):
        monkeypatch.setenv(f"DINH_GATEWAY_{name}", str(file))
    refused()

    assert [text.split(":")[0].split(",")[0] for text in refusals] == [
        f"Chứng thư số hiện tại hết hạn ngày {timezone.now() + timedelta(days=1095):%Y-%m-%d}",
        "Chưa có cổng nào mang tên này chạy trên máy.", "Cổng đã có chứng thư số kế tiếp",
        "Khóa của cổng này do cấu hình chỉ định",
    ]  # fmt: skip
    assert GatewayCertificate.objects.count() == 1


def test_gateway_goes_over_by_itself_and_keeps_its_log(gateway, token, monkeypatch):
    """Its batches go on in the same chain, signed by the next key."""
    own = {"DINH_DATA_DIR": gateway.folder, "DINH_GATEWAY_NAME": gateway.name, "DINH_SECRET_KEY": "x" * 40}
    for name, value in own.items():
        monkeypatch.setenv(name, str(value))
    process, before = gateway.process.pid, gateway.health()
    gateway.call("/kho/1.0/small", token)
    eventually(Batch.objects.count, 1)

    renew("--now")
    last = eventually(lambda: _until(gateway) not in ("", before["certificate_until"]), True, seconds=30)

    assert (last, gateway.process.pid, gateway.process.poll()) == (True, process, None)
    assert gateway.health()["next_certificate_from"] is None
    assert gateway.call("/kho/1.0/small", token).status_code == 200
    assert eventually(Batch.objects.count, 2) == 2
    one, two = Batch.objects.order_by("signed_at")
    new = GatewayCertificate.objects.get(used_from__isnull=False)
    assert (one.certificate != two.certificate, two.certificate, two.chain) == (True, new.pk, one.chain)
    assert (two.number, bytes(two.previous)) == (one.number + 1, bytes(one.root))


def _until(gateway):
    """Between its end and its new beginning nobody answers: as before."""
    try:
        return gateway.health()["certificate_until"]
    except httpx.HTTPError:
        return ""
