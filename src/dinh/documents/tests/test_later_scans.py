"""Letters registered on paper get their scan afterwards, once, and are found by its words."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.documents.enums import Secrecy
from dinh.documents.models import Dispatch, Outgoing
from dinh.documents.operations.dispatch import NotDispatchable, send_further
from dinh.documents.operations.harmful import LetterRefused
from dinh.documents.operations.intake import prepare_intake
from dinh.documents.operations.later_scans import ScanThere, read_words, scan_incoming, scan_outgoing
from dinh.documents.queries.search import search_documents
from dinh.documents.tests.test_drafting import draft
from dinh.documents.tests.test_intake import letter, picture, printed, scanned, taken
from dinh.documents.tests.test_on_paper import register
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    return AppointmentFactory(roles=[Role.CLERK])


def scan_out(clerk, outgoing: Outgoing, scan) -> Outgoing:
    return scan_outgoing(clerk=clerk, outgoing_id=outgoing.pk, scan=scan, at=timezone.now())


def jobs() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name FROM procrastinate_jobs ORDER BY id")
        return [name.rsplit(".", 1)[1] for (name,) in cursor.fetchall()]


def test_a_letter_signed_by_hand_carries_its_scan_and_is_found_by_its_words(clerk):
    outgoing, scan = register(clerk), scanned(printed())

    for _time in range(2):
        scan_out(clerk, outgoing, scan)
    read_words(document_id=outgoing.document_id)

    outgoing.document.refresh_from_db()
    assert (outgoing.document.content_id, outgoing.document.page_count) == (scan.pdf, 1)
    assert list(search_documents("chuyen doi so", clerk)) == [outgoing.document]
    assert [entry.action.rsplit(".", 1)[1] for entry in trace_of(outgoing)] == [
        "registered_on_paper", "scanned",
    ]  # fmt: skip
    assert jobs().count("read_scan_words") == 1


def test_a_kept_scan_is_not_replaced(clerk):
    outgoing, first = register(clerk), scanned(printed())
    scan_out(clerk, outgoing, first)

    with pytest.raises(ScanThere):
        scan_out(clerk, outgoing, scanned(picture(), "khác.png"))

    outgoing.document.refresh_from_db()
    assert outgoing.document.content_id == first.pdf


def test_secret_letters_drafts_and_other_units_take_no_scan(clerk):
    scan, secret = scanned(printed()), register(clerk, secrecy=Secrecy.SECRET)
    drafted, *_people = draft()
    own_clerk = AppointmentFactory(unit=drafted.unit, roles=[Role.CLERK])

    with pytest.raises(InvalidInput):
        scan_out(clerk, secret, scan)
    with pytest.raises(ScanThere):
        scan_out(own_clerk, drafted, scan)
    with pytest.raises(NotFound):
        scan_out(own_clerk, register(clerk), scan)

    secret.document.refresh_from_db()
    assert secret.document.content_id is None


def test_an_arrival_written_down_without_a_scan_gets_it_stamped_and_read(clerk):
    incoming, scan = taken(clerk), scanned(printed())

    for _time in range(2):
        scan_incoming(clerk=clerk, incoming_id=incoming.pk, scan=scan, at=timezone.now())
    prepare_intake(intake_id=incoming.intake.pk, at=timezone.now())

    incoming.refresh_from_db()
    assert (incoming.document.content_id, incoming.intake.original_id) == (scan.pdf, scan.original)
    assert incoming.intake.stamped_id is not None
    assert list(search_documents("chuyen doi so", clerk)) == [incoming.document]
    assert jobs().count("prepare_scan") == 1


def test_only_the_clerk_scans_arrivals_and_never_secret_ones(clerk):
    scan, head = scanned(printed()), AppointmentFactory(unit=clerk.unit, roles=[Role.UNIT_HEAD])
    plain, secret = taken(clerk), taken(clerk, letter(code="9/X", secrecy=Secrecy.CONFIDENTIAL))

    with pytest.raises(NotPermitted):
        scan_incoming(clerk=head, incoming_id=plain.pk, scan=scan, at=timezone.now())
    with pytest.raises(InvalidInput):
        scan_incoming(clerk=clerk, incoming_id=secret.pk, scan=scan, at=timezone.now())

    plain.document.refresh_from_db()
    assert plain.document.content_id is None


def test_the_pages_take_the_scan_and_show_it(client, clerk):
    client.force_login(AccountFactory(current_appointment=clerk))
    outgoing, incoming = register(clerk), taken(clerk)
    page, panel = (
        reverse("documents:outgoing", args=[outgoing.pk]),
        reverse("documents:intake_panel", args=[incoming.pk]),
    )
    before = client.get(page).context["may_scan"], client.get(panel).context["may_scan"]

    client.post(
        reverse("documents:outgoing_scan", args=[outgoing.pk]),
        {"file": SimpleUploadedFile("a.pdf", printed())},
    )
    client.post(
        reverse("documents:intake_scan", args=[incoming.pk]), {"file": SimpleUploadedFile("b.pdf", printed())}
    )

    shown = client.get(page)
    assert before == (True, True)
    assert (shown.context["may_scan"], bool(shown.context["has_letter"]), shown.context["signed"]) == (
        False, True, False,
    )  # fmt: skip
    assert client.get(panel).context["may_scan"] is False
    letter_pdf = client.get(reverse("documents:outgoing_pdf", args=[outgoing.pk]))
    assert b"".join(letter_pdf.streaming_content) == printed()


def test_programs_bring_the_scan_and_hear_of_it(client, clerk):
    client.force_login(AccountFactory(current_appointment=clerk))
    outgoing, incoming = register(clerk), taken(clerk)
    out, into = f"/api/v1/outgoing/{outgoing.pk}", f"/api/v1/incoming/{incoming.pk}"
    assert client.get(out).json()["letter_sha256"] is client.get(into).json()["letter_sha256"] is None

    sent = client.post(f"{out}/scan", {"file": SimpleUploadedFile("a.pdf", printed())})
    brought = client.post(f"{into}/scan", {"file": SimpleUploadedFile("b.pdf", printed())})
    wrong = client.post(f"{out}/scan", {"file": SimpleUploadedFile("c.pdf", b"MZ")})
    other = client.post(f"{out}/scan", {"file": SimpleUploadedFile("d.png", picture())})

    assert sent.json()["letter_sha256"] == scanned(printed()).pdf == client.get(out).json()["letter_sha256"]
    assert brought.json()["original_sha256"] == client.get(into).json()["letter_sha256"]
    assert (wrong.status_code, other.status_code) == (415, 409)
    client.force_login(AccountFactory(current_appointment=AppointmentFactory(roles=[Role.CLERK])))
    assert client.post(f"{out}/scan", {"file": SimpleUploadedFile("a.pdf", printed())}).status_code == 404
    assert client.post(f"{into}/scan", {"file": SimpleUploadedFile("a.pdf", printed())}).status_code == 404


def on_paper(clerk, signer, **fields):
    return {
        "type_code": "Quyết định", "subject": "khen thưởng", "signer": str(signer.pk), "urgency": "0",
        "secrecy": "0", "dated": timezone.localdate().isoformat(), "request_key": str(uuid4()),
    } | fields  # fmt: skip


def test_the_form_takes_the_scan_at_once_and_a_double_post_changes_nothing(client, clerk):
    client.force_login(AccountFactory(current_appointment=clerk))
    given = on_paper(clerk, AppointmentFactory(unit=clerk.unit, roles=[Role.UNIT_HEAD]))

    for _time in range(2):
        scan = {"file": SimpleUploadedFile("quyết định.pdf", printed())}
        client.post(reverse("documents:outgoing_on_paper"), given | scan)
    outgoing = Outgoing.objects.get()
    read_words(document_id=outgoing.document_id)

    assert outgoing.document.content_id == scanned(printed()).pdf
    assert list(search_documents("chuyen doi so", clerk)) == [outgoing.document]
    assert jobs().count("read_scan_words") == 1


def test_a_refused_form_keeps_the_scan_for_its_clerk(client, clerk):
    client.force_login(AccountFactory(current_appointment=clerk))
    given = on_paper(clerk, AppointmentFactory(unit=clerk.unit, roles=[Role.UNIT_HEAD]))
    url, file = reverse("documents:outgoing_on_paper"), SimpleUploadedFile("a.pdf", printed())
    secret = client.post(url, given | {"file": file, "secrecy": "1"})
    wrong = client.post(url, given | {"file": SimpleUploadedFile("b.exe", b"MZ" + b"\0" * 99)})
    assert (secret.status_code, wrong.status_code, Outgoing.objects.count()) == (422, 422, 0)
    assert (list(secret.context["faulty"]), list(wrong.context["faulty"])) == (["file"], ["file"])

    client.post(url, given | {"kept": secret.context["token"]})

    assert Outgoing.objects.get().document.content_id == scanned(printed()).pdf


def test_programs_upload_the_scan_and_name_it(client, clerk):
    client.force_login(AccountFactory(current_appointment=clerk))
    signer = AppointmentFactory(unit=clerk.unit, roles=[Role.UNIT_HEAD])
    given = {
        "type_code": "QĐ",
        "subject": "khen thưởng",
        "signer": signer.pk,
        "dated": str(timezone.localdate()),
    }
    scan = client.post("/api/v1/outgoing/scans", {"file": SimpleUploadedFile("a.pdf", printed())}).json()

    forged, made = (
        client.post("/api/v1/outgoing/on-paper", given | {"scan": name}, content_type="application/json")
        for name in (scan["scan"] + "x", scan["scan"])
    )

    assert (forged.status_code, forged.json()["errors"][0]["field"]) == (422, "scan")
    assert made.json()["letter_sha256"] == scanned(printed()).pdf
    client.force_login(AccountFactory(current_appointment=signer))
    refused = client.post("/api/v1/outgoing/scans", {"file": SimpleUploadedFile("a.pdf", printed())})
    assert refused.status_code == 403


def test_a_scan_that_would_run_something_is_refused_by_name():
    catalogue = b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>"
    objects = [
        catalogue,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ]
    pdf, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(pdf))
        pdf += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 4\n0000000000 65535 f \n%btrailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    hostile = pdf + end % (table, len(pdf))

    with pytest.raises(LetterRefused) as refused:
        scanned(hostile, "thư.pdf")

    assert (refused.value.field, "thư.pdf" in str(refused.value)) == ("file", True)


def test_a_letter_signed_on_paper_is_not_sent_electronically_by_its_scan(client, clerk):
    client.force_login(AccountFactory(current_appointment=clerk))
    outgoing, other = register(clerk), UnitFactory()
    scan_out(clerk, outgoing, scanned(printed()))

    with pytest.raises(NotDispatchable):
        send_further(
            outgoing_id=outgoing.pk, actor=clerk, units=[other.pk], request_key="k", at=timezone.now()
        )

    assert not Dispatch.objects.exists()
    part = client.get(reverse("documents:recipient_states", args=[outgoing.pk]))
    assert part.context["may_add"] is False
