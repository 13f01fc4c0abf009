from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.notify.models import Notification
from dinh.worklist.api import amount_waiting
from dinh.worklist.models import Absence, Delegation, WorkItem
from dinh.worklist.operations.reminding import remind_of_late_work
from dinh.worklist.queries.items import amounts_waiting, group_of, items_visible_to, within_group
from dinh.worklist.tests.factories import NOON, WorkItemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def head():
    return AppointmentFactory(roles=[Role.UNIT_HEAD], person__full_name="Hoàng Văn Đức")


@pytest.fixture
def deputy(head):
    return AppointmentFactory(unit=head.unit, roles=[Role.UNIT_DEPUTY])


@pytest.fixture
def delegation(head, deputy):
    today = timezone.localdate()
    absence = Absence.objects.create(
        person=head.person, start_date=today, end_date=today, recorded_at=timezone.now()
    )
    return Delegation.objects.create(absence=absence, appointment=head, delegate=deputy)


def for_head_of(unit, **more):
    return WorkItemFactory(unit=unit, role=Role.UNIT_HEAD, appointment=None, kind="documents.direct", **more)


@pytest.mark.parametrize("both", [True, False])
def test_item_waits_for_a_role_or_a_person_never_both_or_neither(head, both):
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkItemFactory(unit=head.unit, appointment=head if both else None, role="clerk" if both else "")

    assert WorkItem.objects.count() == 0


def test_deputy_does_not_see_what_waits_for_the_head(head, deputy):
    item = for_head_of(head.unit)

    assert list(items_visible_to(head)) == [item]
    assert list(items_visible_to(deputy)) == []


def test_deputy_sees_it_while_standing_in(head, deputy, delegation):
    by_role, own = for_head_of(head.unit), WorkItemFactory(appointment=head)

    assert set(items_visible_to(deputy)) == {by_role, own}


@pytest.mark.parametrize(
    ("hours", "group"),
    [(-1, "late"), (1, "today"), (13, "week"), (24 * 5, "later"), (None, "open")],
)
def test_groups_agree_between_page_and_filter(head, hours, group):
    due_at = None if hours is None else NOON + timedelta(hours=hours)
    item = WorkItemFactory(appointment=head, due_at=due_at)

    found = [
        g
        for g in ("late", "today", "week", "later", "open")
        if within_group(WorkItem.objects.all(), g, now=NOON).exists()
    ]

    assert group_of(item, now=NOON) == group
    assert found == [group]


@pytest.mark.parametrize("amount", [1, 3])
def test_home_page_costs_the_same_queries(client, head, amount, django_assert_num_queries):
    client.force_login(AccountFactory(current_appointment=head))
    for _n in range(amount):
        WorkItemFactory(appointment=head)
    client.get("/")

    with django_assert_num_queries(QUERIES):
        response = client.get("/")

    assert response.context["total"] == amount


QUERIES = 9
"""Session, account, appointment, stand-ins, the amounts that the menu shows too, the list and its count, the bell,
kept filters."""


def test_home_page_marks_what_is_done_for_somebody_else(client, head, deputy, delegation):
    client.force_login(AccountFactory(current_appointment=deputy))
    for_head_of(head.unit)

    rows = client.get("/").context["rows"]

    assert [row.on_behalf_of for row in rows] == ["Hoàng Văn Đức"]


@pytest.mark.parametrize(
    ("query", "amount"),
    [("", 3), ("?kind=documents.sign", 1), ("?urgent=1", 1), ("?when=late", 1), ("?kind=other", 0)],
)
def test_home_page_filters(client, head, query, amount):
    client.force_login(AccountFactory(current_appointment=head))
    WorkItemFactory(appointment=head, kind="documents.sign")
    WorkItemFactory(appointment=head, urgency=3)
    WorkItemFactory(appointment=head, due_at=timezone.now() - timedelta(hours=2))

    response = client.get(f"/{query}")

    assert response.context["page"].paginator.count == amount


def test_late_work_is_told_once_to_holder_and_stand_in(head, deputy, delegation):
    for_head_of(head.unit, due_at=timezone.now() - timedelta(minutes=1))
    for_head_of(head.unit, due_at=timezone.now() + timedelta(hours=1))

    told = [remind_of_late_work(at=timezone.now()), remind_of_late_work(at=timezone.now())]

    assert told == [1, 0]
    assert set(Notification.objects.values_list("appointment_id", flat=True)) == {head.pk, deputy.pk}


def test_absence_page_records_and_cancels(client, head, deputy):
    client.force_login(AccountFactory(current_appointment=head))
    day = timezone.localdate()
    given = {"start_date": day, "end_date": day, f"delegate_{head.pk}": deputy.pk}

    client.post("/absences/", given)

    row = Delegation.objects.get()
    assert (row.appointment, row.delegate) == (head, deputy)
    client.post(f"/absences/{row.absence_id}/cancel/")
    row.absence.refresh_from_db()
    assert row.absence.cancelled_at is not None


def test_absence_page_names_the_field_at_fault(client, head):
    client.force_login(AccountFactory(current_appointment=head))

    response = client.post("/absences/", {"start_date": "2020-01-02", "end_date": "2020-01-01"})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["end_date"]
    assert Absence.objects.count() == 0


def test_amounts_are_read_once_for_the_whole_menu(head, django_assert_num_queries):
    for _number in range(2):
        for_head_of(head.unit)

    with django_assert_num_queries(2):
        amounts = amounts_waiting(head)
        of_kind = amount_waiting(head, "documents.direct", "documents.sign")

    assert (amounts, of_kind) == ({"documents.direct": 2}, 2)
