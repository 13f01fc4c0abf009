"""Old exchanges leave the log for files, and can still be proved."""

import gzip
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils.html import escape

from dinh.audit.api import trace_of
from dinh.audit.evidence.report import Verdict
from dinh.audit.evidence.verification import verify_evidence
from dinh.audit.keys import sealing_signer
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange.models import Archive, Batch, Beginning, Exchange
from dinh.exchange.operations import archiving
from dinh.exchange.operations.archiving import NotArchived, archive_log
from dinh.exchange.operations.evidence import export_evidence
from dinh.exchange.queries.chains import verify_exchanges
from dinh.exchange.tests.log_rows import chained_log
from dinh.exchange.tests.shared.test_attacks import HOSTILE
from dinh.pki.api import TrustStore
from dinh.storage.api import read_blob
from dinh.storage.models import Blob

SINCE = datetime(2025, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 3, 15, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def log(tmp_path, settings):
    """Six batches of three lines, twenty days apart: 10 and 30 January, 19 February, 11 and 31 March, 20 April 2025."""
    settings.EXCHANGE_LOG_MONTHS, settings.TIMESTAMP_URL = 12, ""
    made = chained_log(tmp_path, batches=6, since=SINCE, every=timedelta(days=20))
    stray = made.rows(0)[0]
    stray.pk, stray.batch_id, stray.leaf_index = "01900000-0000-7000-8000-000000000001", None, None
    stray.save(force_insert=True)
    return made


@pytest.fixture
def keeper():
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


def codes():
    return [finding.code for finding in verify_exchanges()]


def test_whole_months_leave_the_log_and_the_files_are_a_chain(log):
    assert archive_log(at=NOW) == 10
    assert archive_log(at=NOW) == 0

    january, february = Archive.objects.all()
    assert [(each.month, each.exchanges) for each in (january, february)] == [
        (date(2025, 1, 1), 7), (date(2025, 2, 1), 3),
    ]  # fmt: skip
    assert (january.previous, february.previous) == ("", january.content_id)
    assert Exchange.objects.count() == 9
    assert {bytes(batch.leaves) for batch in january.batches.all()} == {b""}
    first, *rest = gzip.decompress(read_blob(february.content_id)).splitlines()
    assert json.loads(first) == {"version": 1, "number": 2, "previous": january.content_id}
    assert [json.loads(line)["batch"] for line in rest] == [str(log.batches[2])]
    assert [entry.action for entry in trace_of(january)] == ["exchange.archive.made"]
    assert list(verify_exchanges()) == []


@pytest.mark.parametrize("party", HOSTILE.values())
def test_whom_a_call_was_for_leaves_as_it_was_signed(tmp_path, settings, keeper, client, party):
    """On the page, as JSON, as evidence, and out of the archive; nowhere does it become markup or another line."""
    settings.EXCHANGE_LOG_MONTHS, settings.TIMESTAMP_URL = 12, ""
    log = chained_log(tmp_path, batches=1, since=SINCE, represented_party=party)
    row = log.rows(0)[1]
    client.force_login(AccountFactory(current_appointment=keeper))

    for is_archived in (False, True):
        if is_archived:
            assert archive_log(at=NOW) == 3
        told = client.get(f"/api/v1/exchange/log/{row.pk}").json()
        page = client.get(f"/exchange/log/{row.pk}/").content.decode()
        with export_evidence(exchange_id=row.pk, actor=keeper, at=NOW) as bundle:
            trust = TrustStore.of(anchors=[log.identity.pem, *sealing_signer().certificates])
            report = verify_evidence(data=bundle, trust=trust)
        assert (told["represented_party"], told["outcome"]) == (party, "delivered")
        assert f">{escape(party)}</dd>" in page
        assert (report.verdict, report.record["represented_party"]) == (Verdict.VALID, party)
    assert codes() == []


@pytest.mark.parametrize(("months", "archived"), [(0, 0), (11, 16), (200, 0)])
def test_months_stay_as_long_as_it_is_set(log, settings, months, archived):
    settings.EXCHANGE_LOG_MONTHS = months

    assert archive_log(at=NOW) == archived


def test_evidence_of_an_archived_exchange_is_still_to_be_had(log, keeper, client):
    old = log.rows(2)[1]
    archive_log(at=NOW)
    assert not Exchange.objects.filter(pk=old.pk).exists()
    client.force_login(AccountFactory(current_appointment=keeper))

    page = client.get(f"/exchange/log/{old.pk}/")
    told = client.get(f"/api/v1/exchange/log/{old.pk}").json()
    with export_evidence(exchange_id=old.pk, actor=keeper, at=NOW) as bundle:
        trust = TrustStore.of(anchors=[log.identity.pem, *sealing_signer().certificates])
        report = verify_evidence(data=bundle, trust=trust)

    assert (page.status_code, page.context["standing"].is_unaltered) == (200, True)
    assert (told["id"], told["client"], told["user_id"]) == (str(old.pk), old.client, "***")
    assert (report.verdict, report.proved, report.record["id"]) == (Verdict.VALID, 1, str(old.pk))
    stranger = AppointmentFactory(roles=[Role.UNIT_HEAD])
    client.force_login(AccountFactory(current_appointment=stranger))
    assert client.get(f"/exchange/log/{old.pk}/").status_code == 404
    assert client.get(f"/api/v1/exchange/log/{old.pk}").status_code == 404


def test_what_is_not_as_signed_stays(log):
    log.rows(2).filter(leaf_index=1).update(status=500)

    with pytest.raises(NotArchived, match=str(log.batches[2])):
        archive_log(at=NOW)

    assert Archive.objects.count() == 1
    assert log.rows(2).count() == 3
    assert codes() == ["exchange-changed"]


@pytest.mark.parametrize("where", ["store_bytes", "_check", "record"])
def test_ended_at_any_moment_it_is_done_once_and_nothing_is_lost(log, monkeypatch, where):
    class Killed(BaseException):
        pass

    def killed(*_given, **_named):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(archiving, where, killed)
        with pytest.raises(Killed):
            archive_log(at=NOW)
    assert (Exchange.objects.count(), Archive.objects.count()) == (19, 0)

    assert archive_log(at=NOW) == 10
    assert (Exchange.objects.count(), codes()) == (9, [])


def test_two_at_once_archive_a_volume_once(log, monkeypatch):
    """Another one was quicker while ours wrote its file."""
    check = archiving._check

    def other_first(*given, **named):
        monkeypatch.setattr(archiving, "_check", check)
        archive_log(at=NOW)
        check(*given, **named)

    monkeypatch.setattr(archiving, "_check", other_first)
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        archive_log(at=NOW)
    monkeypatch.setattr(archiving, "_check", check)
    archive_log(at=NOW)

    assert (Exchange.objects.count(), sum(Archive.objects.values_list("exchanges", flat=True)), codes()) == (
        9,
        10,
        [],
    )


def test_changed_and_missing_volumes_are_found(log):
    archive_log(at=NOW)
    january, february = Archive.objects.all()
    Archive.objects.filter(pk=february.pk).update(content=january.content_id)
    assert codes() == ["volume-changed"]
    Archive.objects.filter(pk=february.pk).update(content=february.content_id, previous="0" * 64)
    assert codes() == ["volume-missing", "volume-changed"]
    Archive.objects.filter(pk=february.pk).update(previous=january.content_id)
    Batch.objects.filter(pk=log.batches[2]).update(root=b"x" * 32)
    assert sorted(codes()) == ["batch-changed", "chain-broken", "leaves-changed"]


def test_beginnings_go_with_their_batches(log):
    row = log.rows(0)[2]
    from dinh.exchange.gateway.records import line_of

    Beginning.objects.create(batch_id=row.batch_id, leaf_index=2, line=line_of(vars(row)))
    row.delete()

    assert archive_log(at=NOW) == 10

    assert Beginning.objects.count() == 0
    assert codes() == []
    assert Blob.objects.count() == 2
