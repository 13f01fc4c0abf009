"""What a draft may be, and in whose name it is signed."""

from datetime import date
from uuid import uuid4

import pytest
from django.utils import timezone

from dinh.directory.enums import Bloc, Role
from dinh.directory.tests.factories import AppointmentFactory, PositionFactory, UnitFactory
from dinh.documents.enums import Channel, OutgoingState, Purpose
from dinh.documents.models import Outgoing
from dinh.documents.operations.authority import signature_lines, suggested_authority
from dinh.documents.operations.draft_plan import DraftPlan, WantedRecipient
from dinh.documents.operations.drafting import create_draft, delete_draft
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 24)


def people(unit=None):
    """A drafter with head and deputy of a People's Committee, or of the unit given."""
    unit = unit or UnitFactory()
    head = PositionFactory(code="chu-tich-ubnd", name="Chủ tịch Ủy ban nhân dân")
    deputy = PositionFactory(code="pho-chu-tich-ubnd", name="Phó Chủ tịch Ủy ban nhân dân")
    return (
        AppointmentFactory(unit=unit),
        AppointmentFactory(unit=unit, roles=[Role.UNIT_HEAD], position=head),
        AppointmentFactory(unit=unit, roles=[Role.UNIT_DEPUTY], position=deputy),
    )


def position(name):
    return PositionFactory(code=name, name=name)


def plan(leader, **changes) -> DraftPlan:
    given = {"type_code": "CV", "subject": "báo cáo", "paragraphs": ["Đề nghị."], "leader": leader}
    return DraftPlan(**(given | changes))


def test_a_committee_signs_as_a_collective():
    _drafter, head, deputy = people()

    lines = [signature_lines(each, authority=suggested_authority(each), on=DAY) for each in (head, deputy)]

    assert lines == [
        ("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"),
        ("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"),
    ]


def test_a_department_signs_by_its_head():
    _drafter, head, deputy = people(UnitFactory(name="Sở Nội vụ"))

    assert signature_lines(head, authority=suggested_authority(head), on=DAY) == ("CHỦ TỊCH ỦY BAN NHÂN DÂN",)
    assert suggested_authority(deputy) == "for_head"


def test_a_party_committee_signs_for_its_standing_committee():
    unit = UnitFactory(name="Đảng ủy xã", bloc=Bloc.PARTY)
    head = AppointmentFactory(unit=unit, roles=[Role.UNIT_HEAD], position=position("Bí thư"))
    deputy = AppointmentFactory(unit=unit, roles=[Role.UNIT_DEPUTY], position=position("Phó Bí thư"))

    lines = [signature_lines(each, authority=suggested_authority(each), on=DAY) for each in (head, deputy)]

    assert lines == [("T/M BAN THƯỜNG VỤ", "BÍ THƯ"), ("T/M BAN THƯỜNG VỤ", "PHÓ BÍ THƯ")]


def test_a_party_board_signs_by_its_head():
    unit = UnitFactory(name="Ban Tổ chức Tỉnh ủy", bloc=Bloc.PARTY)
    head = AppointmentFactory(unit=unit, roles=[Role.UNIT_HEAD], position=position("Trưởng ban"))
    deputy = AppointmentFactory(unit=unit, roles=[Role.UNIT_DEPUTY], position=position("Phó Trưởng ban"))

    lines = [signature_lines(each, authority=suggested_authority(each), on=DAY) for each in (head, deputy)]

    assert lines == [("TRƯỞNG BAN",), ("K/T TRƯỞNG BAN", "PHÓ TRƯỞNG BAN")]


def test_every_field_at_fault_is_named():
    drafter, head, _deputy = people()
    stranger = AppointmentFactory()
    wrong = plan(
        head,
        type_code="XX",
        subject=" ",
        paragraphs=[""],
        initials=[stranger],
        urgency=9,
        reply_due_date=date(2020, 1, 1),
        recipients=[WantedRecipient(name="Ông A", channel=Channel.EMAIL), WantedRecipient(unit_id=999_999)],
    )

    with pytest.raises(InvalidInput) as refusal:
        create_draft(drafter=drafter, plan=wrong, at=timezone.now())

    fields = {fault.field for fault in refusal.value.faults}
    assert fields == {
        "subject", "text", "type_code", "urgency", "reply_due_date", "initials", "recipients",
    }  # fmt: skip
    assert not Outgoing.objects.exists()


