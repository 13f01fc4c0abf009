"""What a drafter adds to a letter's form, and what the letter then says."""

from datetime import date

import pytest
from django.utils import timezone

from dinh.directory.enums import Bloc, Role
from dinh.directory.models import Appointment
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.documents.docx import Meant, check_form
from dinh.documents.enums import Direction, OutgoingState
from dinh.documents.models import Book, Outgoing
from dinh.documents.operations.approval import (
    FormBlocked,
    NotYourTurn,
    return_draft,
    submit_draft,
    withdraw_draft,
)
from dinh.documents.operations.books import NewBook, open_book
from dinh.documents.operations.draft_plan import DraftPlan, WantedRecipient
from dinh.documents.operations.drafting import create_draft, render_version, revise_draft
from dinh.documents.operations.letter_content import letter_of, word_of
from dinh.documents.operations.letter_form import DraftAnnex, LetterForm
from dinh.documents.operations.numbering import WrongDate, reserve_number
from dinh.documents.tests.test_drafting import waiting
from dinh.kernel.errors import InvalidInput, NotPermitted

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def people(**unit) -> tuple[Appointment, Appointment]:
    drafter = AppointmentFactory(unit=UnitFactory(**unit))
    return drafter, AppointmentFactory(unit=drafter.unit, roles=[Role.UNIT_HEAD])


def drafted(drafter, leader, *, type_code="CV", recipients=(), **form) -> Outgoing:
    plan = DraftPlan(
        type_code=type_code,
        subject="về việc thử",
        paragraphs=["Nội dung."],
        leader=leader,
        recipients=recipients,
        form=LetterForm(**form),
    )
    return create_draft(drafter=drafter, plan=plan, at=timezone.now())


def letter(outgoing: Outgoing):
    return letter_of(outgoing.versions.get())


def signed(outgoing: Outgoing) -> Outgoing:
    outgoing.state, outgoing.signed_at = OutgoingState.SIGNED, timezone.now()
    outgoing.save()
    return outgoing


def faults_of(drafter, leader, **given) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        drafted(drafter, leader, **given)
    return [each.field for each in caught.value.faults]


def test_who_acts_is_addressed_and_who_is_to_know_stands_below():
    drafter, leader = people()
    recipients = [
        WantedRecipient(name="Sở A"),
        WantedRecipient(name="Sở B", purpose="coordinate"),
        WantedRecipient(name="Sở C", purpose="inform"),
    ]

    made = letter(drafted(drafter, leader, recipients=recipients))

    assert made.addressees == ("Sở A",)
    assert made.recipients == ("Như trên", "Sở B", "Sở C")


def test_words_of_ones_own_stand_in_place_of_names():
    drafter, leader = people()
    own = {"addressees": ["Các cơ quan, đơn vị"], "recipient_lines": ["Như Điều 3", "Lưu trữ"]}

    made = letter(drafted(drafter, leader, recipients=[WantedRecipient(name="Sở A")], **own))

    assert (made.addressees, made.recipients) == (("Các cơ quan, đơn vị",), ("Như Điều 3", "Lưu trữ"))


def test_a_report_is_addressed_only_to_a_body_above():
    above = UnitFactory()
    drafter, leader = people(parent=above)

    upward = letter(drafted(drafter, leader, type_code="BC", recipients=[WantedRecipient(unit_id=above.pk)]))
    across = letter(drafted(drafter, leader, type_code="BC", recipients=[WantedRecipient(name="Sở A")]))

    assert (upward.addressees, upward.recipients) == ((above.name,), ("Như trên",))
    assert (across.addressees, across.recipients) == ((), ("Sở A",))


def test_a_telegram_says_who_wires_whom():
    drafter, leader = people(name="Ủy ban nhân dân huyện Ba Bể")

    made = letter(drafted(drafter, leader, type_code="CĐ", recipients=[WantedRecipient(name="Xã A")]))

    assert (made.address_label, made.addressees) == ("Ủy ban nhân dân huyện Ba Bể điện", ("Xã A",))


@pytest.mark.parametrize(
    ("name", "position", "deciding"),
    [
        ("Ủy ban nhân dân huyện Ba Bể", "Chủ tịch Ủy ban nhân dân", "ỦY BAN NHÂN DÂN HUYỆN BA BỂ"),
        ("Sở Nội vụ", "Giám đốc", "GIÁM ĐỐC SỞ NỘI VỤ"),
    ],
)
def test_a_decision_names_who_decides(name, position, deciding):
    drafter, leader = people(name=name)
    leader.position.name = position
    leader.position.save()

    assert letter(drafted(drafter, leader, type_code="QĐ")).deciding_authority == deciding
    assert letter(drafted(drafter, leader, type_code="TB")).deciding_authority == ""


