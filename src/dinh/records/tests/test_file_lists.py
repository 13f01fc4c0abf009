"""The list of files, hand-over to the archive, and what leaves with a case file."""

import hashlib
import io
import zipfile
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from docx import Document as WordDocument
from lxml import etree
from openpyxl import load_workbook

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.models import Unit
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.kernel.errors import InvalidInput, NotPermitted
from dinh.notify.models import Notification
from dinh.records.models import CaseFile, Filing, ListEntry
from dinh.records.operations.case_files import (
    NewCaseFile,
    close_case_file,
    file_record,
    months_later,
    open_case_file,
)
from dinh.records.operations.file_lists import (
    EntryCodeTaken,
    EntryInUse,
    EntryNotFound,
    NewEntry,
    add_entry,
    approve_list,
    copy_list,
    remove_entry,
)
from dinh.records.operations.handing_over import NotClosedYet, hand_over, warn_of_hand_over
from dinh.records.registry import Fileable, FiledRecord, RecordDetail, RecordFile, fileables
from dinh.storage.api import store_bytes
from dinh.worklist.models import WorkItem

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
KIND = "directory.unit"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


@pytest.fixture
def clerk(client):
    clerk = AppointmentFactory(roles=[Role.CLERK])
    client.force_login(AccountFactory(current_appointment=clerk))
    return clerk


@pytest.fixture
def letters():
    """A kind of record whose files leave: units, the later ones older."""
    kept = store_bytes(PDF)

    def details(ids, reader):
        return {
            unit.pk: RecordDetail(
                element="Incoming",
                day=date(2026, 1, 31) - timedelta(days=unit.pk % 20),
                metadata=(
                    ("CodeNumber", "15"),
                    ("SignerInfo/Position", "Chủ tịch"),
                    ("SignerInfo/FullName", "A"),
                ),
                files=(RecordFile(name="15/QĐ-UBND.pdf", sha256=kept.sha256),),
            )
            for unit in Unit.objects.filter(pk__in=ids)
        }

    def describe(ids, reader):
        return {
            unit.pk: FiledRecord(code="15/QĐ-UBND", title=unit.name, day=date(2026, 1, 2), url="/")
            for unit in Unit.objects.filter(pk__in=ids)
        }

    fileables.register(KIND, Fileable(label="Unit", describe=describe, detail=details))
    yield
    fileables._entries.pop(KIND)


def line(**fields):
    return NewEntry(**{"code": "05/VP", "title": "Chuyển đổi số", "retention_years": 10, **fields})


def case_file_of(clerk, **fields):
    given = {"code": "05/VP", "title": "Chuyển đổi số", "opened_date": date(2026, 3, 2), **fields}
    return open_case_file(responsible=clerk, case_file=NewCaseFile(**given), at=NOW)


def test_a_line_is_written_once_by_a_clerk(clerk):
    first, again = (add_entry(clerk=clerk, year=2026, entry=line(), at=NOW) for _ in range(2))

    assert first == again
    assert [entry.action for entry in trace_of(first.file_list)] == ["records.file_list.line_added"]
    with pytest.raises(EntryCodeTaken):
        add_entry(clerk=clerk, year=2026, entry=line(title="Khác"), at=NOW)
    with pytest.raises(NotPermitted):
        add_entry(clerk=AppointmentFactory(unit=clerk.unit), year=2026, entry=line(), at=NOW)


def test_all_faults_of_a_line_are_told_by_field(clerk):
    wrong = line(code=" ", title="", handover_months=13, retention_years=0, responsible_id=0)

    with pytest.raises(InvalidInput) as refused:
        add_entry(clerk=clerk, year=2030, entry=wrong, at=NOW)

    fields = {"code", "title", "year", "handover_months", "retention_years", "responsible_id"}
    assert {fault.field for fault in refused.value.faults} == fields


