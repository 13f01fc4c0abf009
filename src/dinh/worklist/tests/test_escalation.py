"""Being told in time, of what is late, and of what others leave late."""

from datetime import date, datetime, timedelta

import pytest

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, DivisionFactory
from dinh.kernel.calendar import VIETNAM
from dinh.kernel.errors import InvalidInput
from dinh.notify.models import Notification
from dinh.worklist.api import move_deadline
from dinh.worklist.models import Absence, Delegation, WorkItem
from dinh.worklist.operations.absences import NewDelegation, record_absence
from dinh.worklist.operations.reminding import (
    escalate_late_work,
    remind_of_late_work,
    tell_of_orphaned_work,
    warn_of_deadlines,
)
from dinh.worklist.queries.items import items_visible_to
from dinh.worklist.tests.factories import WorkItemFactory

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=VIETNAM)
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=VIETNAM)
"""A Wednesday morning."""


@pytest.fixture
def division():
    return DivisionFactory()


@pytest.fixture
def head(division):
    return AppointmentFactory(unit=division.unit, roles=[Role.UNIT_HEAD])


@pytest.fixture
def division_head(division):
    return AppointmentFactory(unit=division.unit, division=division, roles=[Role.DIVISION_HEAD])


@pytest.fixture
def specialist(division):
    return AppointmentFactory(unit=division.unit, division=division)


def item(appointment, due_at, created_at=MONDAY, **more):
    return WorkItemFactory(appointment=appointment, due_at=due_at, created_at=created_at, **more)


def told(kind):
    return set(Notification.objects.filter(kind=kind).values_list("appointment_id", flat=True))


def test_warning_comes_a_working_day_before_and_once(specialist, head):
    item(specialist, NOW + timedelta(hours=6))
    item(head, NOW + timedelta(days=5))

    assert [warn_of_deadlines(at=NOW), warn_of_deadlines(at=NOW)] == [1, 0]
    assert told("worklist.due") == {specialist.pk}


def test_warning_spares_what_has_just_come(specialist):
    item(specialist, NOW + timedelta(hours=3), created_at=NOW - timedelta(hours=1))

    warn_of_deadlines(at=NOW)

    assert told("worklist.due") == set()


def test_late_work_of_a_specialist_is_told_to_the_head_of_the_division(specialist, division_head, head):
    item(specialist, NOW - timedelta(days=1, hours=1))
    remind_of_late_work(at=NOW)

    assert [escalate_late_work(at=NOW), escalate_late_work(at=NOW)] == [1, 0]
    assert told("worklist.escalated") == {division_head.pk}


def test_late_work_of_a_head_of_division_is_told_to_the_head_of_the_unit(division_head, head):
    item(division_head, NOW - timedelta(days=1, hours=1))
    remind_of_late_work(at=NOW)

    escalate_late_work(at=NOW)

    assert told("worklist.escalated") == {head.pk}


def test_late_work_of_the_head_of_the_unit_is_told_to_nobody_above(head):
    item(head, NOW - timedelta(days=1, hours=1))
    remind_of_late_work(at=NOW)

    escalate_late_work(at=NOW)

    assert told("worklist.escalated") == set()


def test_what_is_late_by_less_than_a_working_day_is_not_escalated(specialist, head):
    item(specialist, NOW - timedelta(hours=20))
    remind_of_late_work(at=NOW)

    assert escalate_late_work(at=NOW) == 0


def test_moved_deadline_is_told_of_anew(specialist):
    row = item(specialist, NOW - timedelta(hours=1))
    target = Absence(pk=row.target_id)
    WorkItem.objects.update(target_type=target._meta.label_lower)
    remind_of_late_work(at=NOW)

    move_deadline(target, due_at=NOW + timedelta(days=1))
    remind_of_late_work(at=NOW + timedelta(days=2))

    assert Notification.objects.filter(kind="worklist.late", appointment=specialist).count() == 2


def test_work_of_somebody_who_left_is_told_to_the_head_once(specialist, head):
    item(specialist, None)
    specialist.end_date = date(2026, 3, 3)
    specialist.save()

    assert [tell_of_orphaned_work(at=NOW), tell_of_orphaned_work(at=NOW)] == [1, 0]
    assert told("worklist.orphaned") == {head.pk}


