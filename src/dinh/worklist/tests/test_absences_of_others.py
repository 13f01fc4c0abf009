"""The head and the administrators of a unit record absences for its people."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from dinh.audit.models import Entry
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.kernel.errors import InvalidInput, NotFound
from dinh.notify.models import Notification
from dinh.worklist.api import acts_for
from dinh.worklist.models import Absence
from dinh.worklist.operations.absences import NewDelegation, cancel_absence, record_absence
from dinh.worklist.tests.factories import NOON

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 3, 4), date(2026, 3, 6)


@pytest.fixture
def specialist():
    return AppointmentFactory(roles=[Role.SPECIALIST])


@pytest.fixture
def colleague(specialist):
    return AppointmentFactory(unit=specialist.unit, roles=[Role.SPECIALIST])


@pytest.fixture(params=[Role.UNIT_HEAD, Role.ADMINISTRATOR])
def manager(specialist, request):
    return AppointmentFactory(unit=specialist.unit, roles=[request.param])


def away(actor, absent, delegate=None, *, start=FIRST, end=LAST, at=NOON):
    chosen = [NewDelegation(absent.pk, delegate.pk)] if delegate else []
    return record_absence(
        actor=actor, person_id=absent.person_id, start_date=start, end_date=end, delegations=chosen, at=at
    )


def told(appointment) -> list[str]:
    return list(Notification.objects.filter(appointment=appointment).values_list("text", flat=True))


def test_a_manager_records_it_and_the_person_is_told_once(manager, specialist, colleague):
    absence = away(manager, specialist, colleague)
    again = away(manager, specialist, colleague)

    entry = Entry.objects.get()
    during = timezone.make_aware(timezone.datetime(2026, 3, 5, 9))
    assert (absence, absence.person, absence.recorded_by) == (again, specialist.person, manager)
    assert (entry.action, entry.person_id) == ("worklist.absence.recorded", manager.person_id)
    assert entry.details["person"] == specialist.person_id
    assert told(specialist) == [
        f"{manager.person.full_name} đã ghi nhận bạn vắng mặt từ 04/03/2026 đến 06/03/2026. "
        "Hãy hủy nếu không đúng."
    ]
    assert told(manager) == []
    assert specialist.pk in acts_for(appointment=colleague, at=during, kind="documents.handle")


def test_the_person_cancels_what_another_recorded(manager, specialist, colleague):
    absence = away(manager, specialist, colleague)

    cancel_absence(absence_id=absence.pk, actor=specialist, at=NOON)

    absence.refresh_from_db()
    assert absence.cancelled_at == NOON
    assert len(told(specialist)) == 1  # nobody is told of one's own act


def test_a_manager_cancels_and_the_person_is_told(manager, specialist):
    absence = record_absence(actor=specialist, start_date=FIRST, end_date=LAST, delegations=[], at=NOON)

    for _time in range(2):
        cancel_absence(absence_id=absence.pk, actor=manager, at=NOON + timedelta(hours=1))

    assert absence.recorded_by is None
    assert told(specialist) == [
        f"{manager.person.full_name} đã hủy đợt vắng mặt của bạn từ 04/03/2026 đến 06/03/2026; "
        "từ nay bạn tự giải quyết công việc."
    ]
    assert Entry.objects.filter(action="worklist.absence.cancelled").count() == 1


@pytest.mark.parametrize("role", [Role.SPECIALIST, Role.CLERK, Role.UNIT_DEPUTY, Role.DIVISION_HEAD])
def test_others_of_the_unit_record_and_cancel_nothing(specialist, role):
    other = AppointmentFactory(unit=specialist.unit, roles=[role])
    absence = record_absence(actor=specialist, start_date=FIRST, end_date=LAST, delegations=[], at=NOON)

    with pytest.raises(NotFound):
        away(other, specialist, start=date(2026, 4, 1), end=date(2026, 4, 2))
    with pytest.raises(NotFound):
        cancel_absence(absence_id=absence.pk, actor=other, at=NOON)

    absence.refresh_from_db()
    assert (absence.cancelled_at, Absence.objects.count()) == (None, 1)


@pytest.mark.parametrize("role", [Role.UNIT_HEAD, Role.ADMINISTRATOR])
def test_managers_of_other_units_reach_nobody(specialist, role):
    stranger = AppointmentFactory(unit=UnitFactory(), roles=[role])

    with pytest.raises(NotFound):
        away(stranger, specialist)

    assert not Absence.objects.exists()


def test_an_administrator_takes_no_work_over_but_the_head_may(specialist):
    administrator = AppointmentFactory(unit=specialist.unit, roles=[Role.ADMINISTRATOR])
    head = AppointmentFactory(unit=specialist.unit, roles=[Role.UNIT_HEAD])

    with pytest.raises(InvalidInput) as refusal:
        away(administrator, specialist, administrator)
    made = away(head, specialist, head)

    assert refusal.value.field == f"delegate_{specialist.pk}"
    assert made.delegations.get().delegate == head


def test_positions_in_other_units_are_not_given_away(manager, specialist):
    elsewhere = AppointmentFactory(person=specialist.person, unit=UnitFactory())
    delegate = AppointmentFactory(unit=elsewhere.unit)

    with pytest.raises(InvalidInput):
        away(manager, elsewhere, delegate)

    assert not Absence.objects.exists()


def test_the_page_finds_people_records_and_cancels(client, manager, specialist, colleague):
    client.force_login(AccountFactory(current_appointment=manager))
    day = (timezone.localdate() + timedelta(days=3)).isoformat()
    given = {"start_date": day, "end_date": day, f"delegate_{specialist.pk}": colleague.pk}
    url = f"/absences/of/{specialist.person_id}/"

    found = client.get("/absences/of/", {"q": specialist.person.full_name})
    wrong = client.post(url, given | {"end_date": "2020-01-01"})
    done = client.post(url, given)
    listed = client.get("/absences/of/")
    absence = Absence.objects.get()
    cancelled = client.post(f"/absences/{absence.pk}/cancel/")

    absence.refresh_from_db()
    assert specialist in found.context["people"]
    assert manager not in found.context["people"]
    assert (wrong.status_code, "end_date" in wrong.context["form"].errors) == (422, True)
    assert (done.status_code, done.url) == (302, url)
    assert [row.person for row, _delegations in listed.context["rows"]] == [specialist.person]
    assert (cancelled.url, absence.cancelled_at is not None) == (url, True)


def test_the_page_is_not_there_for_others(client, specialist, colleague):
    client.force_login(AccountFactory(current_appointment=colleague))
    absence = record_absence(
        actor=specialist, start_date=date(2050, 1, 4), end_date=date(2050, 1, 5), delegations=[], at=NOON
    )

    answers = [
        client.get("/absences/of/"),
        client.get(f"/absences/of/{specialist.person_id}/"),
        client.post(f"/absences/{absence.pk}/cancel/"),
    ]

    absence.refresh_from_db()
    assert [each.status_code for each in answers] == [404, 404, 404]
    assert absence.cancelled_at is None


def test_programs_record_list_and_cancel_for_others(client, manager, specialist, colleague):
    client.force_login(AccountFactory(current_appointment=manager))
    body = {
        "person_id": specialist.person_id,
        "start_date": "2050-01-04",
        "end_date": "2050-01-05",
        "delegations": [{"appointment_id": specialist.pk, "delegate_id": colleague.pk}],
    }

    made = client.post("/api/v1/absences", body, content_type="application/json")
    listed = client.get("/api/v1/absences", {"person_id": specialist.person_id})
    cancelled = client.post(f"/api/v1/absences/{made.json()['id']}/cancel")
    client.force_login(AccountFactory(current_appointment=colleague))
    refused = client.post("/api/v1/absences", body, content_type="application/json")

    assert (made.status_code, made.json()["recorded_by"]) == (201, manager.pk)
    assert listed.json() == [made.json()]
    assert cancelled.json()["cancelled_at"] is not None
    assert refused.status_code == 404
    assert client.get("/api/v1/absences", {"person_id": specialist.person_id}).status_code == 404
