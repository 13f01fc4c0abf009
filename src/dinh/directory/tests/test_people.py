from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from dinh.audit.models import Entry
from dinh.directory.enums import AppointmentKind, Role
from dinh.directory.models import Account, ApiToken, Appointment, Person
from dinh.directory.operations.accounts import (
    AccountExists,
    UsernameTaken,
    open_account,
    reset_password,
    reset_second_factor,
    set_active,
    unlock_account,
)
from dinh.directory.operations.appointments import (
    AppointmentExists,
    CodeOfPersonTaken,
    PersonData,
    Terms,
    UnfitAppointment,
    end_appointment,
    enter_person,
    give_appointment,
    set_roles,
)
from dinh.directory.operations.signing_in import Progress, Step, check_credentials, next_step
from dinh.directory.operations.tokens import issue_token
from dinh.directory.tests.factories import (
    AccountFactory,
    AppointmentFactory,
    DivisionFactory,
    PersonFactory,
    PositionFactory,
    SecondFactorFactory,
    UnitFactory,
)
from dinh.kernel.errors import InvalidInput, NotFound

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 16, 5, 0, tzinfo=UTC)
TODAY = date(2026, 3, 16)
YESTERDAY = TODAY - timedelta(days=1)
HOA = PersonData(
    code="BK1", full_name="Nông Thị Hoa", is_female=True, birth_date=None, email="hoa@example.vn", phone=""
)


@pytest.fixture
def administrator():
    return AppointmentFactory(roles=[Role.ADMINISTRATOR])


@pytest.fixture
def keeper():
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


def terms(unit, **changes):
    given = {
        "unit_id": unit.pk,
        "division_id": None,
        "position_id": PositionFactory(code="pho-giam-doc", name="Phó Giám đốc").pk,
        "kind": AppointmentKind.REGULAR,
        "roles": [Role.UNIT_DEPUTY],
        "start_date": TODAY,
        "end_date": None,
        "legal_basis": "12/QĐ-SNV",
    }
    return Terms(**given | changes)


def actions():
    return list(Entry.objects.order_by("id").values_list("action", flat=True))


def test_enter_person_gives_the_first_appointment(administrator):
    appointment = enter_person(data=HOA, terms=terms(administrator.unit), actor=administrator, at=NOON)

    assert appointment.person.search_name == "nong thi hoa bk1"
    assert (appointment.unit, appointment.roles) == (administrator.unit, ["unit_deputy"])
    assert actions() == ["directory.person.entered", "directory.appointment.given"]


def test_enter_person_refuses_a_code_twice(administrator):
    enter_person(data=HOA, terms=terms(administrator.unit), actor=administrator, at=NOON)

    with pytest.raises(CodeOfPersonTaken):
        enter_person(data=HOA, terms=terms(administrator.unit), actor=administrator, at=NOON)
    assert Person.objects.filter(code="BK1").count() == 1


def test_give_appointment_deputising_for_a_time(administrator):
    person = PersonFactory()
    until = TODAY + timedelta(days=90)
    wanted = terms(administrator.unit, kind=AppointmentKind.DEPUTISING, end_date=until)

    appointment = give_appointment(person_id=person.pk, terms=wanted, actor=administrator, at=NOON)

    assert (appointment.kind, appointment.is_current(until)) == ("deputising", True)
    assert appointment.is_current(until + timedelta(days=1)) is False


def test_give_appointment_refuses_the_same_twice_at_once(administrator):
    person = PersonFactory()
    give_appointment(
        person_id=person.pk,
        terms=terms(administrator.unit, end_date=TODAY),
        actor=administrator,
        at=NOON,
    )

    with pytest.raises(AppointmentExists):
        give_appointment(person_id=person.pk, terms=terms(administrator.unit), actor=administrator, at=NOON)
    tomorrow = terms(administrator.unit, start_date=TODAY + timedelta(days=1))
    give_appointment(person_id=person.pk, terms=tomorrow, actor=administrator, at=NOON)
    assert person.appointments.count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"roles": []}, "roles"),
        ({"end_date": YESTERDAY}, "end_date"),
        ({"start_date": date(2000, 1, 1)}, "start_date"),
        ({"position_id": 0}, "position_id"),
    ],
)
def test_give_appointment_names_what_is_unfit(administrator, changes, field):
    with pytest.raises(UnfitAppointment) as refusal:
        give_appointment(
            person_id=PersonFactory().pk,
            terms=terms(administrator.unit, **changes),
            actor=administrator,
            at=NOON,
        )

    assert refusal.value.field == field


