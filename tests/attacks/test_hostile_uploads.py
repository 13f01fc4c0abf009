"""Files that somebody made to harm: letters are refused by name, attachments lose what hides in their names."""

import io
import time
import zipfile

import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from docx import Document as WordDocument
from openpyxl import Workbook

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.documents.docx.pagetext import pages_of
from dinh.documents.models import Attachment
from dinh.documents.operations.draft_files import GivenFile, attach_files
from dinh.documents.operations.draft_plan import DraftPlan
from dinh.documents.operations.drafting import create_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(client):
    """A draft whose drafter is signed in."""
    drafter = AppointmentFactory()
    leader = AppointmentFactory(unit=drafter.unit, roles=[Role.UNIT_HEAD])
    plan = DraftPlan(type_code="CV", subject="báo cáo", paragraphs=["Đề nghị."], leader=leader)
    client.force_login(AccountFactory(current_appointment=drafter))
    return create_draft(drafter=drafter, plan=plan, at=timezone.now())


def pdf(*sizes):
    with pypdfium2.PdfDocument.new() as document:
        for width, height in sizes or [(595, 842)]:
            document.new_page(width, height)
        written = io.BytesIO()
        document.save(written)
    return written.getvalue()


SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"


def active(catalog: bytes = b"", *objects: bytes, header: bytes = b"%PDF-1.7\n") -> bytes:
    """A page whose catalog, or objects from number 4 on, hold what is given."""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
        *objects,
    ]
    written, places = header, []
    for number, body in enumerate(bodies, start=1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(bodies) + 1
    tail = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n" % (count, table, count)
    return written + tail + b"startxref\n%d\n%%%%EOF\n" % len(written)


def upload(client, draft, content, name="van-ban.pdf", where="letter", field="file"):
    file = SimpleUploadedFile(name, content)
    return client.post(f"/api/v1/drafts/{draft.pk}/{where}", {field: file})


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (active(b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"), "JavaScript"),
        (active(b"/Names << /JavaScript << /Names [(a) 4 0 R] >> >>", b"<< /JS (x) >>"), "JavaScript"),
        (active(b"/OpenAction 4 0 R", b"<< /S /Launch /F (cmd.exe) >>"), "Launch"),
        (active(b"/AA << /WC << /S /SubmitForm /F (http://x) >> >>"), "SubmitForm"),
        (active(b"/AcroForm << /XFA [(a) 4 0 R] /Fields [] >>", b"<< >>"), "XFA"),
        (active(b"", b"<< /Type /Annot /Subtype /RichMedia /Rect [0 0 1 1] >>"), "RichMedia"),
        # Behind an object that our reader gives up on; as that object; in one that it cannot unpack.
        (active(b"/OpenAction 5 0 R", b"[" * 200 + b"]" * 200, SCRIPT), "JavaScript"),
        (
            active(b"/OpenAction 4 0 R", SCRIPT.replace(b">>", b"/X " + b"[" * 200 + b"]" * 200 + b">>")),
            "JavaScript",
        ),
        (
            active(b"/OpenAction 4 0 R", b"<< /A (( >>", b"<< /S /J#61vaScript /X " + b"[" * 200 + b">>"),
            "JavaScript",
        ),
    ],
)
def test_letter_that_acts_by_itself_is_refused_by_name(client, draft, content, kind):
    answer = upload(client, draft, content)

    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert ("van-ban.pdf" in fault["message"], kind in fault["message"]) == (True, True)
    assert draft.versions.count() == 1


@pytest.mark.parametrize("sizes", [[(30_000, 30_000)], [(595, 842), (595, 200_000)], [(595, 842)] * 501])
def test_letter_of_huge_or_countless_pages_is_refused(client, draft, sizes):
    begun = time.monotonic()

    answer = upload(client, draft, pdf(*sizes))

    assert (answer.status_code, draft.versions.count()) == (422, 1)
    assert time.monotonic() - begun < 20


def test_page_of_thousands_of_baselines_is_read_quickly():
    text = b"BT /F1 1 Tf " + b"".join(b"1 0 0 1 10 %d Tm (a) Tj " % n for n in range(20_000)) + b"ET"
    stream = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text)
    page = b"/MediaBox [0 0 595 842]"
    fonts = b"/Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >>"
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    content = active(b"", stream, font).replace(page, page + fonts)
    begun = time.process_time()

    pages_of(content)

    assert time.process_time() - begun < 10


