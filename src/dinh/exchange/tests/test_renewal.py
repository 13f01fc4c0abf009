"""A gateway's certificate is watched, and its next one put into use on its day."""

import os
from datetime import UTC, datetime, timedelta
from io import StringIO

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import CommandError, call_command
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange import renewal_rules
from dinh.exchange.gateway.identity import load_identity, make_identity, own_files
from dinh.exchange.gateway.renewal import Renewing, go_over, make_next, next_of
from dinh.exchange.gateway.settings import settings_from_environment
from dinh.exchange.models import Batch, GatewayBeat, GatewayCertificate, SystemCertificate
from dinh.exchange.operations.expiry import warn_of_expiring_keys
from dinh.exchange.operations.gateway_renewal import renew_gateway_keys
from dinh.exchange.tests.running import eventually
from dinh.exchange.tests.two_gateways import register_peer_of
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


@pytest.mark.parametrize("broken", [b"", None])
def test_next_key_that_does_not_fit_its_certificate_is_not_gone_over_to(folder, broken):
    present = load_identity(*own_files(folder)).fingerprint
    made = make_next(folder, name="thu", since=datetime.now(UTC))
    (folder / "next-key.pem").write_bytes((folder / "key.pem").read_bytes() if broken is None else broken)

    assert go_over(folder, at=made.since) is False

    assert load_identity(*own_files(folder)).fingerprint == present
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
    new = GatewayCertificate.objects.get(used_from__isnull=False)
    # On a busy machine an answer is logged in two batches: its beginning, and its end.
    after = Batch.objects.filter(certificate=new.pk).order_by("number")
    assert eventually(after.exists, True) is True
    one, two = Batch.objects.exclude(certificate=new.pk).order_by("number").last(), after[0]
    assert two.chain == one.chain
    assert (two.number, bytes(two.previous)) == (one.number + 1, bytes(one.root))


def told_by(identity, ends_in, *, name="thu", at, **keys):
    """A gateway of this name, whose certificate ends in so long, as its beat tells."""
    in_use(identity, gateway=name, seen_at=at)
    GatewayBeat.objects.filter(name=name).update(state={"keys": {"makes_keys": True} | keys})
    return identity.certificates[0].not_valid_after_utc - ends_in


def made_for(folder, name, *, life):
    own = folder.parent / name
    own.mkdir()
    make_identity(*own_files(own), name=name, life=life)
    return load_identity(*own_files(own))


def test_next_keys_are_ordered_in_time_and_on_different_days(db, folder):
    for name in ("b", "c"):
        identity = made_for(folder, name, life=timedelta(days=1095))
        at = told_by(identity, timedelta(days=61), name=name, at=timezone.now())
    GatewayBeat.objects.update(seen_at=at)

    orders = [renew_gateway_keys(at=at), renew_gateway_keys(at=at + timedelta(days=1.1))]
    orders.append(renew_gateway_keys(at=at + timedelta(days=1.2)))

    days = [timezone.localtime(row.renew_at) for row in GatewayBeat.objects.order_by("name")]
    ordered_on = timezone.localdate(at + timedelta(days=1.1))
    assert orders == [0, 2, 0]
    assert [(day.date() - ordered_on).days for day in days] == [21, 22]
    assert {day.hour for day in days} == {2}


def test_next_key_comes_before_the_end_also_if_it_is_ordered_late(db, folder):
    now = timezone.now()
    late = told_by(made_for(folder, "b", life=timedelta(days=5)), timedelta(days=5), name="b", at=now)
    ended = made_for(folder, "c", life=timedelta(seconds=1))
    told_by(ended, timedelta(), name="c", at=now)

    renew_gateway_keys(at=now)

    wanted = dict(GatewayBeat.objects.values_list("name", "renew_at"))
    assert abs(wanted["b"] - (late + timedelta(days=4))) < timedelta(minutes=1)
    assert timedelta(minutes=4) < wanted["c"] - now < timedelta(minutes=6)


def test_an_order_that_a_gateway_was_away_for_is_given_anew(db, folder):
    identity = made_for(folder, "b", life=timedelta(days=1095))
    at = told_by(identity, timedelta(days=50), name="b", at=timezone.now())
    GatewayBeat.objects.update(seen_at=at, renew_at=at - timedelta(days=1))

    orders = [renew_gateway_keys(at=at) for _twice in range(2)]

    assert orders == [1, 0]
    assert (timezone.localdate(GatewayBeat.objects.get().renew_at) - timezone.localdate(at)).days == 21


def test_a_gateway_makes_no_key_for_a_moment_that_has_gone_by(folder):
    renewing, wanted = Renewing(settings_from_environment()), datetime.now(UTC) + timedelta(days=1)

    renewing.make(datetime.now(UTC) - timedelta(seconds=1))
    renewing.make(wanted)

    # The first question would have been the only one for an hour.
    assert eventually(lambda: (found := next_of(folder)) and found.since, wanted) == wanted


def test_no_key_is_ordered_where_it_is_configured_or_made_already(db, folder):
    now = timezone.now()
    for name, keys in (("b", {"makes_keys": False}), ("c", {"next": _next_told(folder)})):
        told_by(made_for(folder, name, life=timedelta(days=5)), timedelta(), name=name, at=now, **keys)
    in_use(made_for(folder, "cu", life=timedelta(days=5)), gateway="cu")

    assert renew_gateway_keys(at=now) == 0
    assert set(GatewayBeat.objects.values_list("renew_at", flat=True)) == {None}


