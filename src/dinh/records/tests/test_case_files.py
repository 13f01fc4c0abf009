from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.models import Unit
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, DivisionFactory
from dinh.kernel.errors import InvalidInput, NotPermitted
from dinh.records.api import case_files_of, case_files_to_choose, file
from dinh.records.models import CaseFile, Filing
from dinh.records.operations.case_files import (
    CannotBeFiled,
    CaseFileClosed,
    CodeTaken,
    NewCaseFile,
    close_case_file,
    file_record,
    open_case_file,
    reopen_case_file,
    take_out,
)
from dinh.records.operations.handing_over import hand_over
from dinh.records.queries.case_files import CaseFileNotFound, case_files_visible_to, described
from dinh.records.registry import Fileable, FiledRecord, fileables

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
KIND = "directory.unit"


@pytest.fixture(autouse=True)
def units_can_be_filed():
    """A real kind of record: the reader's own unit, and nothing else."""

    def describe(ids, reader):
        own = Unit.objects.filter(pk__in=ids).filter(pk=reader.unit_id)
        return {unit.pk: FiledRecord(code=unit.code, title=unit.name, day=None, url="/") for unit in own}

    fileables.register(KIND, Fileable(label="Unit", describe=describe))
    yield
    fileables._entries.pop(KIND)


@pytest.fixture
def keeper():
    return AppointmentFactory()


def opened(keeper, **fields):
    given = {
        "code": "05/VP",
        "title": "Chuyển đổi số",
        "opened_date": date(2026, 3, 2),
        "retention_years": 10,
    }
    return open_case_file(responsible=keeper, case_file=NewCaseFile(**{**given, **fields}), at=NOW)


def filed(case_file, actor, target=None):
    target_id = target if target is not None else actor.unit_id
    return file_record(case_file_id=case_file.pk, target_type=KIND, target_id=target_id, actor=actor, at=NOW)


def test_a_case_file_is_opened_once(keeper):
    first, again = opened(keeper), opened(keeper)

    assert first == again
    assert (first.year, first.responsible, first.retention_years) == (2026, keeper, 10)
    assert [entry.action for entry in trace_of(first)] == ["records.case_file.opened"]
    with pytest.raises(CodeTaken):
        opened(AppointmentFactory(unit=keeper.unit), title="Khác")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", " "),
        ("title", ""),
        ("opened_date", date(2027, 1, 1)),
        ("retention_years", 0),
        ("title", "x" * 501),
    ],
)
def test_opening_names_the_field_at_fault(keeper, field, value):
    with pytest.raises(InvalidInput) as refused:
        opened(keeper, **{field: value})

    assert refused.value.field == field
    assert not CaseFile.objects.exists()


def test_a_record_is_filed_once_and_found_again(keeper):
    case_file = opened(keeper)
    for _time in range(2):
        file(target=keeper.unit, case_file_id=case_file.pk, actor=keeper, at=NOW)

    assert Filing.objects.count() == 1
    assert [each.case_file_id for each in case_files_of(keeper.unit, reader=keeper)] == [case_file.pk]
    assert [entry.action for entry in trace_of(case_file)][1:] == ["records.case_file.filled"]


def test_only_what_the_actor_sees_is_filed(keeper):
    case_file = opened(keeper)

    with pytest.raises(CannotBeFiled):
        filed(case_file, keeper, target=AppointmentFactory().unit_id)
    with pytest.raises(CannotBeFiled):
        file_record(case_file_id=case_file.pk, target_type="x.y", target_id=1, actor=keeper, at=NOW)
    assert not Filing.objects.exists()


def test_others_neither_see_nor_fill(keeper):
    case_file = opened(keeper)

    for stranger in (AppointmentFactory(roles=[Role.CLERK]), AppointmentFactory(unit=keeper.unit)):
        with pytest.raises(CaseFileNotFound):
            filed(case_file, stranger)
    with pytest.raises(NotPermitted):
        filed(case_file, AppointmentFactory(unit=keeper.unit, roles=[Role.UNIT_HEAD]))
    assert filed(case_file, AppointmentFactory(unit=keeper.unit, roles=[Role.CLERK])).case_file == case_file


def test_a_head_of_division_sees_its_files():
    division = DivisionFactory()
    keeper = AppointmentFactory(unit=division.unit, division=division)
    head = AppointmentFactory(unit=division.unit, division=division, roles=[Role.DIVISION_HEAD])
    other = AppointmentFactory(unit=division.unit, roles=[Role.DIVISION_HEAD])
    case_file = opened(keeper)

    assert list(case_files_visible_to(head)) == [case_file]
    assert not case_files_visible_to(other).exists()
    assert case_files_to_choose(actor=head) == []


def test_a_closed_file_takes_nothing(keeper):
    case_file = opened(keeper)
    filing = filed(case_file, keeper)

    for _time in range(2):
        closed = close_case_file(case_file_id=case_file.pk, actor=keeper, at=NOW)

    assert closed.closed_date == date(2026, 11, 24)
    assert case_files_to_choose(actor=keeper) == []
    with pytest.raises(CaseFileClosed):
        filed(case_file, keeper)
    with pytest.raises(CaseFileClosed):
        take_out(case_file_id=case_file.pk, filing_id=filing.pk, actor=keeper, at=NOW)
    assert Filing.objects.count() == 1


def test_what_the_reader_may_not_see_is_not_described(keeper):
    case_file = opened(keeper)
    filing = filed(case_file, keeper)

    assert described([filing], keeper)[0].record.code == keeper.unit.code
    assert described([filing], AppointmentFactory())[0].record is None