def test_a_year_begins_with_the_lines_of_the_one_before(clerk):
    for code in ("01/VP", "02/VP"):
        add_entry(clerk=clerk, year=2025, entry=line(code=code), at=NOW)
    add_entry(clerk=clerk, year=2026, entry=line(code="01/VP", title="Mới"), at=NOW)

    assert copy_list(clerk=clerk, from_year=2025, to_year=2026, at=NOW) == 1
    assert copy_list(clerk=clerk, from_year=2025, to_year=2026, at=NOW) == 0
    titles = ListEntry.objects.filter(file_list__year=2026).values_list("code", "title")
    assert sorted(titles) == [("01/VP", "Mới"), ("02/VP", "Chuyển đổi số")]


def test_the_head_approves_once(clerk):
    head = AppointmentFactory(unit=clerk.unit, roles=[Role.UNIT_HEAD])
    add_entry(clerk=clerk, year=2026, entry=line(), at=NOW)

    first = approve_list(leader=head, year=2026, at=NOW)
    again = approve_list(leader=head, year=2026, at=NOW + timedelta(days=1))

    assert (first.approved_at, again.approved_at) == (NOW, NOW)
    with pytest.raises(NotPermitted):
        approve_list(leader=clerk, year=2026, at=NOW)


def test_a_line_with_a_case_file_stays_and_anothers_is_missing(clerk):
    entry = add_entry(clerk=clerk, year=2026, entry=line(handover_months=3), at=NOW)
    case_file = case_file_of(clerk, entry_id=entry.pk)

    with pytest.raises(EntryInUse):
        remove_entry(clerk=clerk, entry_id=entry.pk, at=NOW)
    with pytest.raises(EntryNotFound):
        remove_entry(clerk=AppointmentFactory(roles=[Role.CLERK]), entry_id=entry.pk, at=NOW)
    with pytest.raises(InvalidInput):
        case_file_of(clerk, code="06/VP", entry_id=entry.pk)
    assert close_case_file(case_file_id=case_file.pk, actor=clerk, at=NOW).handover_due_date == date(
        2027, 2, 24
    )