def _next_told(folder):
    made = make_next(folder, name="thu", since=datetime.now(UTC) + timedelta(days=9))
    pem = made.certificate.public_bytes(Encoding.PEM).decode()
    return {"certificate": pem, "since": made.since.isoformat()}


def test_days_of_renewal_are_dated(db, folder, tmp_path, settings):
    settings.LAW_DIR = str(tmp_path)
    (tmp_path / "gateway_renewal.toml").write_text(
        "[[renewal]]\ndays_before_end = 90\ndays_to_register = 30\nsource = 'QĐ 1/QĐ-SKHCN'\n"
        "valid_from = 2026-01-01\n"
    )
    renewal_rules._rules.cache_clear()
    identity = made_for(folder, "b", life=timedelta(days=1095))
    at = told_by(identity, timedelta(days=89), name="b", at=timezone.now())
    GatewayBeat.objects.update(seen_at=at)

    try:
        assert renew_gateway_keys(at=at) == 1
    finally:
        renewal_rules._rules.cache_clear()

    wanted = timezone.localdate(GatewayBeat.objects.get().renew_at)
    assert (wanted - timezone.localdate(at)).days == 30


def test_keepers_are_told_of_a_next_certificate_once_and_see_it(keeper, folder, client):
    now = timezone.now()
    following = _next_told(folder)
    told_by(load_identity(*own_files(folder)), timedelta(), at=now, next=following)

    for minute in range(2):
        renew_gateway_keys(at=now + timedelta(minutes=minute))

    row = GatewayCertificate.objects.get(used_from__isnull=False)
    assert bytes(row.chain).decode() == following["certificate"]
    assert [entry.action for entry in trace_of(row)] == ["exchange.gateway.key_renewed"]
    notice = Notification.objects.get()
    assert (notice.appointment_id, notice.text.startswith("Cổng thu đã tạo chứng thư số kế tiếp")) == (
        keeper.pk,
        True,
    )
    client.force_login(AccountFactory(current_appointment=keeper))
    (shown,) = client.get("/api/v1/exchange/gateways").json()
    assert shown["next_certificate"] == following["certificate"]
    assert following["certificate"] in client.get("/exchange/dashboard/").content.decode()


def test_next_certificate_is_registered_wherever_the_present_one_is(keeper, folder):
    now, following = timezone.now(), _next_told(folder)
    present = load_identity(*own_files(folder))
    peer = register_peer_of("H99", present)
    register_peer_of("H98", made_for(folder, "b", life=timedelta(days=5)))
    told_by(present, timedelta(), at=now, next=following)

    for minute in range(2):
        renew_gateway_keys(at=now + timedelta(minutes=minute))

    found = SystemCertificate.objects.filter(system=peer.system).order_by("pk")
    registered = [x509.load_der_x509_certificate(bytes(row.certificate)) for row in found]
    assert [each.public_bytes(Encoding.PEM) for each in registered] == [
        present.pem,
        following["certificate"].encode(),
    ]
    assert SystemCertificate.objects.count() == 3
    actions = [(entry.action, entry.person_name) for entry in trace_of(peer.system)]
    assert actions == [("exchange.certificate.registered", "Đình")]


def test_next_certificate_does_not_follow_one_that_was_revoked(keeper, folder):
    now, present = timezone.now(), load_identity(*own_files(folder))
    peer = register_peer_of("H99", present)
    peer.system.certificates.update(revoked_at=now)
    told_by(present, timedelta(), at=now, next=_next_told(folder))

    renew_gateway_keys(at=now)

    assert peer.system.certificates.count() == 1


def test_keepers_are_told_what_to_do_for_a_configured_key(keeper, folder):
    now = timezone.now()
    told_by(made_for(folder, "b", life=timedelta(days=5)), timedelta(), name="b", at=now, makes_keys=False)

    warn_of_expiring_keys(at=now)

    assert "DINH_GATEWAY_CERTIFICATE" in Notification.objects.get().text


def test_gateway_makes_its_next_key_when_it_is_ordered(gateway):
    """And tells of it; an order for a certificate that it no longer uses is none."""
    own = gateway.folder / "exchange" / gateway.name
    since = timezone.now() + timedelta(days=9)
    tells = lambda: GatewayBeat.objects.get().state.get("keys", {})  # noqa: E731
    assert eventually(tells, {"makes_keys": True}) == {"makes_keys": True}

    GatewayBeat.objects.update(renew_at=since, certificate="0" * 64)
    eventually(lambda: GatewayBeat.objects.get().certificate == "0" * 64, False)
    assert (GatewayBeat.objects.get().renew_at, next_of(own)) == (None, None)
    GatewayBeat.objects.update(renew_at=since)

    assert eventually(lambda: "next" in tells(), True) is True
    renew_gateway_keys(at=timezone.now())
    made = GatewayCertificate.objects.get(used_from__isnull=False)
    assert (next_of(own).since, made.used_from) == (since, since)
    assert bytes(made.chain) == next_of(own).certificate.public_bytes(Encoding.PEM)


def _until(gateway):
    """Between its end and its new beginning nobody answers: as before."""
    try:
        return gateway.health()["certificate_until"]
    except httpx.HTTPError:
        return ""