def test_give_appointment_refuses_the_division_of_another_unit(administrator):
    wanted = terms(administrator.unit, division_id=DivisionFactory().pk)

    with pytest.raises(UnfitAppointment):
        give_appointment(person_id=PersonFactory().pk, terms=wanted, actor=administrator, at=NOON)


def test_appointments_are_given_only_by_administrators_of_the_unit(administrator, keeper):
    person, unit = PersonFactory(), UnitFactory()
    head = AppointmentFactory(unit=unit, roles=[Role.UNIT_HEAD])

    for actor in (head, administrator):
        with pytest.raises(NotFound):
            give_appointment(person_id=person.pk, terms=terms(unit), actor=actor, at=NOON)
    give_appointment(person_id=person.pk, terms=terms(unit), actor=keeper, at=NOON)
    assert person.appointments.count() == 1


def test_ending_an_appointment_signs_its_holder_out(client, administrator):
    account = AccountFactory(current_appointment=AppointmentFactory(unit=administrator.unit))
    ending = account.current_appointment
    client.post("/directory/sign-in/", {"username": account.username, "password": "mật khẩu dài và riêng"})
    assert client.get("/directory/account/").status_code == 200
    token = issue_token(appointment=ending, label="máy", at=timezone.now())

    end_appointment(
        appointment_id=ending.pk,
        last_day=timezone.localdate() - timedelta(days=1),
        actor=administrator,
        at=timezone.now(),
    )

    assert client.get("/directory/account/").status_code == 302
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert Account.objects.get(pk=account.pk).current_appointment is None
    assert ApiToken.objects.get().revoked_at is not None
    entry = Entry.objects.get(action="directory.appointment.ended")
    assert entry.details["end_date"][0] is None


def test_appointment_that_ends_today_holds_until_midnight(administrator):
    account = AccountFactory(current_appointment=AppointmentFactory(unit=administrator.unit))

    end_appointment(
        appointment_id=account.current_appointment_id, last_day=TODAY, actor=administrator, at=NOON
    )

    account.refresh_from_db()
    assert account.current_appointment.end_date == TODAY


def test_end_appointment_refuses_strangers_and_days_before_its_first(administrator, keeper):
    appointment = AppointmentFactory(start_date=TODAY)

    with pytest.raises(NotFound):
        end_appointment(appointment_id=appointment.pk, last_day=TODAY, actor=administrator, at=NOON)
    with pytest.raises(UnfitAppointment):
        end_appointment(appointment_id=appointment.pk, last_day=YESTERDAY, actor=keeper, at=NOON)
    assert actions() == []


def test_set_roles_leaves_a_trace_and_only_once(administrator):
    appointment = AppointmentFactory(unit=administrator.unit, roles=[Role.SPECIALIST])
    for _ in range(2):
        set_roles(appointment_id=appointment.pk, roles=[Role.CLERK], actor=administrator, at=NOON)

    appointment.refresh_from_db()
    assert appointment.roles == ["clerk"]
    assert Entry.objects.get().details == {"roles": [["specialist"], ["clerk"]]}


def test_administrator_does_not_lock_oneself_out(administrator):
    with pytest.raises(UnfitAppointment):
        set_roles(appointment_id=administrator.pk, roles=[Role.CLERK], actor=administrator, at=NOON)
    own = AccountFactory(current_appointment=administrator)
    with pytest.raises(InvalidInput):
        set_active(account_id=own.pk, is_active=False, actor=administrator, at=NOON)


def test_open_account_hands_out_a_password_for_one_time(administrator):
    person = AppointmentFactory(unit=administrator.unit).person

    made = open_account(person_id=person.pk, username=" Hoa.NT ", actor=administrator, at=NOON)

    progress = check_credentials(username="hoa.nt", password=made.password, at=NOON)
    assert next_step(progress=progress, at=NOON) == Step.NEW_PASSWORD
    with pytest.raises(AccountExists):
        open_account(person_id=person.pk, username="khac", actor=administrator, at=NOON)
    other = AppointmentFactory(unit=administrator.unit).person
    with pytest.raises(UsernameTaken):
        open_account(person_id=other.pk, username="hoa.nt", actor=administrator, at=NOON)


