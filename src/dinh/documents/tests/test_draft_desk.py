"""The page of a draft and the desk: picking recipients, files, places, versions, comments."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from dinh.audit.models import Entry
from dinh.directory.enums import Level, Role
from dinh.directory.models import Account, UnitGroup
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.documents.docx.sandboxed import find_program
from dinh.documents.docx.tests.hostile import GOOD
from dinh.documents.enums import Source
from dinh.documents.letters import render_letter
from dinh.documents.letters.tests.samples import official_letter, shared_data
from dinh.documents.models import Outgoing
from dinh.documents.operations.commenting import comment_on_draft
from dinh.documents.operations.draft_files import GivenFile, add_letter_file
from dinh.documents.operations.draft_plan import DraftPlan
from dinh.documents.operations.drafting import create_draft
from dinh.documents.operations.harmful import LetterRefused
from dinh.kernel.errors import InvalidInput, NotPermitted
from dinh.pki.api import SEAL_FIELD, Box, FieldSpec, add_fields, sign
from dinh.pki.tests.authority import Authority
from dinh.pki.tests.letters import CLAIMS, plain_pdf
from dinh.storage.api import WrongFileType

pytestmark = pytest.mark.django_db
needs_office = pytest.mark.skipif(find_program("soffice") is None, reason="LibreOffice is not installed")


@pytest.fixture
def desk(client):
    """Somebody signed in who drafted a letter; the draft, its drafter and its signer."""
    drafter = AppointmentFactory()
    leader = AppointmentFactory(unit=drafter.unit, roles=[Role.UNIT_HEAD])
    plan = DraftPlan(type_code="CV", subject="báo cáo", paragraphs=["Đề nghị báo cáo."], leader=leader)
    draft = create_draft(drafter=drafter, plan=plan, at=timezone.now())
    client.force_login(AccountFactory(current_appointment=drafter))
    return draft, drafter, leader


def form(leader, **changes) -> dict[str, object]:
    given = {"type_code": "Công văn", "subject": "V/v", "text": "Kính gửi.\nĐề nghị.", "leader": leader.pk}
    return given | changes


def act(client, draft, act, /, **data):
    return client.post(reverse("documents:draft_act", args=[draft.pk, act]), data)


def test_the_page_asks_for_the_secretary_of_minutes_and_keeps_who_was_chosen(client, desk):
    _draft, drafter, leader = desk
    url = reverse("documents:outgoing_new")

    missing = client.post(url, form(leader, type_code="Biên bản"))
    wrong = client.post(url, form(leader) | {"leader": 0, "secretary": 999999, "urgency": 9})
    made = client.post(url, form(leader, type_code="Biên bản", secretary=drafter.pk))

    draft = Outgoing.objects.latest("pk")
    assert [fault.field for fault in missing.context["faults"]] == ["secretary"]
    assert [fault.field for fault in wrong.context["faults"]] == ["leader", "secretary", "urgency"]
    assert made.url == reverse("documents:outgoing_draft", args=[draft.pk])
    again = client.get(reverse("documents:draft_edit", args=[draft.pk]))
    assert again.context["values"]["secretary"] == str(drafter.pk)


def test_units_are_found_without_diacritics_and_never_oneself(client, desk):
    _draft, drafter, _leader = desk
    wanted = UnitFactory(name="UBND xã Quảng Khê", search_name="ubnd xa quang khe")

    found = client.get(reverse("documents:draft_units"), {"words": "Quang khê"}).context["units"]
    own = client.get(reverse("documents:draft_units"), {"words": drafter.unit.name}).context["units"]

    assert list(found) == [wanted]
    assert drafter.unit not in own


def test_recipients_are_added_and_taken_away_and_kept_when_the_form_is_refused(client, desk):
    _draft, drafter, leader = desk
    unit, other = UnitFactory(), UnitFactory()
    group = UnitGroup.objects.create(name="Các xã", level=Level.COMMUNE)
    rows = {"to": [f"unit:{unit.pk}"], "purpose": ["inform"], "to_name": [""], "to_address": [""]}
    url = reverse("documents:draft_recipients")

    added = client.post(url, rows | {"add": f"group:{group.pk}", "new_purpose": "act"}).context
    gone = client.post(url, rows | {"remove": "0"}).context
    wrong = client.post(url, rows | {"add": "unit:999999"})
    refused = client.post(reverse("documents:outgoing_new"), form(leader, subject=" ") | rows)

    assert [(row.label, row.purpose) for row in added["rows"]] == [(unit.name, "inform"), ("Các xã", "act")]
    assert added["amount"] == 3  # the unit, and both of the group: its own purpose holds for the one
    assert gone["rows"] == []
    assert wrong.status_code == 422
    assert (refused.status_code, [row.to for row in refused.context["rows"]]) == (422, [f"unit:{unit.pk}"])
    assert [fault.field for fault in refused.context["faults"]] == ["subject"]
    assert {drafter.unit, unit, other} >= set(group.members.all())


def test_a_double_click_makes_one_draft_and_the_preview_none(client, desk):
    _draft, _drafter, leader = desk
    given = form(leader, request_key="6f0b8b4e-5d5b-4b8f-9c5a-0c1d2e3f4a5b")

    preview = client.post(reverse("documents:draft_preview"), given, headers={"HX-Request": "true"})
    plain = client.post(reverse("documents:draft_preview"), given)
    before = Outgoing.objects.count()
    answers = [client.post(reverse("documents:outgoing_new"), given).url for _time in range(2)]

    assert len(preview.context["pictures"]) == 1
    assert plain.content.startswith(b"%PDF")
    assert answers[0] == answers[1]
    assert (before, Outgoing.objects.count()) == (1, 2)


def test_an_edit_is_the_next_version_and_can_be_compared(client, desk):
    draft, _drafter, leader = desk
    page = client.get(reverse("documents:draft_edit", args=[draft.pk]))
    assert page.context["values"]["text"] == "Đề nghị báo cáo."

    client.post(reverse("documents:draft_edit", args=[draft.pk]), form(leader, subject="báo cáo"))
    compared = client.get(reverse("documents:draft_compare", args=[draft.pk, 1, 2]))

    assert [(line.kind, line.text) for line in compared.context["lines"]] == [
        ("same", "báo cáo"), ("gone", "Đề nghị báo cáo."), ("new", "Kính gửi."), ("new", "Đề nghị."),
    ]  # fmt: skip
    assert client.get(reverse("documents:draft_compare", args=[draft.pk, 1, 9])).status_code == 404


@needs_office
def test_a_word_file_is_checked_converted_and_becomes_the_version(client, desk):
    draft, _drafter, _leader = desk

    act(client, draft, "upload", file=SimpleUploadedFile("thu.docx", GOOD))

    version = draft.versions.latest("number")
    assert (version.number, version.source, version.body) == (2, Source.WORD, {"file_name": "thu.docx"})
    assert version.pdf is not None
    assert {"number", "day", "signature.leader"} <= {place["name"] for place in version.places}


def test_the_decrees_own_word_file_lists_its_faults(desk):
    draft, drafter, _leader = desk
    content = (shared_data("nd30") / "Phuluc4.docx").read_bytes()

    version = add_letter_file(
        outgoing_id=draft.pk,
        drafter=drafter,
        file=GivenFile("Phuluc4.docx", io.BytesIO(content)),
        at=timezone.now(),
    )

    assert version.faults
    assert all(each["message"] and each["box"] for each in version.faults)


def test_what_is_not_what_it_claims_is_refused_and_named(client, desk):
    draft, drafter, _leader = desk
    fake = GivenFile("thu.docx", io.BytesIO(b"MZ not a letter"))

    with pytest.raises(WrongFileType, match=r"thu\.docx"):
        add_letter_file(outgoing_id=draft.pk, drafter=drafter, file=fake, at=timezone.now())
    act(client, draft, "attach", files=SimpleUploadedFile("anh.png", b"<script>"))

    assert draft.versions.count() == 1
    assert draft.document.attachments.count() == 0


def test_missing_places_are_told_by_the_names_that_the_page_shows(client, desk):
    draft, _drafter, _leader = desk
    act(client, draft, "upload", file=SimpleUploadedFile("trang.pdf", plain_pdf()))

    answer = client.post(reverse("documents:outgoing_act", args=[draft.pk, "submit"]))

    (told,) = re.findall("chưa có vị trí cho: ([^.]*)", answer.content.decode())
    assert told == "Số, Ngày, Tháng, Năm, Chữ ký, Con dấu"


def test_pdf_that_cannot_be_signed_is_refused_as_it_is_uploaded(client, desk):
    draft, drafter, _leader = desk
    plain = render_letter(official_letter()).pdf
    box = Box(1, 100, 100, 200, 150)
    submitted = add_fields(pdf=plain, fields=[FieldSpec(SEAL_FIELD, box)])
    signed = sign(pdf=plain, field="S1", signer=Authority().leader.signer, claims=CLAIMS, box=box).pdf
    refused = {"damaged.pdf": plain[: len(plain) // 2], "submitted.pdf": submitted, "signed.pdf": signed}

    said = {}
    for name, pdf in refused.items():
        with pytest.raises(LetterRefused) as refusal:
            add_letter_file(
                outgoing_id=draft.pk,
                drafter=drafter,
                file=GivenFile(name, io.BytesIO(pdf)),
                at=timezone.now(),
            )
        said[name] = str(refusal.value)

    assert said == {
        "damaged.pdf": "Không đọc được damaged.pdf: tệp bị hỏng hoặc có mật khẩu. Hãy in ra PDF rồi gửi tệp đó.",
        "submitted.pdf": "submitted.pdf là văn bản đã trình ký trên hệ thống này. Hãy in ra PDF rồi gửi tệp đó.",
        "signed.pdf": "signed.pdf đã có chữ ký số. Hãy tải lên bản chưa ai ký.",
    }
    assert draft.versions.count() == 1


def test_files_are_attached_downloaded_and_taken_off(client, desk):
    draft, _drafter, _leader = desk
    act(client, draft, "attach", files=SimpleUploadedFile("phụ lục.docx", GOOD), is_annex="on")
    kept = draft.document.attachments.get()
    url = reverse("documents:draft_attachment", args=[draft.pk, kept.pk])

    content = b"".join(client.get(url).streaming_content)
    client.force_login(AccountFactory(current_appointment=AppointmentFactory()))
    stranger = client.get(url)

    # The unit signs annexes as it seals the letter, so they are kept as PDF.
    assert (kept.name, kept.is_annex, content[:5]) == ("phụ lục.pdf", True, b"%PDF-")
    assert stranger.status_code == 404
    client.force_login(Account.objects.get(person=draft.drafter.person))
    act(client, draft, "detach", attachment=kept.pk)
    assert draft.document.attachments.count() == 0


def test_a_click_on_an_uploaded_page_sets_the_place(client, desk):
    draft, _drafter, _leader = desk
    pdf = render_letter(official_letter()).pdf
    act(client, draft, "upload", file=SimpleUploadedFile("thu.pdf", pdf))
    page = client.get(reverse("documents:draft_page", args=[draft.pk, 1]))

    act(client, draft, "place", name="seal.leader", page="1", **{"at.x": "300", "at.y": "400"})
    act(client, draft, "place", name="seal.leader", page="7", **{"at.x": "10", "at.y": "10"})

    seal = next(each for each in draft.versions.latest("number").places if each["name"] == "seal.leader")
    assert page.content.startswith(b"\x89PNG")
    assert (seal["page"], round(seal["x"], 1)) == (1, 250.5)
    assert 841 - 400 - 51 < seal["y"] < 842.5 - 400 - 49


def test_those_on_the_path_comment_and_others_do_not(desk):
    draft, drafter, leader = desk
    clerk = AppointmentFactory(unit=drafter.unit, roles=[Role.CLERK])

    for author in (drafter, leader, leader):
        comment_on_draft(outgoing_id=draft.pk, author=author, text=" Sửa câu 2 ", at=timezone.now())
    with pytest.raises(NotPermitted):
        comment_on_draft(outgoing_id=draft.pk, author=clerk, text="x", at=timezone.now())
    with pytest.raises(InvalidInput):
        comment_on_draft(outgoing_id=draft.pk, author=leader, text=" ", at=timezone.now())

    assert [(each.author, each.text) for each in draft.comments.all()] == [
        (drafter, "Sửa câu 2"), (leader, "Sửa câu 2"),
    ]  # fmt: skip
    assert Entry.objects.filter(action="documents.document.commented").count() == 2


def test_others_of_the_unit_neither_edit_nor_delete(client, desk):
    draft, _drafter, leader = desk
    client.force_login(AccountFactory(current_appointment=leader))

    assert client.get(reverse("documents:outgoing_draft", args=[draft.pk])).status_code == 200
    assert client.get(reverse("documents:draft_edit", args=[draft.pk])).status_code == 404
    act(client, draft, "delete")
    assert Outgoing.objects.filter(pk=draft.pk).exists()


def test_the_blank_word_form_is_that_of_the_type(client, desk):
    answer = client.get(reverse("documents:draft_template", args=["QĐ"]))
    assert answer.content.startswith(b"PK")
    assert client.get(reverse("documents:draft_template", args=["XX"])).status_code == 404