def test_circulation_copies_mark_address_and_annexes_come_into_the_letter():
    drafter, leader = people(address="Tổ 1", phone="0209", email="a@b.vn")
    outgoing = drafted(
        drafter,
        leader,
        circulation="internal",
        typist="pl",
        copies=300,
        archive_copies=3,
        shows_address=True,
        annexes=[DraftAnnex(title="biểu", paragraphs=["| A | B |", "| 1 | 2 |"], landscape=True)],
    )

    made = letter(outgoing)

    assert (made.circulation, made.typist_mark, made.archive_copies) == ("internal", "PL.(300)", 3)
    assert made.address_lines == ("Địa chỉ: Tổ 1", "Điện thoại: 0209; Thư điện tử: a@b.vn")
    annex = made.annexes[0]
    assert (annex.title, annex.landscape, annex.body[0].header) == ("biểu", True, ("A", "B"))
    assert outgoing.copies_amount == 300


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"circulation": "none"}, "circulation"),
        ({"typist": "x" * 11}, "typist"),
        ({"copies": -1}, "copies"),
        ({"archive_copies": 100_000}, "archive_copies"),
        ({"addressees": ["x"] * 61}, "addressees"),
        ({"recipient_lines": ["x" * 301]}, "recipient_lines"),
        ({"annexes": [DraftAnnex(title="a")]}, "annexes"),
        ({"is_normative": True}, "is_normative"),
        ({"council_name": "Ban lạ", "council_title": "Trưởng ban"}, "council_name"),
    ],
)
def test_a_fault_of_the_form_names_its_field(form, field):
    assert faults_of(*people(), **form) == [field]


def test_a_council_issues_in_its_own_series_under_the_units_name():
    drafter, leader = people(name="Ủy ban nhân dân huyện Ba Bể")
    clerk = AppointmentFactory(unit=drafter.unit, roles=[Role.CLERK])
    book = NewBook(
        direction=Direction.OUTGOING,
        year=TODAY.year,
        code="bcd",
        name="Ban Chỉ đạo",
        council_name="Ban Chỉ đạo chuyển đổi số",
        opening_number=4,
    )
    open_book(clerk=clerk, book=book, at=timezone.now())
    council = {
        "council_name": "Ban Chỉ đạo chuyển đổi số",
        "council_title": "KT. Trưởng ban / Phó Trưởng ban",
    }
    outgoing = drafted(drafter, leader, type_code="TB", **council)

    made = letter(outgoing)
    document = reserve_number(clerk=clerk, outgoing_id=signed(outgoing).pk, dated=TODAY, at=timezone.now())

    assert (made.issuing_agency, made.parent_agency) == ("Ban Chỉ đạo chuyển đổi số", drafter.unit.name)
    assert made.signatures[0].lines == ("KT. TRƯỞNG BAN", "PHÓ TRƯỞNG BAN")
    assert document.code == "05/TB-BCĐCĐS"


def test_normative_documents_bear_the_year_in_a_series_for_each_type():
    drafter, leader = people(name="Ủy ban nhân dân huyện Ba Bể", abbreviation="UBND", bloc=Bloc.GOVERNMENT)
    clerk = AppointmentFactory(unit=drafter.unit, roles=[Role.CLERK])
    codes = []
    for normative in (False, True, True):
        outgoing = signed(drafted(drafter, leader, type_code="QĐ", is_normative=normative))
        given = {"clerk": clerk, "outgoing_id": outgoing.pk, "dated": TODAY, "at": timezone.now()}
        codes.append(reserve_number(**given).code)

    year = TODAY.year
    assert codes == ["01/QĐ-UBND", f"01/{year}/QĐ-UBND", f"02/{year}/QĐ-UBND"]
    assert Book.objects.filter(unit=drafter.unit, is_normative=True).count() == 1


