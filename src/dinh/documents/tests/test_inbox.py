"""The list of arrivals, several registered in one go, and the verdict on signatures."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.tests.factories import AccountFactory
from dinh.documents.enums import IncomingState
from dinh.documents.events import DocumentDispatched
from dinh.documents.models import Incoming
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.operations.verifying import NothingToVerify, verify_again
from dinh.documents.paging import AHEAD, CappedPaginator
from dinh.documents.queries.inbox import InboxFilter, inbox, inbox_pages, tab_counts
from dinh.documents.queries.incoming import IncomingNotFound
from dinh.documents.receivers import judge_signatures
from dinh.documents.tests.test_incoming import NOW, sealed, send, staff, unit
from dinh.signing.api import verdict_of
from dinh.signing.models import StoredVerdict
from dinh.storage.api import store_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def sender():
    return staff(unit(), "clerk")


@pytest.fixture
def clerk(client):
    clerk = staff(unit(), "clerk")
    client.force_login(AccountFactory(current_appointment=clerk))
    return clerk


def arrive(sender, clerk, key, **fields):
    return send(sealed(sender, [clerk.unit], code=f"{key}/STTTT", **fields), sender, key).arrivals.get()


def listed(clerk, **wanted):
    return list(inbox(clerk, InboxFilter(**wanted), now=NOW))


def test_filters_narrow_and_orders_sort(sender, clerk):
    first = arrive(sender, clerk, "07", subject="Đường Trường Chinh", urgency=2)
    second = arrive(sender, clerk, "08", subject="Cấp nước sạch")
    Incoming.objects.filter(pk=first.pk).update(due_at=NOW - timedelta(days=1), state="04", number=730_519)
    Incoming.objects.filter(pk=second.pk).update(arrived_at=NOW - timedelta(days=3))

    assert listed(clerk, words="truong chinh") == [first]
    assert listed(clerk, words="730519") == [first]
    assert listed(clerk, words="08/STTTT") == [second]
    assert listed(clerk, urgency=2) == [first]
    assert listed(clerk, tab="late") == [first]
    assert listed(clerk, until=timezone.localdate() - timedelta(days=2)) == [second]
    assert listed(clerk, order="-arrived") == [second, first]
    assert listed(clerk, order="due") == [first, second]
    assert tab_counts(clerk, now=NOW) == {"01": 1, "04": 1, "late": 1}


def test_words_never_find_what_was_recalled(sender, clerk):
    row = arrive(sender, clerk, "07")
    Incoming.objects.filter(pk=row.pk).update(state=IncomingState.RECALLED)
    assert listed(clerk, words="truong chinh") == []
    assert listed(clerk, tab=IncomingState.RECALLED) == [row]


def test_others_see_nothing_of_the_list(sender, clerk):
    arrive(sender, clerk, "07")
    assert listed(staff(unit(), "clerk")) == []
    assert listed(staff(clerk.unit, "specialist")) == []


def test_several_are_registered_each_by_itself(client, sender, clerk):
    rows = [arrive(sender, clerk, key) for key in ("07", "08")]
    gone = arrive(sender, clerk, "09")
    Incoming.objects.filter(pk=gone.pk).update(state=IncomingState.RECALLED)

    page = client.post(
        "/documents/incoming/register/", {"chosen": [each.pk for each in (*rows, gone)]}, follow=True
    )

    assert sorted(Incoming.objects.values_list("number", flat=True), key=str) == [1, 2, None]
    words = [str(each) for each in page.context["messages"]]
    assert words[0] == "Đã đăng ký 2 văn bản. Số đến từ 1 đến 2."
    assert len(words) == 2


def test_several_get_their_numbers_in_the_order_of_arrival(client, sender, clerk):
    older, newer = arrive(sender, clerk, "07"), arrive(sender, clerk, "08")
    Incoming.objects.filter(pk=older.pk).update(arrived_at=NOW - timedelta(hours=1))

    client.post("/documents/incoming/register/", {"chosen": [newer.pk, older.pk]})

    assert list(Incoming.objects.order_by("number").values_list("pk", flat=True)) == [older.pk, newer.pk]


def test_htmx_gets_the_part_that_changes(client, sender, clerk):
    arrive(sender, clerk, "07")
    part = client.get("/documents/incoming/?state=01", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="inbox"')
    assert "Đường Trường Chinh" in part


@pytest.mark.parametrize("query", ["state=zz", "urgency=x", "since=gestern", "sort=id", "page=-1", "q=%00"])
def test_what_cannot_be_read_does_not_narrow(client, clerk, query):
    assert client.get(f"/documents/incoming/?{query}").status_code == 200


def test_rows_are_counted_a_way_past_the_page_only(sender, clerk, monkeypatch):
    for number in range(6):
        arrive(sender, clerk, f"0{number}")
    monkeypatch.setattr("dinh.documents.paging.AHEAD", 2)
    rows = inbox(clerk, InboxFilter(), now=NOW)

    pages = [CappedPaginator(rows, 1).get_page(number) for number in (1, 2, 4, 9)]

    told = [(page.number, page.paginator.count, page.paginator.is_capped) for page in pages]
    assert told == [(1, 3, True), (2, 4, True), (4, 6, True), (6, 6, False)]


def test_rows_are_counted_without_the_letters_that_a_page_shows(client, sender, clerk):
    arrive(sender, clerk, "07")
    for path in ("/documents/incoming/?state=01", "/api/v1/incoming?tab=01"):
        with CaptureQueriesContext(connection) as asked:
            client.get(path)
        counted = [each["sql"] for each in asked if each["sql"].endswith(f"LIMIT {50 + AHEAD}) AS counted")]
        assert len(counted) == 1
        assert "documents_document" not in counted[0]


@pytest.mark.parametrize("tab", ["all", "01", "03", "late"])
def test_the_first_page_is_that_of_the_list(sender, clerk, tab):
    """Its statements are written once; all others are made from the filter."""
    arrived = [arrive(sender, clerk, f"0{number}") for number in range(5)]
    for row in arrived[:2]:
        register_incoming(incoming_id=row.pk, actor=clerk, at=NOW)
    expected = [row.pk for row in inbox(clerk, InboxFilter(tab=tab), now=NOW)]

    pages = [
        inbox_pages(clerk, InboxFilter(tab=tab), now=NOW, per_page=2).get_page(number) for number in (1, 2)
    ]

    assert [row.pk for page in pages for row in page][: len(expected)] == expected[:4]
    assert {page.paginator.count for page in pages} == {len(expected)}
    assert expected or tab == "late"


def test_what_a_search_found_is_counted_and_shown_by_one_finding(sender, clerk, django_assert_num_queries):
    rows = [arrive(sender, clerk, f"0{number}", subject="Đường Trường Chinh") for number in range(5)]
    found = inbox_pages(clerk, InboxFilter(words="truong chinh"), now=NOW, per_page=2)

    with django_assert_num_queries(2):
        shown = [row.pk for row in found.get_page(2)]

    keys = [row.pk for row in rows]
    assert (shown, found.count, found.num_pages) == (keys[2:0:-1], 5, 3)
    assert [row.pk for row in found.get_page(9)] == keys[:1]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("truong", ["03", "02", "01"]),
        ("Trường Chinh", ["03", "01"]),
        ("chinh chinh", ["03", "01"]),
        ("chinh duong", ["03", "01"]),
        ("truong or cau", ["04", "03", "02", "01"]),
        ('"chinh truong"', ["03"]),
        ("truong -chinh", ["02"]),
        ("truong '§1'", []),
    ],
)
@pytest.mark.parametrize("order", ["arrived", "-arrived"])
def test_words_find_the_same_whether_their_statement_is_written_once_or_anew(
    sender, clerk, words, expected, order
):
    for code, subject in enumerate(("Đường Trường Chinh", "Trường học", "Chinh Trường Đường", "Cầu"), 1):
        arrive(sender, clerk, f"0{code}", subject=subject)

    pages = inbox_pages(clerk, InboxFilter(words=words, order=order), now=NOW, per_page=9)

    found = [row.document__code.partition("/")[0] for row in pages.get_page(1)]
    assert found == expected  # All arrived at once: the later one stands first in both orders.
    specialist = staff(clerk.unit, "specialist")
    assert not inbox_pages(specialist, InboxFilter(words=words, order=order), now=NOW, per_page=9).count


def test_words_of_another_unit_are_not_found_by_a_statement_written_before(sender, clerk):
    arrive(sender, clerk, "01", subject="Trường")
    pages = [
        inbox_pages(each, InboxFilter(words="truong"), now=NOW, per_page=9)
        for each in (clerk, staff(unit(), "clerk"))
    ]

    assert [each.count for each in pages] == [1, 0]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_subject_is_shown_as_it_was_written(client, sender, clerk, headers):
    arrive(sender, clerk, "07", subject="<b>đường & cầu")

    page = client.get("/documents/incoming/", headers=headers).content.decode()

    assert page.count("&lt;b&gt;đường &amp; cầu") == page.count("đường & cầu") + page.count("đường &amp; cầu")
    assert page.count("<b>đường") == 0


@pytest.mark.parametrize("query", ["", "q=STTTT"])
def test_as_many_queries_for_three_arrivals_as_for_one(client, sender, clerk, query):
    amounts = []
    for codes in (["07"], ["08", "09"]):
        for code in codes:
            arrive(sender, clerk, code)
        for path in (f"/documents/incoming/?{query}", f"/api/v1/incoming?{query}"):
            with CaptureQueriesContext(connection) as queries:
                client.get(path)
            amounts.append(len(queries))

    assert amounts[:2] == amounts[2:]


def test_a_letter_is_judged_once_for_all_who_got_it(sender, clerk):
    broken = store_bytes(b"%PDF-1.7\n%%EOF\n").sha256
    outgoing = sealed(sender, [clerk.unit, unit()], content_id=broken)
    dispatch = send(outgoing, sender)

    for _time in range(2):
        judge_signatures(DocumentDispatched(dispatch.pk, dispatch.document_id, dispatch.sender_id))

    assert set(dispatch.arrivals.values_list("verdict", flat=True)) == {"indeterminate"}
    details = dispatch.arrivals.first().verdict_details
    assert details["reasons"] == ["Tệp bị hỏng, thiếu dữ liệu hoặc không phải PDF nên không thể kết luận."]
    assert StoredVerdict.objects.count() == 1


def test_a_check_again_is_ones_own_and_leaves_a_trace(sender, clerk):
    broken = store_bytes(b"%PDF-1.7\n%%EOF\n").sha256
    row = arrive(sender, clerk, "07", content_id=broken)
    with pytest.raises(IncomingNotFound):
        verify_again(incoming_id=row.pk, actor=sender, at=NOW)

    remembered = verdict_of(broken, offline=False)

    done = verify_again(incoming_id=row.pk, actor=clerk, at=NOW)

    assert (done.verdict, done.verified_at > remembered.judged_at) == ("indeterminate", True)
    assert [(each.action, each.details) for each in trace_of(row)] == [
        ("documents.incoming.verified", {"verdict": "indeterminate"})
    ]
    with pytest.raises(NothingToVerify):
        verify_again(incoming_id=arrive(sender, clerk, "08").pk, actor=clerk, at=NOW)
