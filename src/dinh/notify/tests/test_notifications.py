from datetime import UTC, datetime

import pytest
from django.utils import timezone

from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.notify.api import notify
from dinh.notify.models import Notification

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 4, 5, tzinfo=UTC)


def tell(*people, key="a", url="/documents/incoming/"):
    ids = [one.pk for one in people]
    notify(appointment_ids=ids, kind="test.told", text="Văn bản đã đến", url=url, at=NOON, dedupe_key=key)


@pytest.fixture
def me():
    return AppointmentFactory()


@pytest.fixture
def mine(client, me):
    client.force_login(AccountFactory(current_appointment=me))
    return client


def test_notify_tells_each_once_per_key(me):
    other = AppointmentFactory()

    tell(me)
    tell(me, other)

    assert sorted(Notification.objects.values_list("appointment_id", flat=True)) == [me.pk, other.pk]


def test_list_shows_ones_own_only(mine, me):
    tell(me)
    tell(AppointmentFactory(), key="b")

    page = mine.get("/notifications/").context["page"]

    assert [told.appointment_id for told in page] == [me.pk]


def test_opening_marks_it_read_once_and_leads_there(mine, me):
    tell(me)
    told = Notification.objects.get()

    response = mine.post(f"/notifications/{told.pk}/open/")
    told.refresh_from_db()
    first = told.read_at
    mine.post(f"/notifications/{told.pk}/open/")
    told.refresh_from_db()

    assert response["Location"] == "/documents/incoming/"
    assert first is not None
    assert told.read_at == first


def test_opening_what_others_were_told_is_not_found(mine):
    tell(AppointmentFactory())
    told = Notification.objects.get()

    response = mine.post(f"/notifications/{told.pk}/open/")

    told.refresh_from_db()
    assert response.status_code == 404
    assert told.read_at is None


def test_all_are_marked_read_but_not_those_of_others(mine, me):
    other = AppointmentFactory()
    tell(me, other)

    mine.post("/notifications/read/")

    assert list(Notification.objects.filter(read_at=None)) == list(
        Notification.objects.filter(appointment=other)
    )


@pytest.mark.parametrize("amount", [1, 3])
def test_bell_costs_three_queries(mine, me, amount, django_assert_num_queries):
    for n in range(amount):
        tell(me, key=str(n))
    mine.get("/notifications/bell/")

    with django_assert_num_queries(3):
        response = mine.get("/notifications/bell/")

    assert response.context["value"] == amount


def test_rest_lists_unread_and_marks(mine, me):
    tell(me)
    told = Notification.objects.get()

    before = mine.get("/api/v1/notifications?unread=true").json()
    mine.post(f"/api/v1/notifications/{told.pk}/read")
    after = mine.get("/api/v1/notifications?unread=true").json()

    assert ([row["id"] for row in before["items"]], after["items"]) == ([told.pk], [])


def test_rest_marking_what_others_were_told_is_not_found(mine):
    tell(AppointmentFactory())

    response = mine.post(f"/api/v1/notifications/{Notification.objects.get().pk}/read")

    assert (response.status_code, Notification.objects.get().read_at) == (404, None)


def test_marking_all_leaves_what_comes_later(me):
    from dinh.notify.operations.reading import mark_all_read

    tell(me)

    assert mark_all_read(actor=me, at=datetime(2026, 3, 4, 4, tzinfo=UTC)) == 0
    assert mark_all_read(actor=me, at=timezone.now()) == 1
