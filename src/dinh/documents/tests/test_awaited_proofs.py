"""The board of letters that still lack a timestamp or revocation answers."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dinh.audit.models import Entry
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.documents.models import Attachment, Outgoing
from dinh.documents.operations.later_scans import scan_outgoing
from dinh.documents.operations.proving import try_proofs_again
from dinh.documents.queries.proofs import letters_awaiting_proofs, units_awaiting_proofs, with_proofs
from dinh.documents.tests.test_intake import scanned
from dinh.documents.tests.test_on_paper import register
from dinh.kernel.pdf import render_pdf
from dinh.signing.models import PendingProof
from dinh.signing.operations.proofs import await_proofs
from dinh.storage.api import store_bytes

pytestmark = pytest.mark.django_db
BOARD, API = "/documents/outgoing/proofs/", "/api/v1/outgoing/awaited-proofs"
LONG_AGO = timezone.now() - timedelta(days=2)


@pytest.fixture
def clerk():
    return AppointmentFactory(roles=[Role.CLERK])


def letter(clerk, *, number=1, at=LONG_AGO) -> Outgoing:
    """A letter of the clerk's unit whose file lacks a timestamp."""
    outgoing = register(clerk)
    scan_outgoing(clerk=clerk, outgoing_id=outgoing.pk, scan=scanned(printed(number)), at=timezone.now())
    outgoing.document.refresh_from_db()
    await_proofs(sha256=outgoing.document.content_id, notes=["Thiếu dấu thời gian."], at=at)
    return outgoing


def printed(number) -> bytes:
    slip = {"page-width": 595, "page-height": 842, "x": 90, "top": 90, "agency-size": 8}
    words = {"agency": "Sở", "number": str(number), "date": "1", "forwarded_to": "", "file_code": ""}
    return render_pdf("documents/arrival_stamp.typ", slip | words).pdf


def jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE '%%try_proofs_again'")
        return cursor.fetchone()[0]


def test_a_clerk_sees_the_units_letters_that_lack_something_the_oldest_first(clerk):
    young, old = letter(clerk, at=timezone.now()), letter(clerk, number=2)
    register(clerk)
    letter(AppointmentFactory(roles=[Role.CLERK]), number=3)

    found = with_proofs(list(letters_awaiting_proofs(clerk)))

    assert [each.outgoing for each in found] == [old, young]
    assert found[0].since == LONG_AGO
    assert found[0].proofs[0].notes == ("Thiếu dấu thời gian.",)


def test_an_annex_that_lacks_something_shows_its_letter(clerk):
    outgoing, sha256 = register(clerk), store_bytes(b"%PDF-1.7 annex").sha256
    Attachment.objects.create(document=outgoing.document, blob_id=sha256, name="a.pdf", is_annex=True)
    await_proofs(sha256=sha256, notes=["x"], at=LONG_AGO)

    assert [each.outgoing for each in with_proofs(list(letters_awaiting_proofs(clerk)))] == [outgoing]


def test_administrators_see_counts_of_their_unit_and_keepers_of_all(clerk):
    other = AppointmentFactory(roles=[Role.CLERK])
    letter(clerk)
    letter(clerk, number=2)
    letter(other, number=3)
    administrator = AppointmentFactory(unit=clerk.unit, roles=[Role.ADMINISTRATOR])
    keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])

    def counts(appointment):
        return {each.unit: each.letters for each in units_awaiting_proofs(appointment)}

    assert counts(administrator) == {clerk.unit: 2}
    assert counts(keeper) == {clerk.unit: 2, other.unit: 1}
    assert list(letters_awaiting_proofs(administrator)) == []


def test_a_retry_brings_the_own_units_files_forward_and_is_audited(clerk):
    mine, foreign = letter(clerk), letter(AppointmentFactory(roles=[Role.CLERK]), number=2)
    now = timezone.now()
    later = now + timedelta(minutes=20)
    PendingProof.objects.update(next_try_at=later)

    amounts = [try_proofs_again(actor=clerk, at=now) for _time in range(2)]

    moments = dict(PendingProof.objects.values_list("sha256", "next_try_at"))
    assert amounts == [1, 1]
    assert moments == {mine.document.content_id: now, foreign.document.content_id: later}
    assert Entry.objects.filter(action="documents.proofs.retried", person_id=clerk.person_id).count() == 2
    assert jobs() == 2


def test_nothing_is_asked_where_nothing_is_missing(clerk):
    assert try_proofs_again(actor=clerk, at=timezone.now()) == 0
    assert jobs() == 0


def test_a_long_board_costs_no_more_queries_than_a_short_one(client, clerk):
    client.force_login(AccountFactory(current_appointment=clerk))
    amounts = []
    for wanted in (1, 3):
        while letters_awaiting_proofs(clerk).count() < wanted:
            letter(clerk, number=letters_awaiting_proofs(clerk).count() + 1)
        client.get(BOARD)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(client.get(BOARD).context["letters"]) == wanted
        amounts.append(len(queries))

    assert amounts[0] == amounts[1]


def test_page_and_api_for_clerk_administrator_and_nobody_else(client, clerk):
    outgoing = letter(clerk)
    client.force_login(AccountFactory(current_appointment=clerk))
    page, told = client.get(BOARD), client.get(API).json()
    retried = client.post(f"{BOARD}retry/"), client.post(f"{API}/retry").json()
    administrator = AppointmentFactory(unit=clerk.unit, roles=[Role.ADMINISTRATOR])
    client.force_login(AccountFactory(current_appointment=administrator))
    counted = client.get(API).json()
    board = client.get(BOARD)
    client.force_login(AccountFactory(current_appointment=AppointmentFactory(unit=clerk.unit)))

    assert f'href="/documents/outgoing/{outgoing.pk}/"'.encode() in page.content
    assert "Thiếu dấu thời gian." in page.content.decode()
    assert (told["count"], [each["id"] for each in told["letters"]]) == (1, [outgoing.pk])
    assert (retried[0].status_code, retried[1]) == (302, {"files": 1})
    assert (counted["letters"], counted["units"]) == ([], {str(clerk.unit_id): 1})
    assert f'href="/documents/outgoing/{outgoing.pk}/"'.encode() not in board.content
    refused = client.get(BOARD), client.get(API), client.post(f"{BOARD}retry/"), client.post(f"{API}/retry")
    assert [each.status_code for each in refused] == [404] * 4
