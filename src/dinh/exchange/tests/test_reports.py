"""Monthly reports: what they tell, who sees them, and that a closed one stays as it is."""

import io
import json
import re
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest
from openpyxl import load_workbook

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange.models import (
    Alarm,
    ClientSecret,
    Exchange,
    MonthlyReport,
    Peer,
    System,
    SystemCertificate,
    Total,
)
from dinh.exchange.operations.archiving import archive_log
from dinh.exchange.operations.grants import approve_grant, revoke_grant
from dinh.exchange.operations.reports import close_month
from dinh.exchange.queries.reports import Scope, report_of, scope_of
from dinh.exchange.reasons import reason_text
from dinh.exchange.reporting import read_report, tables_of
from dinh.exchange.tests.log_rows import chained_log, make_exchange, sum_up
from dinh.exchange.tests.world import make_grant, make_secret, make_system, make_version
from dinh.kernel.calendar import VIETNAM
from dinh.notify.models import Notification
from dinh.storage.api import read_blob

pytestmark = pytest.mark.django_db
OCTOBER = date(2026, 10, 1)
MONDAY = datetime(2026, 11, 2, 9, tzinfo=VIETNAM)
"""The first working day of November 2026: the first of it was a Sunday."""
OURS, THEIRS = "VN/GOV/H03.A/A", "VN/GOV/H03.D/D"


def local(month, day, hour=9):
    return datetime(2026, month, day, hour, tzinfo=VIETNAM)


def call(at, *, ms=10, client=OURS, provider=THEIRS, service="kho", **more):
    return make_exchange(
        started_at=at, duration_us=ms * 1000, upstream_us=0, client=client, provider=provider,
        service=service, **more,
    )  # fmt: skip


@pytest.fixture
def units():
    """Whose systems call (A) and offer (D), since September."""
    made = [UnitFactory(), UnitFactory()]
    for code, unit in zip("AD", made, strict=True):
        make_system(code, unit=unit)
    System.objects.update(created_at=local(9, 1))
    return made


@pytest.fixture
def owner(units):
    return AppointmentFactory(unit=units[1], roles=[Role.UNIT_HEAD])


@pytest.fixture
def keeper():
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


