"""Letters on paper and by e-mail, from the clerk's hand to the register."""

import io
from datetime import date
from itertools import count
from threading import Thread

import pypdfium2
import pytest
from django.db import connection
from django.utils import timezone
from PIL import Image

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.documents.docx import extract_text
from dinh.documents.enums import Channel, IncomingState, Secrecy
from dinh.documents.models import Document, Incoming, Intake
from dinh.documents.operations.intake import (
    PaperLetter,
    PossibleDuplicate,
    keep_scan,
    prepare_intake,
    take_in,
)
from dinh.documents.queries.search import search_documents
from dinh.documents.scans import ScanRefused
from dinh.kernel.errors import InvalidInput, NotPermitted
from dinh.kernel.pdf import render_pdf
from dinh.storage.api import WrongFileType, read_blob
from dinh.worklist.models import WorkItem

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAY = date(2026, 3, 2)
_serial = count(1)


def letter(**fields) -> PaperLetter:
    given = {
        "issuer_name": "Bộ Nội vụ",
        "code": "15/BNV-VP",
        "issued_date": DAY,
        "subject": "Về việc báo cáo",
    }
    return PaperLetter(**(given | fields))


def picture(kind: str = "PNG", **more) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (827, 1169), "white").save(file, kind, dpi=(100, 100), **more)
    return file.getvalue()


def printed() -> bytes:
    """A letter as text in a PDF."""
    slip = {"page-width": 595, "page-height": 842, "x": 90, "top": 90, "agency-size": 8}
    words = {"agency": "Chuyển đổi số", "number": "1", "date": "1", "forwarded_to": "", "file_code": ""}
    return render_pdf("documents/arrival_stamp.typ", slip | words).pdf


def scanned(data: bytes, name: str = "thư.pdf"):
    return keep_scan(stream=io.BytesIO(data), name=name)


def taken(clerk, given=None, scan=None, key=None, **more) -> Incoming:
    key = key or f"request-{next(_serial)}"
    return take_in(clerk=clerk, letter=given or letter(), scan=scan, request_key=key, at=NOW, **more)


@pytest.fixture
def clerk():
    return AppointmentFactory(roles=[Role.CLERK])


def test_a_letter_on_paper_is_written_down_and_numbered_in_one_act(clerk):
    incoming = taken(clerk, letter(signer_name="Lê Văn A", reply_due_date=date(2026, 3, 20)))

    document = incoming.document
    assert (incoming.number, incoming.state, incoming.channel) == (1, IncomingState.RECEIVED, Channel.PAPER)
    assert (document.code, document.number, document.notation) == ("15/BNV-VP", 15, "BNV-VP")
    assert (document.issuer, document.issuer_name, document.transcribed_by) == (None, "Bộ Nội vụ", clerk.unit)
    assert [entry.action for entry in trace_of(incoming)] == [
        "documents.incoming.taken_in",
        "documents.incoming.registered",
    ]
    waiting = WorkItem.objects.filter(target_id=incoming.pk, done_at=None)
    assert list(waiting.values_list("kind", "role")) == [("documents.direct", Role.UNIT_HEAD)]


def test_paper_and_electronic_letters_share_one_series(clerk):
    first = taken(clerk, letter(code="1/A"))
    second = taken(clerk, letter(code="2/A", channel=Channel.EMAIL))

    assert (first.number, second.number) == (1, 2)
    assert first.book == second.book