def test_work_of_a_position_that_ends_today_is_still_its_holders(specialist, head):
    item(specialist, None)
    specialist.end_date = NOW.date()
    specialist.save()

    assert tell_of_orphaned_work(at=NOW) == 0


def test_delegate_who_may_not_sign_is_not_told_of_what_is_to_be_signed(head, specialist):
    absence = Absence.objects.create(
        person=head.person, start_date=NOW.date(), end_date=NOW.date(), recorded_at=NOW
    )
    Delegation.objects.create(absence=absence, appointment=head, delegate=specialist)
    item(head, NOW - timedelta(hours=1), kind="documents.sign")

    remind_of_late_work(at=NOW)

    assert told("worklist.late") == {head.pk}


def test_delegated_work_is_not_delegated_on(head, division_head, specialist, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    row = item(head, None)
    for absent, delegate in ((head, division_head), (division_head, specialist)):
        absence = Absence.objects.create(
            person=absent.person, start_date=NOW.date(), end_date=NOW.date(), recorded_at=NOW
        )
        Delegation.objects.create(absence=absence, appointment=absent, delegate=delegate)

    assert list(items_visible_to(division_head)) == [row]
    assert list(items_visible_to(specialist)) == []


def test_nobody_who_is_away_becomes_a_delegate(head, division_head):
    day = NOW.date()
    record_absence(actor=division_head, start_date=day, end_date=day, delegations=[], at=NOW)

    with pytest.raises(InvalidInput, match="cũng vắng mặt"):
        record_absence(
            actor=head,
            start_date=day,
            end_date=day,
            delegations=[NewDelegation(head.pk, division_head.pk)],
            at=NOW,
        )


def news(kind, appointment):
    rows = Notification.objects.filter(kind=kind, appointment=appointment)
    return list(rows.order_by("pk").values_list("text", "url"))


def test_several_late_pieces_of_work_are_one_notice_with_their_number_and_list(head, specialist):
    for number in range(3):
        item(head, NOW - timedelta(hours=3 - number), title=f"Văn bản {number}")
    item(specialist, NOW - timedelta(hours=1), title="Một mình", url="/documents/incoming/7/")

    remind_of_late_work(at=NOW)

    assert news("worklist.late", head) == [("3 việc quá hạn, việc đầu tiên: Văn bản 0", "/?when=late")]
    assert news("worklist.late", specialist) == [("Quá hạn: Một mình", "/documents/incoming/7/")]


def test_later_ones_are_told_of_in_the_next_notice(head):
    for hours in (5, 4):
        item(head, NOW - timedelta(hours=hours))
    remind_of_late_work(at=NOW - timedelta(hours=3))
    for hours in (2, 1):
        item(head, NOW - timedelta(hours=hours))
    remind_of_late_work(at=NOW)

    assert len(news("worklist.late", head)) == 2


def test_superiors_find_what_others_left_late_on_the_page_that_the_notice_leads_to(
    client, head, division_head, specialist
):
    for number in range(2):
        item(specialist, NOW - timedelta(days=2), title=f"Văn bản {number}")
    item(division_head, NOW - timedelta(days=2), title="Của trưởng phòng")
    remind_of_late_work(at=NOW)
    escalate_late_work(at=NOW)

    ((text, url),) = news("worklist.escalated", division_head)
    seen = {}
    for who in (head, division_head, specialist):
        client.force_login(AccountFactory(person=who.person, current_appointment=who))
        page, program = client.get(url), client.get("/api/v1/work/late-of-others")
        titles = [row[0].title for row in page.context["rows"]] if page.status_code == 200 else None
        seen[who] = titles, program.json().get("count")

    assert text.startswith("2 việc của người khác quá hạn hơn một ngày làm việc")
    assert seen == {
        head: (["Văn bản 0", "Văn bản 1", "Của trưởng phòng"], 3),
        division_head: (["Văn bản 0", "Văn bản 1"], 2),
        specialist: (None, None),
    }


@pytest.mark.parametrize("amount", [1, 3])
def test_telling_costs_the_same_queries(head, division, amount, django_assert_num_queries):
    for _number in range(amount):
        late = AppointmentFactory(unit=division.unit, division=division)
        item(late, NOW - timedelta(days=3), target_id=1)
    WorkItem.objects.update(reminded_at=NOW)

    with django_assert_num_queries(7):
        escalate_late_work(at=NOW)