@pytest.fixture
def monday(monkeypatch):
    """For pages, which ask what time it is."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: MONDAY)


@pytest.fixture
def calls(units):
    """20 answered in October, four failed, one refused; five the month before; some at its borders."""
    for ms in range(1, 19):
        call(local(10, 5), ms=ms)
    call(local(10, 1, 0))
    call(local(10, 31, 23))
    call(local(10, 6), outcome="failed", status=504, reason="provider-timeout")
    call(local(10, 6), status=500)
    call(local(10, 6), status=500)
    call(local(10, 6), status=503)
    call(local(10, 7), outcome="refused", status=403, reason="no-grant", service="khac")
    call(local(10, 8), reason="trial")
    for _number in range(5):
        call(local(9, 30, 23))
    call(local(11, 1, 0))
    sum_up()


def test_report_tells_calls_errors_and_latencies(calls):
    found = report_of(Scope(None), OCTOBER, at=MONDAY)

    total = found.total
    assert (total.calls, total.answered, total.failed, total.refused, total.before) == (25, 20, 4, 1, 5)
    assert total.available_percent == pytest.approx(100 * 20 / 24)
    assert total.change_percent == 400
    kho, khac = found.offered
    assert (kho.name, kho.calls, kho.failed, kho.before) == ("kho", 24, 4, 5)
    assert (khac.name, khac.refused, khac.available_percent, khac.before) == ("khac", 1, None, 0)
    assert kho.median_ms == pytest.approx(10, rel=0.15)
    assert kho.slow_ms == pytest.approx(17, rel=0.15)
    assert kho.slow_ms <= kho.slowest_ms <= 20
    assert [(row.name, row.title, row.calls) for row in found.clients] == [(OURS, "Hệ thống A", 25)]
    assert [(row.name, row.calls) for row in found.days if row.calls] == [
        ("2026-10-01", 1), ("2026-10-05", 18), ("2026-10-06", 4), ("2026-10-07", 1), ("2026-10-31", 1),
    ]  # fmt: skip
    assert (len(found.days), found.until, found.is_over) == (31, "2026-10-31", True)
    assert [(row.code, row.result, row.calls) for row in found.faults] == [
        ("status-500", "failed", 2), ("no-grant", "refused", 1), ("provider-timeout", "failed", 1),
        ("status-503", "failed", 1),
    ]  # fmt: skip


def test_month_that_is_not_over_is_told_so_far(calls):
    found = report_of(Scope(None), date(2026, 11, 1), at=MONDAY)

    assert (found.is_over, found.until, len(found.days)) == (False, "2026-11-02", 2)
    assert (found.total.calls, found.total.before) == (1, 25)


def test_unit_sees_what_it_called_and_what_it_offered(calls, units):
    call(local(10, 9), client=THEIRS, provider="VN/GOV/H03.X/X", service="xa")
    call(local(10, 9), client="VN/GOV/H03.X/X", provider="VN/GOV/H03.Y/Y", service="la")
    sum_up_again()

    found = report_of(scope_of(units[1]), OCTOBER, at=MONDAY)

    assert [(row.name, row.calls) for row in found.offered] == [("kho", 24), ("khac", 1)]
    assert [(row.name, row.calls) for row in found.called] == [("xa", 1)]
    assert [(row.name, row.calls) for row in found.clients] == [(OURS, 25), (THEIRS, 1)]
    assert (found.total.calls, found.peers) == (26, ())


def sum_up_again():
    Total.objects.all().delete()
    sum_up()


def test_peers_grants_endings_and_alarms_of_the_month(calls, units, owner):
    ours, theirs = System.objects.order_by("code")
    version = make_version(theirs, base_url="http://x.test", service="kho", version="1", paths=["/a"])
    grant = make_grant(ours, version, owner, state="asked", valid_to=date(2027, 1, 1))
    make_grant(ours, version, owner, valid_from=OCTOBER, valid_to=date(2026, 10, 31))
    approve_grant(grant_id=grant.pk, reason="", actor=owner, at=local(10, 10))
    revoke_grant(grant_id=grant.pk, reason="Hết cần", actor=owner, at=local(10, 20))
    outside = make_system("P")
    Peer.objects.create(
        system=outside, address="https://p.test", created_at=local(9, 1), ended_at=local(10, 30)
    )
    Peer.objects.create(system=make_system("Q"), address="https://q.test", created_at=local(11, 1))
    call(local(10, 3), provider="VN/GOV/H03.P/S", service="ngoai")
    call(local(10, 3), client="VN/GOV/H03.P/T")
    make_secret(theirs)
    ClientSecret.objects.update(created_at=local(9, 1), expires_at=local(12, 30))
    for name, days in (("gần", 59), ("xa", 61)):
        SystemCertificate.objects.create(
            system=ours, certificate=b"", fingerprint=name, subject_name=name, valid_from=local(9, 1),
            created_at=local(9, 1), valid_to=local(11, 1, 0) + timedelta(days=days),
        )  # fmt: skip
    for day in (3, 4):
        Alarm.objects.create(service="kho", hour=local(10, day), calls=10, failed=5)
    Alarm.objects.create(service="kho", hour=local(11, 1, 0), calls=10, failed=5)
    sum_up_again()

    found = report_of(Scope(None), OCTOBER, at=MONDAY)

    assert [(row.address, row.sent, row.received, row.ended_on) for row in found.peers] == [
        ("https://p.test", 1, 1, "2026-10-30")
    ]
    assert [(row.move, row.day, row.reason) for row in found.grants] == [
        ("new", "2026-10-10", "Thử"), ("revoked", "2026-10-20", "Hết cần"), ("expired", "2026-10-31", ""),
    ]  # fmt: skip
    assert [(row.kind, row.label, row.day) for row in found.endings] == [
        ("certificate", "gần", "2026-12-30"), ("key", "thử", "2026-12-30"),
    ]  # fmt: skip
    assert [(row.service, row.hours, row.first_on, row.last_on) for row in found.alarms] == [
        ("kho", 2, "2026-10-03", "2026-10-04")
    ]
    mine = report_of(scope_of(units[0]), OCTOBER, at=MONDAY)
    assert ([row.kind for row in mine.endings], mine.alarms, len(mine.grants)) == (["certificate"], (), 3)


def test_report_takes_as_many_statements_for_few_as_for_many(calls, django_assert_num_queries):
    with django_assert_num_queries(12):
        report_of(Scope(None), OCTOBER, at=MONDAY)
    for number in range(30):
        call(local(10, 5), client=f"VN/GOV/H03.{number}/S", service=f"dv{number}")
    sum_up_again()

    with django_assert_num_queries(12):
        assert len(report_of(Scope(None), OCTOBER, at=MONDAY).offered) == 32


def test_archived_month_is_told_as_before(tmp_path, settings):
    settings.EXCHANGE_LOG_MONTHS, settings.TIMESTAMP_URL = 12, ""
    chained_log(tmp_path, batches=2, since=datetime(2025, 1, 10, tzinfo=UTC), every=timedelta(days=1))
    sum_up()
    at = datetime(2026, 3, 15, tzinfo=UTC)
    before = report_of(Scope(None), date(2025, 1, 1), at=at)

    assert archive_log(at=at) == 6

    assert Exchange.objects.count() == 0
    assert report_of(Scope(None), date(2025, 1, 1), at=at) == before
    assert before.total.calls == 6


@pytest.mark.parametrize(
    "at", [local(11, 1), local(11, 2, 3)], ids=["on a Sunday", "before the office opens"]
)
def test_month_is_not_closed_outside_of_working_time(calls, at):
    assert close_month(at=at) == 0
    assert not MonthlyReport.objects.exists()


def test_closed_report_stays_as_it_is(calls, units, keeper):
    assert close_month(at=MONDAY) == 3
    call(local(10, 31))
    sum_up_again()
    assert close_month(at=MONDAY + timedelta(hours=1)) == 0

    whole, of_units = MonthlyReport.objects.get(unit=None), MonthlyReport.objects.exclude(unit=None)
    assert {row.unit_id for row in of_units} == {unit.pk for unit in units}
    assert (whole.month, whole.closed_at, whole.content["total"]["calls"]) == (OCTOBER, MONDAY, 25)
    assert read_report(whole.content).total.calls == 25
    assert [entry.action for entry in trace_of(whole)] == ["exchange.report.closed"]
    assert list(Notification.objects.values_list("appointment_id", "kind", "url")) == [
        (keeper.pk, "exchange.report", "/exchange/reports/2026-10/")
    ]
    assert report_of(Scope(None), OCTOBER, at=MONDAY).total.calls == 26


def test_closed_report_is_read_as_it_was_written(calls):
    found = report_of(Scope(None), OCTOBER, at=MONDAY)
    again = read_report({**json.loads(json.dumps(asdict(found))), "of a later release": 1})

    assert again == found


def test_files_are_kept_and_hold_the_tables(calls, keeper, client):
    close_month(at=MONDAY)
    kept = MonthlyReport.objects.get(unit=None)
    client.force_login(AccountFactory(current_appointment=keeper))

    paper = b"".join(client.get("/exchange/reports/2026-10/report.pdf").streaming_content)
    sheet = b"".join(client.get("/api/v1/exchange/reports/2026-10/report.xlsx").streaming_content)

    assert (paper, sheet) == (read_blob(kept.paper_id), read_blob(kept.sheet_id))
    assert b"pdfaid" in paper
    text = pypdfium2.PdfDocument(paper)[0].get_textpage().get_text_range()
    assert "THÁNG 10/2026" in text
    assert "Từ 01/10/2026 đến 31/10/2026" in text
    workbook = load_workbook(io.BytesIO(sheet))
    assert len(workbook.sheetnames) == 1 + len(tables_of(read_report(kept.content)))
    service = workbook.worksheets[1]
    assert [cell.value for cell in service[2]][:6] == ["kho", 24, 20, 4, 0, 5]


def test_page_and_api_tell_the_same(calls, owner, client, monday):
    client.force_login(AccountFactory(current_appointment=owner))

    page = client.get("/exchange/reports/2026-10/")
    told = client.get("/api/v1/exchange/reports/2026-10").json()
    months = client.get("/api/v1/exchange/reports").json()["items"]
    listed = client.get("/exchange/reports/")

    assert page.context["report"].total.calls == told["total"]["calls"] == 25
    assert told["total"]["available_percent"] == pytest.approx(100 * 20 / 24)
    assert (told["unit"], told["closed_at"], told["peers"]) == (owner.unit.name, None, [])
    by_month = {each["month"]: (each["calls"], each["failed"], each["refused"]) for each in months}
    assert (by_month["2026-10"], by_month["2026-09"]) == ((25, 4, 1), (5, 0, 0))
    assert {line.code: line.calls for line in listed.context["lines"]}["2026-10"] == 25
    assert client.get("/exchange/reports/2026-10/report.pdf").content[:5] == b"%PDF-"


def test_list_of_months_tells_closed_ones_by_their_reports(calls, keeper, client, monday):
    close_month(at=MONDAY)
    call(local(10, 31))
    call(local(9, 30))
    sum_up_again()
    client.force_login(AccountFactory(current_appointment=keeper))

    listed = client.get("/exchange/reports/")

    told = [(line.code, line.calls, line.is_over, line.closed_at) for line in listed.context["lines"]]
    assert told == [
        ("2026-11", 1, False, None), ("2026-10", 25, True, MONDAY), ("2026-09", 6, True, None),
    ]  # fmt: skip


@pytest.mark.parametrize("month", ["2026-08", "2126-01", "2026-13", "10-2026", "x"])
def test_there_is_no_report_of_other_months(calls, keeper, client, month):
    client.force_login(AccountFactory(current_appointment=keeper))

    assert client.get(f"/exchange/reports/{month}/").status_code == 404
    assert client.get(f"/api/v1/exchange/reports/{month}").status_code == 404


def test_who_looks_after_no_systems_sees_no_report(calls, client):
    clerk = AppointmentFactory(roles=[Role.CLERK])
    client.force_login(AccountFactory(current_appointment=clerk))

    for path in ("/exchange/reports/", "/exchange/reports/2026-10/", "/exchange/reports/2026-10/report.pdf"):
        assert client.get(path).status_code == 404
    for path in ("reports", "reports/2026-10", "reports/2026-10/report.pdf"):
        assert client.get(f"/api/v1/exchange/{path}").status_code == 404


REASON = re.compile(
    r'\b(?:Refusal|unavailable|too_many|not_authenticated|UpstreamFailed)\(\s*(?:\d+,\s*)?"([a-z-]+)"'
)
STRANGERS = {"invalid-token", "no-token", "no-key", "no-host", "http-version", "unreadable-request"}
"""Of callers that nobody knows yet: such calls are not logged."""


def test_each_reason_of_a_gateway_is_told_in_words():
    gateway = Path(__file__).parents[1] / "gateway"
    reasons = {each for file in gateway.glob("*.py") for each in REASON.findall(file.read_text())}

    assert {"no-grant", "provider-away", "unknown-provider"} < reasons
    assert sorted(each for each in reasons - STRANGERS if reason_text(each) == each) == []