def test_a_repeated_request_registers_once(clerk):
    first, again = taken(clerk, key="same"), taken(clerk, key="same")

    assert first == again
    assert Incoming.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_double_click_registers_once(clerk):
    found = []

    def click():
        try:
            found.append(taken(clerk, key="double").number)
        finally:
            connection.close()

    threads = [Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [1, 1]
    assert Incoming.objects.count() == 1


def test_a_letter_that_is_here_already_is_told_and_registered_only_if_accepted(clerk):
    issuer = UnitFactory()
    here = taken(clerk, letter(issuer_id=issuer.pk))

    with pytest.raises(PossibleDuplicate) as refusal:
        taken(clerk, letter(issuer_name=issuer.name, code=" 15/BNV-VP "))
    accepted = taken(clerk, letter(issuer_id=issuer.pk), despite_duplicate=True)

    assert refusal.value.arrivals == (here.pk,)
    assert accepted.number == 2


def test_what_nobody_sees_hides_no_duplicate_and_is_not_kept(clerk):
    first = taken(clerk).document
    hidden = letter(issuer_name="Bộ\u200b Nội vụ", code="15/BNV\u2060-VP", subject="\u202eVề việc báo cáo")

    with pytest.raises(PossibleDuplicate):
        taken(clerk, hidden)
    kept = taken(clerk, hidden, despite_duplicate=True).document

    names = ("issuer_name", "code", "subject")
    assert [getattr(kept, name) for name in names] == [getattr(first, name) for name in names]


def test_another_date_issuer_or_unit_is_no_duplicate(clerk):
    taken(clerk)

    taken(clerk, letter(issued_date=date(2026, 3, 3)))
    taken(clerk, letter(issuer_name="Bộ Tài chính"))
    taken(AppointmentFactory(roles=[Role.CLERK]))

    assert Incoming.objects.count() == 4


def test_all_faults_are_told_at_once(clerk):
    wrong = PaperLetter(channel="electronic", urgency=9, page_count=0, type_code="CV", code="x" * 61)

    with pytest.raises(InvalidInput) as refusal:
        taken(clerk, wrong)

    fields = [fault.field for fault in refusal.value.faults]
    assert fields == ["issuer_name", "channel", "subject", "issued_date", "urgency", "page_count", "code"]
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"issued_date": date(2999, 1, 1)}, "issued_date"),
        ({"type_code": "XX"}, "type_code"),
        ({"issuer_id": 0}, "issuer"),
    ],
)
def test_what_cannot_be_is_named(clerk, given, field):
    with pytest.raises(InvalidInput) as refusal:
        taken(clerk, letter(**given))

    assert refusal.value.faults[0].field == field


def test_only_clerks_take_letters_in():
    with pytest.raises(NotPermitted):
        taken(AppointmentFactory(roles=[Role.UNIT_HEAD]))


def test_secret_letters_are_registered_in_their_own_book_without_a_file(clerk):
    with pytest.raises(InvalidInput) as refusal:
        taken(clerk, letter(secrecy=Secrecy.SECRET), scan=scanned(picture()))
    plain, secret = taken(clerk), taken(clerk, letter(code="02/M", secrecy=Secrecy.SECRET))

    assert refusal.value.faults[0].field == "file"
    assert (plain.book.is_secret, secret.book.is_secret, secret.number) == (False, True, 1)
    assert secret.document.content_id is None


def test_the_scan_is_kept_as_it_came_and_stamped_beside(clerk):
    upload = printed()
    incoming = taken(clerk, scan=scanned(upload))

    prepare_intake(intake_id=incoming.intake.pk, at=NOW)
    prepare_intake(intake_id=incoming.intake.pk, at=NOW)

    intake = Intake.objects.get(incoming=incoming)
    stamped = read_blob(intake.stamped_id)
    assert read_blob(intake.original_id) == read_blob(incoming.document.content_id) == upload
    assert stamped.startswith(upload)
    assert "Số: 01" in extract_text(stamped, ocr=False).text
    assert list(search_documents("chuyen doi so", clerk)) == [incoming.document]


def test_pictures_become_pdf_and_are_kept_beside_it(clerk):
    upload = picture("TIFF", save_all=True, append_images=[Image.new("RGB", (827, 1169), "white")])
    incoming = taken(clerk, scan=scanned(upload, "thư.tif"))

    intake = incoming.intake
    with pypdfium2.PdfDocument(read_blob(incoming.document.content_id)) as made:
        sizes = [tuple(round(side) for side in page.get_size()) for page in made]

    assert read_blob(intake.original_id) == upload
    assert sizes == [(595, 842), (595, 842)]
    assert incoming.document.page_count == 2


@pytest.mark.parametrize(
    "hostile",
    [
        b"%PDF-1.7\n" + b"garbage " * 1_000,
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
        b"\xff\xd8\xff" + b"\x00" * 100,
        b"II*\x00\xff\xff\xff\xff",
        printed()[:5_000],
    ],
)
def test_a_damaged_file_is_refused_and_named(hostile):
    with pytest.raises(ScanRefused, match=r"thư\.pdf"):
        scanned(hostile)


def test_a_picture_that_unpacks_to_too_much_is_refused():
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")

    with pytest.raises(ScanRefused, match=r"bom\.png"):
        scanned(file.getvalue(), "bom.png")


def test_another_kind_of_file_is_refused_and_named():
    with pytest.raises(WrongFileType, match=r"thư\.exe"):
        scanned(b"MZ\x90\x00" + b"\x00" * 200, "thư.exe")