def test_pages_open_fill_take_out_and_close(client, keeper):
    client.force_login(AccountFactory(current_appointment=keeper))
    form = {"code": "05/VP", "title": "Chuyển đổi số", "opened_date": "2026-03-02", "retention_years": ""}
    assert client.post(reverse("records:case_file_new"), {**form, "title": ""}).status_code == 422
    answer = client.post(reverse("records:case_file_new"), form)
    case_file = CaseFile.objects.get()
    assert answer.url == reverse("records:case_file", args=[case_file.pk])
    filing = filed(case_file, keeper)
    assert keeper.unit.code in client.get(answer.url).content.decode()
    assert "05/VP" in client.get(reverse("records:case_file_list"), {"q": "chuyển"}).content.decode()

    client.post(reverse("records:case_file_take_out", args=[case_file.pk, filing.pk]))
    client.post(reverse("records:case_file_close", args=[case_file.pk]))

    case_file.refresh_from_db()
    assert (Filing.objects.count(), case_file.closed_date is not None) == (0, True)
    client.force_login(AccountFactory(current_appointment=AppointmentFactory(roles=[Role.CLERK])))
    assert client.get(answer.url).status_code == 404
    assert client.post(reverse("records:case_file_close", args=[case_file.pk])).status_code == 404


def test_pages_cost_the_same_for_one_row_and_three(client, keeper):
    client.force_login(AccountFactory(current_appointment=keeper))
    first = opened(keeper)
    amounts = []
    client.get(reverse("records:case_file_list"))
    for codes in (("1",), ("2", "3")):
        for code in codes:
            opened(keeper, code=code)
            Filing.objects.create(
                case_file=first,
                target_type=KIND,
                target_id=int(code),
                ordinal=int(code),
                filed_by=keeper,
                filed_at=NOW,
            )
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("records:case_file_list"))
            client.get(reverse("records:case_file", args=[first.pk]))
        amounts.append(len(queries))
    assert amounts[0] == amounts[1]


def test_programs_open_fill_and_close(client, keeper):
    client.force_login(AccountFactory(current_appointment=keeper))
    body = {"code": "05/VP", "title": "Chuyển đổi số", "opened_date": "2026-03-02"}
    made = client.post("/api/v1/case-files", body, content_type="application/json")
    at = f"/api/v1/case-files/{made.json()['id']}"
    wrong = client.post("/api/v1/case-files", {**body, "code": ""}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "code")

    target = {"target_type": KIND, "target_id": keeper.unit_id}
    filing = client.post(f"{at}/filings", target, content_type="application/json")
    assert (filing.status_code, filing.json()["code"]) == (201, keeper.unit.code)
    assert client.get(f"{at}/filings").json()["count"] == 1
    assert client.delete(f"{at}/filings/{filing.json()['id']}").status_code == 204
    assert client.post(f"{at}/close").json()["closed_date"] is not None
    client.force_login(AccountFactory(current_appointment=AppointmentFactory()))
    assert client.get(at).status_code == 404
    assert client.get("/api/v1/case-files").json()["items"] == []


def test_places_in_a_case_file_have_no_gaps(keeper):
    case_file = opened(keeper)
    other = AppointmentFactory().unit
    filed(case_file, keeper)
    Filing.objects.create(
        case_file=case_file, target_type=KIND, target_id=other.pk, ordinal=2, filed_by=keeper, filed_at=NOW
    )

    take_out(case_file_id=case_file.pk, filing_id=case_file.filings.get(ordinal=1).pk, actor=keeper, at=NOW)

    assert list(case_file.filings.values_list("target_id", "ordinal")) == [(other.pk, 1)]


def test_a_file_that_was_closed_too_early_is_opened_again_until_it_is_handed_over(client, keeper):
    case_file = opened(keeper)
    order = {"case_file_id": case_file.pk, "actor": keeper, "at": NOW}
    close_case_file(**order)
    with pytest.raises(InvalidInput):
        reopen_case_file(reason=" ", **order)
    with pytest.raises(CaseFileNotFound):
        reopen_case_file(reason="Nhầm", **order | {"actor": AppointmentFactory(roles=[Role.CLERK])})
    client.force_login(AccountFactory(current_appointment=keeper))

    client.post(reverse("records:case_file_reopen", args=[case_file.pk]), {"reason": "Còn văn bản"})

    case_file.refresh_from_db()
    assert (case_file.closed_date, case_file.handover_due_date) == (None, None)
    close_case_file(**order)
    hand_over(case_file_id=case_file.pk, actor=keeper, at=NOW)
    with pytest.raises(CaseFileClosed):
        reopen_case_file(reason="Nhầm", **order)
    url = f"/api/v1/case-files/{case_file.pk}/reopen"
    assert client.post(url, {"reason": "x"}, content_type="application/json").status_code == 409


def test_the_description_of_an_open_file_is_corrected(client, keeper):
    case_file = opened(keeper)
    client.force_login(AccountFactory(current_appointment=keeper))
    given = {"title": "Hồ sơ đúng tên", "rights": "", "language": "Tiếng Việt", "note": ""}

    for _time in range(2):
        client.post(reverse("records:case_file_correct", args=[case_file.pk]), given)

    corrected = [entry.details for entry in trace_of(case_file) if entry.action.endswith("corrected")]
    assert corrected == [{"before": {"title": case_file.title}, "after": {"title": "Hồ sơ đúng tên"}}]
    refused = client.post(
        f"/api/v1/case-files/{case_file.pk}/correct", {"title": ""}, content_type="application/json"
    )
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "title")
