"""Archived exchanges are found by what they were; volumes past their retention go, and the chain stays one."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange import retention
from dinh.exchange.models import Archive, ArchivedContent, ArchivedSubject, Batch, Exchange
from dinh.exchange.operations import archiving
from dinh.exchange.operations.archiving import archive_log
from dinh.exchange.operations.disposal import (
    NotDisposable,
    NothingDue,
    dispose_of_ordered,
    order_disposal,
)
from dinh.exchange.operations.indexing import index_older_volumes
from dinh.exchange.queries.archives import archived_exchange
from dinh.exchange.queries.chains import verify_exchanges
from dinh.exchange.queries.volumes import Place, Wanted, search_archive, volumes_due
from dinh.exchange.tests.log_rows import chained_log, make_exchange
from dinh.exchange.tests.world import make_system
from dinh.kernel.errors import InvalidInput, NotFound
from dinh.storage.models import Blob
from dinh.storage.references import without_reference

SINCE = datetime(2025, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 3, 15, tzinfo=UTC)
LATER = datetime(2035, 2, 2, tzinfo=UTC)
LATEST = datetime(2035, 3, 2, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper():
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


@pytest.fixture
def log(tmp_path, settings):
    """A volume of January 2025, with three strays of December, and one of February: two batches of three lines each."""
    settings.EXCHANGE_LOG_MONTHS, settings.TIMESTAMP_URL = 12, ""
    for day, more in (
        (5, {"client": "VN/GOV/X/X"}),
        (6, {"service": "khac", "outcome": "failed", "status": 502}),
        (7, {"outcome": "begun"}),
    ):
        make_exchange(started_at=datetime(2024, 12, day, tzinfo=UTC), user_id="", **more)
    made = chained_log(tmp_path, batches=4, since=SINCE, every=timedelta(days=15))
    assert archive_log(at=NOW) == 15
    return made


def moments(found):
    return [row.started_at.date().isoformat() for row in found.rows]


@pytest.mark.parametrize(
    ("wanted", "volumes", "found"),
    [
        (Wanted(), 2, {"2024-12-05": 1, "2024-12-06": 1, "2025-01-10": 3, "2025-01-25": 3, "2025-02-09": 3,
                       "2025-02-24": 3}),
        (Wanted(since=date(2025, 1, 25), until=date(2025, 2, 9)), 2, {"2025-01-25": 3, "2025-02-09": 3}),
        (Wanted(until=date(2024, 12, 5)), 1, {"2024-12-05": 1}),
        (Wanted(client="VN/GOV/X/X"), 1, {"2024-12-05": 1}),
        (Wanted(service="khac"), 1, {"2024-12-06": 1}),
        (Wanted(outcome="failed"), 1, {"2024-12-06": 1}),
        (Wanted(outcome="begun"), 1, {"2024-12-07": 1}),
        (Wanted(service="khac", client="VN/GOV/X/X"), 0, {}),
        (Wanted(since=date(2025, 3, 1)), 0, {}),
    ],
)  # fmt: skip
def test_archive_is_searched_by_period_client_service_and_result(log, keeper, wanted, volumes, found):
    answer = search_archive(wanted, reader=keeper)

    told = moments(answer)
    assert {day: told.count(day) for day in told} == found
    assert told == sorted(told, reverse=True)
    assert (answer.volumes, answer.further) == (volumes, None)


def test_search_goes_on_where_it_ended(log, keeper, monkeypatch):
    monkeypatch.setattr("dinh.exchange.queries.volumes.PAGE", 4)
    monkeypatch.setattr("dinh.exchange.queries.volumes.VOLUMES_AT_ONCE", 1)
    pages, begin = [], None
    while True:
        answer = search_archive(Wanted(), reader=keeper, begin=begin)
        pages.append([row.pk for row in answer.rows])
        if answer.further is None:
            break
        begin = Place.read(str(answer.further))

    whole = [pk for page in pages for pk in page]
    assert [len(page) for page in pages] == [4, 2, 4, 4]
    assert len(set(whole)) == len(whole) == 14
    assert Place.read("1.x") is Place.read("") is Place.read("9" * 30 + ".1") is None


def test_unit_finds_its_own_only(log, keeper, client):
    head = AppointmentFactory(roles=[Role.UNIT_HEAD])
    make_system("X", unit=head.unit)
    assert search_archive(Wanted(), reader=head).rows == []
    own = make_system("A", unit=head.unit)
    own.member.code = "A"
    own.member.save()
    client.force_login(AccountFactory(current_appointment=head))

    page = client.get("/exchange/log/archive/?since=2025-02-01")
    told = client.get("/api/v1/exchange/archive?since=2025-02-01").json()

    assert len(page.context["rows"]) == len(told["items"]) == 6
    assert {each["user_id"] for each in told["items"]} == {"VN012"}
    assert (told["further"], told["volumes"]) == ("", 1)
    assert client.get("/exchange/log/archive/?since=2025-02-02&until=2025-02-01").status_code == 422
    assert client.get("/exchange/log/archive/volumes/").status_code == 404
    client.force_login(AccountFactory(current_appointment=AppointmentFactory(roles=[Role.CLERK])))
    assert client.get("/exchange/log/archive/").status_code == 404
    assert client.get("/api/v1/exchange/archive").json()["items"] == []


def test_search_takes_as_many_statements_for_few_as_for_many(log, keeper, django_assert_num_queries):
    with django_assert_num_queries(2):
        search_archive(Wanted(), reader=keeper)


def test_volumes_of_earlier_releases_are_indexed_and_searched_until_then(log, keeper):
    before = sorted(ArchivedContent.objects.values_list("archive_id", "client", "service", "exchanges"))
    ArchivedContent.objects.all().delete()
    Archive.objects.update(first_at=None, last_at=None)
    assert len(search_archive(Wanted(service="khac"), reader=keeper).rows) == 1

    assert (index_older_volumes(), index_older_volumes()) == (2, 0)

    again = ArchivedContent.objects.values_list("archive_id", "client", "service", "exchanges")
    assert sorted(again) == before
    assert search_archive(Wanted(service="khac"), reader=keeper).volumes == 1


@pytest.mark.parametrize(
    ("month", "until"), [(date(2025, 11, 1), date(2035, 12, 1)), (date(2025, 12, 1), date(2036, 1, 1))]
)
def test_volumes_are_kept_for_the_years_of_the_rule(month, until):
    assert retention.kept_until(month) == until


def test_volumes_past_their_retention_go_and_the_chain_stays(log, keeper):
    assert volumes_due(on=date(2035, 1, 31)).count() == 0
    first, _second = Archive.objects.all()
    ArchivedSubject.objects.create(archive=first, subject="a" * 64)
    old = Batch.objects.filter(archive=first).first()

    assert order_disposal(upto=1, reason="QĐ 1", actor=keeper, at=LATER) == 1
    assert dispose_of_ordered(at=LATER) == 1
    assert dispose_of_ordered(at=LATER) == 0

    gone = Archive.objects.get(number=1)
    assert (gone.content_id, gone.disposed_at, gone.sha256) == (None, LATER, first.content_id)
    assert list(without_reference(Blob.objects.all()).values_list("pk", flat=True)) == [first.content_id]
    assert not ArchivedSubject.objects.exists()
    assert list(Batch.objects.filter(archive=gone).values_list("count", flat=True)) == [3, 3]
    without_reference(Blob.objects.all()).delete()
    assert list(verify_exchanges()) == []
    _made, ordered, disposed = trace_of(first)
    assert (ordered.action, ordered.details["reason"]) == ("exchange.archive.disposal_ordered", "QĐ 1")
    assert (disposed.action, disposed.details["items"]) == ("exchange.archive.disposed", 9)
    assert moments(search_archive(Wanted(), reader=keeper)) == ["2025-02-24"] * 3 + ["2025-02-09"] * 3
    assert archived_exchange(first.smallest) is None
    Batch.objects.filter(pk=old.pk).update(root=b"x" * 32)
    assert "batch-changed" in [finding.code for finding in verify_exchanges()]


def test_verify_says_disposed_and_not_missing(log, keeper, capsys):
    order_disposal(upto=1, reason="QĐ 1", actor=keeper, at=LATER)
    dispose_of_ordered(at=LATER)

    call_command("exchange_verify", "--json")
    told = json.loads(capsys.readouterr().out)

    assert (told["intact"], told["disposed_volumes"]) == (True, 1)


def test_volume_that_only_claims_to_be_disposed_of_is_told(log):
    Archive.objects.filter(number=2).update(content=None, disposed_at=NOW)

    assert "volume-missing" in [finding.code for finding in verify_exchanges()]


def test_what_is_not_as_signed_is_not_disposed_of(log, keeper):
    second = Archive.objects.get(number=2)
    Batch.objects.filter(archive=second).update(root=b"x" * 32)
    order_disposal(upto=2, reason="QĐ 1", actor=keeper, at=LATEST)

    with pytest.raises(NotDisposable):
        dispose_of_ordered(at=LATER)

    states = Archive.objects.order_by("number").values_list("disposed_at", flat=True)
    assert list(states) == [LATER, None]


def test_disposal_is_the_keepers_and_goes_no_further_than_shown(log, keeper, client, monkeypatch):
    head = AppointmentFactory(roles=[Role.UNIT_HEAD])
    with pytest.raises(NotFound):
        order_disposal(upto=9, reason="QĐ", actor=head, at=LATER)
    with pytest.raises(InvalidInput):
        order_disposal(upto=9, reason=" ", actor=keeper, at=LATER)
    with pytest.raises(NothingDue):
        order_disposal(upto=9, reason="QĐ", actor=keeper, at=NOW)
    client.force_login(AccountFactory(current_appointment=keeper))
    assert client.get("/exchange/log/archive/volumes/").context["due"] == []
    monkeypatch.setattr(retention, "kept_until", lambda month: month)
    monkeypatch.setattr("dinh.exchange.queries.volumes.kept_until", lambda month: month)

    shown = client.get("/exchange/log/archive/volumes/")
    refused = client.post("/exchange/log/archive/volumes/", {"upto": "1", "reason": ""})
    done = client.post("/exchange/log/archive/volumes/", {"upto": "1", "reason": "QĐ 1"}, follow=True)

    assert [row.number for row in shown.context["due"]] == [1, 2]
    assert shown.context["form"]["upto"].value() == 2
    assert "Tập: 1 - 2; tháng: 01/2025 - 02/2025; số lượt trao đổi: 15." in shown.content.decode()
    assert "Upto" not in shown.content.decode()
    assert refused.status_code == 422
    assert [str(each) for each in done.context["messages"]] == ["Sẽ tiêu hủy 1 tập."]
    ordered = Archive.objects.exclude(disposal_ordered_at=None).values_list("number", flat=True)
    assert list(ordered) == [1]
    assert Exchange.objects.count() == 0
    assert archiving.archive_log(at=NOW) == 0