def bomb() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"\0" * (250 * 1024 * 1024))
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (lambda: b"MZ" + b"\0" * 512, 415),
        (lambda: b"<html><script>alert(1)</script></html>", 415),
        (lambda: b"\x7fELF" + b"\0" * 512, 415),
        (lambda: b"%PDF-1.7 and nothing else", 422),
        (lambda: b"", 415),
        (bomb, 422),
    ],
    ids=["exe", "html", "elf", "no pdf", "empty", "bomb"],
)
def test_what_is_no_letter_is_refused_whatever_its_name_says(client, draft, content, status):
    answer = upload(client, draft, content())

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert draft.versions.count() == 1


def office_file(kind: str, *more: tuple[str, bytes]) -> bytes:
    """An empty Word document or Excel workbook with these parts added."""
    written = io.BytesIO()
    (WordDocument() if kind == "docx" else Workbook()).save(written)
    with zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in more:
            archive.writestr(name, content)
    return written.getvalue()


HARMFUL = {
    "script.pdf": active(b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"),
    "khoa.pdf": active().replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 >>"),
    "cut.pdf": active()[:120],
    "macro.docx": office_file("docx", ("word/vbaProject.bin", b"\xd0\xcf")),
    "entity.docx": office_file("docx", ("word/extra.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')),
    "macro.xlsx": office_file("xlsx", ("xl/vbaProject.bin", b"\xd0\xcf")),
    "bomb.xlsx": office_file("xlsx", ("xl/worksheets/sheet9.xml", b"\0" * (130 * 1024 * 1024))),
}


@pytest.mark.parametrize("is_annex", [False, True])
@pytest.mark.parametrize("name", HARMFUL)
def test_what_goes_along_with_a_letter_harms_nobody_who_opens_it(client, draft, name, is_annex):
    files = [SimpleUploadedFile("sach.pdf", active()), SimpleUploadedFile(name, HARMFUL[name])]

    answer = client.post(f"/api/v1/drafts/{draft.pk}/files", {"files": files, "is_annex": is_annex})

    assert answer.status_code == (415 if name == "macro.docx" else 422)
    assert name in answer.json()["title"]
    assert not draft.document.attachments.exists()


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx"])
def test_plain_office_files_go_along_with_a_letter(client, draft, name):
    file = SimpleUploadedFile(name, office_file(name[2:]))

    answer = client.post(f"/api/v1/drafts/{draft.pk}/files", {"files": [file]})

    assert answer.status_code == 200
    assert [each.name for each in draft.document.attachments.all()] == [name]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("báo cáo.pdf", "báo cáo.pdf"),
        ("..\\..\\windows\\a.pdf", "a.pdf"),
        ("hoa\u202efdp.exe", "hoafdp.exe"),
        ("a\u200b\u2066b\r\nX: y.pdf", "abX: y.pdf"),
        ("...", "tep"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_names_of_attachments_hide_nothing(client, draft, given, kept):
    attach_files(
        outgoing_id=draft.pk,
        drafter=draft.drafter,
        files=[GivenFile(given, io.BytesIO(pdf()))],
        is_annex=False,
        at=timezone.now(),
    )

    attachment = Attachment.objects.get()
    shown = client.get(f"/api/v1/outgoing/{draft.pk}/files/{attachment.pk}")
    assert attachment.name == kept
    assert (shown.status_code, "attachment" in shown["Content-Disposition"]) == (200, True)


def test_polyglot_of_pdf_and_page_is_only_ever_a_download_or_a_pdf(client, draft):
    """A file that is a PDF and a page at once is never given out as a page."""
    content = active(header=b"%PDF-1.7\n%<html><script>alert(1)</script>\n")

    upload(client, draft, content, name="x.html", where="files", field="files")

    attachment = Attachment.objects.get()
    shown = client.get(f"/api/v1/outgoing/{draft.pk}/files/{attachment.pk}")
    assert shown["Content-Type"] == "application/pdf"
    assert shown["Content-Disposition"].startswith("attachment")
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in shown["Content-Security-Policy"]