def test_new_password_does_not_get_around_the_second_factor(administrator):
    account = AccountFactory(current_appointment=AppointmentFactory(unit=administrator.unit))
    SecondFactorFactory(account=account)

    made = reset_password(account_id=account.pk, actor=administrator, at=NOON)

    progress = check_credentials(username=account.username, password=made.password, at=NOON)
    assert next_step(progress=progress, at=NOON) == Step.CODE
    reset_second_factor(account_id=account.pk, actor=administrator, at=NOON)
    assert next_step(progress=progress, at=NOON) == Step.NEW_PASSWORD


def test_unlock_lifts_the_lock(administrator):
    account = AccountFactory(
        current_appointment=AppointmentFactory(unit=administrator.unit),
        locked_until=NOON + timedelta(hours=1),
    )

    unlock_account(account_id=account.pk, actor=administrator, at=NOON)

    assert check_credentials(
        username=account.username, password="mật khẩu dài và riêng", at=NOON
    ) == Progress(account.pk, NOON)


def test_accounts_that_open_other_units_are_out_of_reach(administrator, keeper):
    """Otherwise an administrator could take over the account of somebody who also serves elsewhere."""
    account = AccountFactory(current_appointment=AppointmentFactory(unit=administrator.unit))
    AppointmentFactory(person=account.person, unit=keeper.unit, roles=[Role.ADMINISTRATOR])
    stranger = AccountFactory()

    for target in (account, stranger):
        for act in (reset_password, unlock_account, reset_second_factor):
            with pytest.raises(NotFound):
                act(account_id=target.pk, actor=administrator, at=NOON)
    reset_password(account_id=account.pk, actor=keeper, at=NOON)


def test_people_are_listed_by_given_name_and_found_without_diacritics(client):
    client.force_login(AccountFactory())
    for name in ("Ma Văn Ích", "Bế Thị Ánh", "Lý Thị Hạnh", "Nông Thị Hằng"):
        PersonFactory(full_name=name)

    everybody = [row.full_name for row in client.get("/directory/people/").context["page"]]
    found = [row.full_name for row in client.get("/directory/people/?q=thi ha").context["page"]]

    assert everybody == ["Bế Thị Ánh", "Lý Thị Hạnh", "Nông Thị Hằng", "Nông Thị Hoa", "Ma Văn Ích"]
    assert sorted(found) == ["Lý Thị Hạnh", "Nông Thị Hằng"]


@pytest.mark.parametrize("rows", [1, 3])
def test_people_list_costs_the_same_for_any_number(client, rows, django_assert_num_queries):
    client.force_login(AccountFactory())
    for _ in range(rows):
        AppointmentFactory(person=PersonFactory(full_name="Hứa Văn Đạt"))

    with django_assert_num_queries(10):
        response = client.get("/directory/people/?q=dat")

    assert len(response.context["page"]) == rows


def test_administrator_enters_and_appoints_by_the_pages(client, administrator):
    client.force_login(AccountFactory(current_appointment=administrator))
    position = PositionFactory()
    data = {
        "code": "BK7",
        "full_name": "Lý Văn Sơn",
        "is_female": "0",
        "position_id": position.pk,
        "kind": "regular",
        "roles": ["clerk", "specialist"],
        "start_date": "2026-03-01",
    }

    incomplete = client.post(f"/directory/units/{administrator.unit_id}/people/new/", {**data, "roles": []})
    answer = client.post(f"/directory/units/{administrator.unit_id}/people/new/", data)

    assert (incomplete.status_code, list(incomplete.context["form"].errors)) == (422, ["roles"])
    assert answer.url == f"/directory/units/{administrator.unit_id}/"
    person = Person.objects.get(code="BK7")
    assert Appointment.objects.get(person=person).roles == ["clerk", "specialist"]
    made = client.post(f"/directory/people/{person.pk}/account/new/", {"username": "son.lv"})
    assert made.context["made"].password in made.content.decode()


def test_people_without_a_position_are_found_as_of_a_day(client):
    reader = AppointmentFactory()
    client.force_login(AccountFactory(current_appointment=reader))
    leaving = AppointmentFactory(end_date=date(2030, 6, 30))

    def found(query):
        page = client.get(f"/directory/people/?position=none{query}").context["page"]
        listed = client.get(f"/api/v1/people?position=none{query}").json()["items"]
        assert [person.pk for person in page] == [person["id"] for person in listed]
        return [person.pk for person in page]

    assert found("&day=2030-06-30") == []
    assert found("&day=2030-07-01") == [leaving.person_id]