def test_a_date_before_the_signature_or_in_the_future_is_refused():
    drafter, leader = people()
    clerk = AppointmentFactory(unit=drafter.unit, roles=[Role.CLERK])
    outgoing = signed(drafted(drafter, leader))

    for wrong in (date(2020, 1, 1), date(TODAY.year + 1, 1, 1)):
        with pytest.raises(WrongDate):
            reserve_number(clerk=clerk, outgoing_id=outgoing.pk, dated=wrong, at=timezone.now())

    outgoing.document.refresh_from_db()
    assert outgoing.document.number is None


def test_a_document_is_replaced_only_by_its_own_kind():
    drafter, leader = people()
    old = drafted(drafter, leader, type_code="QĐ")
    plan = DraftPlan(type_code="CV", subject="x", paragraphs=["x"], leader=leader)

    with pytest.raises(InvalidInput) as caught:
        create_draft(drafter=drafter, plan=plan, at=timezone.now(), replaces=old)

    assert caught.value.field == "type_code"
    assert Outgoing.objects.count() == 1


def test_revising_keeps_the_form_with_its_version():
    drafter, leader = people()
    outgoing = drafted(drafter, leader, typist="AB")
    plan = DraftPlan(
        type_code="CV", subject="x", paragraphs=["x"], leader=leader, form=LetterForm(typist="CD", copies=7)
    )

    revise_draft(outgoing_id=outgoing.pk, drafter=drafter, plan=plan, at=timezone.now())

    marks = [letter_of(each).typist_mark for each in outgoing.versions.all()]
    assert marks == ["AB", "CD.(7)"]
    outgoing.refresh_from_db()
    assert outgoing.copies_amount == 7


def test_the_draft_as_word_has_no_fault_and_agrees_with_the_draft():
    drafter, leader = people(name="Ủy ban nhân dân huyện Ba Bể", abbreviation="UBND", place="Ba Bể")
    for type_code in ("CV", "QĐ", "BC", "CĐ"):
        outgoing = drafted(drafter, leader, type_code=type_code, recipients=[WantedRecipient(name="Sở A")])

        faults = check_form(
            word_of(outgoing),
            on=TODAY,
            meant=Meant(notation=outgoing.document.notation, signer=leader.person.full_name),
        )

        assert [each.code for each in faults if each.severity != "warning"] == []


def test_what_blocks_is_not_submitted():
    drafter, leader = people()
    outgoing = drafted(drafter, leader)
    render_version(outgoing.versions.get())
    outgoing.versions.update(faults=[{"severity": "blocking", "message": "Còn thay đổi"}])

    with pytest.raises(FormBlocked, match="Còn thay đổi"):
        submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())

    outgoing.refresh_from_db()
    assert outgoing.state == OutgoingState.DRAFTING


def test_the_drafter_takes_a_letter_back_and_the_clerk_returns_a_signed_one():
    drafter, leader = people()
    clerk = AppointmentFactory(unit=drafter.unit, roles=[Role.CLERK])
    outgoing = drafted(drafter, leader)
    render_version(outgoing.versions.get())
    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())

    with pytest.raises(NotPermitted):
        withdraw_draft(outgoing_id=outgoing.pk, drafter=leader, at=timezone.now())
    withdrawn = withdraw_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    assert (withdrawn.state, waiting(outgoing)) == (OutgoingState.RETURNED, [])

    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    signed(Outgoing.objects.get(pk=outgoing.pk))
    with pytest.raises(NotYourTurn):
        return_draft(outgoing_id=outgoing.pk, actor=leader, reason="x", at=timezone.now())
    returned = return_draft(outgoing_id=outgoing.pk, actor=clerk, reason="Sai thể thức", at=timezone.now())
    assert (returned.state, returned.signed_at) == (OutgoingState.RETURNED, None)
    assert waiting(outgoing) == [("documents.revise", drafter.pk)]
    step = outgoing.steps.get()
    assert (step.state, step.comment, step.decided_by) == ("returned", "Sai thể thức", clerk)


def test_a_numbered_letter_is_not_returned():
    drafter, leader = people()
    clerk = AppointmentFactory(unit=drafter.unit, roles=[Role.CLERK])
    outgoing = signed(drafted(drafter, leader))
    reserve_number(clerk=clerk, outgoing_id=outgoing.pk, dated=TODAY, at=timezone.now())

    with pytest.raises(NotYourTurn):
        return_draft(outgoing_id=outgoing.pk, actor=clerk, reason="x", at=timezone.now())

    outgoing.refresh_from_db()
    assert outgoing.state == OutgoingState.SIGNED