def test_months_later_ends_with_a_shorter_month():
    assert months_later(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert months_later(date(2024, 2, 29), 12) == date(2025, 2, 28)


def test_thirty_days_before_hand_over_who_is_responsible_is_told_once(clerk):
    case_file = case_file_of(clerk)
    close_case_file(case_file_id=case_file.pk, actor=clerk, at=NOW)
    due = NOW.replace(year=2027)

    amounts = [warn_of_hand_over(at=due - timedelta(days=days)) for days in (31, 30, 29)]

    assert amounts == [0, 1, 0]
    assert Notification.objects.get(appointment=clerk).kind == "records.hand_over"
    assert WorkItem.objects.get(done_at=None).target_id == case_file.pk
    hand_over(case_file_id=case_file.pk, actor=clerk, at=due)
    hand_over(case_file_id=case_file.pk, actor=clerk, at=due + timedelta(days=1))
    assert not WorkItem.objects.filter(done_at=None).exists()
    assert [entry.action for entry in trace_of(case_file)].count("records.case_file.handed_over") == 1


def test_an_open_case_file_is_not_handed_over(clerk):
    with pytest.raises(NotClosedYet):
        hand_over(case_file_id=case_file_of(clerk).pk, actor=clerk, at=NOW)


def test_a_case_file_leaves_in_the_order_of_time_with_its_originals(client, clerk, letters):
    case_file = case_file_of(clerk)
    older, newer = AppointmentFactory().unit, AppointmentFactory().unit
    for unit in (older, newer):
        file_record(case_file_id=case_file.pk, target_type=KIND, target_id=unit.pk, actor=clerk, at=NOW)

    def taken(ending):
        return b"".join(client.get(reverse("records:case_file_export", args=[case_file.pk, ending])))

    xml = etree.fromstring(taken("xml"))
    with zipfile.ZipFile(io.BytesIO(taken("zip"))) as container:
        originals = {
            name: container.read(name) for name in container.namelist() if name.startswith("van-ban/")
        }

    ordinals = [each.findtext("DocOrdinal") for each in xml.iterfind("Documents/Incoming")]
    assert ordinals == (["2", "1"] if newer.pk % 20 > older.pk % 20 else ["1", "2"])
    assert [each.tag for each in xml][:2] == ["FileCode", "Title"]
    assert xml.findtext("FileCode/FileNotation") == "05/VP"
    signer = xml.find("Documents/Incoming/SignerInfo")
    assert [each.tag for each in signer] == ["Position", "FullName"]
    assert originals == {f"van-ban/{n:03d}-01-15-QĐ-UBND.pdf": PDF for n in (1, 2)}
    told = {each.get("name"): each.get("sha256") for each in xml.iterfind("Documents/Incoming/File")}
    assert told == {name: hashlib.sha256(content).hexdigest() for name, content in originals.items()}
    assert taken("pdf").startswith(b"%PDF")
    assert [entry.details for entry in trace_of(case_file)][-1] == {"as": "pdf"}


def test_lists_leave_as_pdf_word_and_excel(client, clerk, letters):
    case_file = case_file_of(clerk)
    file_record(case_file_id=case_file.pk, target_type=KIND, target_id=clerk.unit_id, actor=clerk, at=NOW)
    add_entry(clerk=clerk, year=2026, entry=line(), at=NOW)

    for name, args in (
        ("record_list", [case_file.pk]),
        ("case_file_register", []),
        ("file_list_print", [2026]),
    ):
        files = {
            ending: b"".join(client.get(reverse(f"records:{name}", args=[*args, ending])))
            for ending in ("pdf", "docx", "xlsx")
        }
        sheet = load_workbook(io.BytesIO(files["xlsx"])).active
        table = WordDocument(io.BytesIO(files["docx"])).tables[0]
        rows = [[cell.value or "" for cell in row] for row in sheet.iter_rows()]
        assert [[cell.text for cell in row.cells] for row in table.rows] == rows
        assert len(rows) == 2
        assert files["pdf"].startswith(b"%PDF")
        assert client.get(reverse(f"records:{name}", args=[*args, "exe"])).status_code == 404


def test_programs_take_lists_home_too(client, clerk):
    case_file = case_file_of(clerk)
    add_entry(clerk=clerk, year=2026, entry=line(), at=NOW)

    for path in ("case-files/list", f"case-files/{case_file.pk}/documents", "file-lists/2026/list"):
        assert b"".join(client.get(f"/api/v1/{path}.xlsx")).startswith(b"PK"), path
    told = client.get("/api/v1/file-lists/2026").json()
    assert [(each["code"], each["opened"]) for each in told["entries"]] == [("05/VP", 0)]


def test_what_another_unit_keeps_leaves_for_nobody_else(client, clerk):
    foreign = case_file_of(AppointmentFactory(roles=[Role.CLERK]))

    for name, ending in (("case_file_export", "xml"), ("record_list", "pdf")):
        assert client.get(reverse(f"records:{name}", args=[foreign.pk, ending])).status_code == 404
    assert client.post(reverse("records:case_file_hand_over", args=[foreign.pk])).status_code == 404
    assert client.get(f"/api/v1/case-files/{foreign.pk}/export.xml").status_code == 404
    assert CaseFile.objects.get(pk=foreign.pk).handed_over_at is None
    assert Filing.objects.count() == 0


def test_the_list_is_written_and_opened_from_in_the_page(client, clerk):
    year = timezone.localdate().year
    given = {
        "code": "07/VP",
        "title": "Cải cách hành chính",
        "retention_years": "10",
        "handover_months": "12",
    }

    written = client.post(reverse("records:file_list", args=[year]), given)
    refused = client.post(reverse("records:file_list", args=[year]), {**given, "title": ""})
    entry = ListEntry.objects.get()
    form = client.get(reverse("records:case_file_new"), {"entry": entry.pk}).context["form"]

    assert (written.status_code, refused.status_code) == (302, 422)
    assert refused.context["form"].errors.keys() == {"title"}
    assert (form.initial["code"], form.initial["entry_id"]) == ("07/VP", entry.pk)