def test_minutes_need_a_secretary_of_the_own_unit_and_nothing_else_has_one():
    drafter, head, deputy = people()

    def told(**changes) -> list[str]:
        with pytest.raises(InvalidInput) as refusal:
            create_draft(drafter=drafter, plan=plan(head, **changes), at=timezone.now())
        return [fault.field for fault in refusal.value.faults]

    assert told(type_code="BB") == ["secretary"]
    assert told(type_code="BB", secretary=AppointmentFactory()) == ["secretary"]
    assert told(type_code="BB", secretary=head) == ["initials"]
    assert told(secretary=deputy) == ["secretary"]
    made = create_draft(
        drafter=drafter, plan=plan(head, type_code="BB", secretary=drafter), at=timezone.now()
    )
    assert list(made.steps.values_list("kind", flat=True)) == ["cosign", "sign"]


def test_a_repeated_request_makes_one_draft():
    drafter, head, _deputy = people()
    key = uuid4()

    made = [
        create_draft(drafter=drafter, plan=plan(head), at=timezone.now(), request_key=key) for _ in range(2)
    ]

    assert made[0] == made[1]
    assert made[0].versions.count() == 1


def test_outsiders_are_kept_with_their_way_and_units_once():
    drafter, head, _deputy = people()
    unit = UnitFactory(is_connected=False)
    wanted = [
        WantedRecipient(unit_id=unit.pk, purpose=Purpose.INFORM),
        WantedRecipient(name="Công ty A", address="a@example.vn", channel=Channel.EMAIL),
        WantedRecipient(unit_id=unit.pk, purpose=Purpose.ACT),
    ]

    outgoing = create_draft(drafter=drafter, plan=plan(head, recipients=wanted), at=timezone.now())

    rows = [(each.name, each.purpose, each.channel) for each in outgoing.recipients.all()]
    assert rows == [(unit.name, "inform", "paper"), ("Công ty A", "act", "email")]


def test_only_the_drafter_deletes_and_only_what_was_never_submitted():
    drafter, head, _deputy = people()
    outgoing = create_draft(drafter=drafter, plan=plan(head), at=timezone.now())

    with pytest.raises(NotFound):
        delete_draft(outgoing_id=outgoing.pk, drafter=AppointmentFactory(), at=timezone.now())
    with pytest.raises(NotPermitted):
        delete_draft(outgoing_id=outgoing.pk, drafter=head, at=timezone.now())
    Outgoing.objects.update(state=OutgoingState.RETURNED)
    with pytest.raises(NotPermitted):
        delete_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    Outgoing.objects.update(state=OutgoingState.DRAFTING)
    delete_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())

    assert not Outgoing.objects.exists()


def test_the_mark_of_the_subject_is_not_written_twice():
    drafter, head, _deputy = people()

    outgoing = create_draft(drafter=drafter, plan=plan(head, subject="V/v báo cáo"), at=timezone.now())

    assert outgoing.document.subject == "báo cáo"


def test_what_nobody_sees_is_not_kept_in_subject_and_recipients():
    drafter, head, _deputy = people()
    to = WantedRecipient(name="Công ty \u202eAB\u202c", channel=Channel.PAPER)
    wanted = plan(head, subject="báo\u200b cáo \u202efdp.exe\n", recipients=[to])

    outgoing = create_draft(drafter=drafter, plan=wanted, at=timezone.now())

    assert outgoing.document.subject == "báo cáo fdp.exe"
    assert outgoing.recipients.get().name == "Công ty AB"


def test_a_subject_that_nobody_sees_is_none():
    drafter, head, _deputy = people()

    with pytest.raises(InvalidInput) as refused:
        create_draft(drafter=drafter, plan=plan(head, subject="\u200b\u2066"), at=timezone.now())

    assert [fault.field for fault in refused.value.faults] == ["subject"]
