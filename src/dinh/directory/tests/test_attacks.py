"""Attacks on signing in and on the tree: fixation, forged requests, listening at the door, two at once."""

from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection
from django.test import Client
from django.utils import timezone

from dinh.directory.enums import Bloc, Level, Role
from dinh.directory.models import Account, Unit
from dinh.directory.operations.failures import SignInRefused
from dinh.directory.operations.signing_in import check_credentials
from dinh.directory.operations.structure import NameTaken, UnitNames, found_unit
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory

NOON = datetime(2026, 3, 16, 5, 0, tzinfo=UTC)
PASSWORD = "mật khẩu dài và riêng"


@pytest.mark.django_db
def test_session_that_was_planted_before_opens_nothing_after_signing_in():
    account, victim, thief = AccountFactory(), Client(), Client()
    session = victim.session
    session["planted"] = True
    session.save()
    planted = victim.cookies["sessionid"].value
    thief.cookies["sessionid"] = planted

    victim.post("/directory/sign-in/", {"username": account.username, "password": PASSWORD})

    assert victim.cookies["sessionid"].value != planted
    assert victim.get("/directory/account/").status_code == 200
    assert thief.get("/directory/account/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/directory/sign-in/",
        "/directory/sign-out/",
        "/directory/positions/1/",
        "/api/v1/absences",
        "/absences/",
    ],
)
def test_requests_forged_on_other_pages_are_refused(path):
    account = AccountFactory()
    client = Client(enforce_csrf_checks=True)
    client.force_login(account)

    assert client.post(path, {}).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
    ],
)
def test_addresses_of_other_houses_are_not_followed(client, target):
    data = {"username": AccountFactory().username, "password": PASSWORD, "next": target}

    assert client.post("/directory/sign-in/", data)["Location"] == "/"


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["nobody", "wrong", "locked", "shut", "without"])
def test_every_refusal_takes_one_computation_of_the_password(monkeypatch, who):
    changes = {
        "locked": {"locked_until": NOON.replace(hour=6)},
        "shut": {"is_active": False},
        "without": {"password": "!"},
    }
    account = AccountFactory(**changes.get(who, {}))
    computed = []
    encode, verify = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify
    monkeypatch.setattr(
        Argon2PasswordHasher, "encode", lambda *args: computed.append("encode") or encode(*args)
    )
    monkeypatch.setattr(
        Argon2PasswordHasher, "verify", lambda *args: computed.append("verify") or verify(*args)
    )

    name = "khong.co" if who == "nobody" else account.username

    with pytest.raises(SignInRefused):
        check_credentials(username=name, password="sai", at=NOON)

    assert len(computed) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("body", [{"name": "a" * 201}, {"name": "a\0b"}, {"short_name": "a" * 81}])
def test_texts_that_no_column_takes_are_refused_field_by_field(client, body):
    keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
    client.force_login(AccountFactory(current_appointment=keeper))
    given = {
        "name": "Sở Mới", "short_name": "Sở Mới", "abbreviation": "SM", "valid_from": "2026-01-01",
        "bloc": "government", "level": "province", "place": "Bắc Kạn",
    } | body  # fmt: skip

    answer = client.post("/api/v1/units", given, content_type="application/json")

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [next(iter(body))]


@pytest.mark.django_db
def test_appointing_somebody_of_another_unit_does_not_hand_over_the_account(client):
    """An administrator may appoint anybody to the own unit; the password stays out of reach."""
    administrator = AppointmentFactory(roles=[Role.ADMINISTRATOR])
    stranger = AccountFactory()
    AppointmentFactory(person=stranger.person, unit=administrator.unit)
    client.force_login(AccountFactory(current_appointment=administrator))

    answer = client.post(f"/directory/people/{stranger.person_id}/account/password/")

    assert answer.status_code == 404
    assert client.get(f"/directory/people/{stranger.person_id}/change/").status_code == 404
    assert Account.objects.get(pk=stranger.pk).password == stranger.password


@pytest.mark.django_db
def test_somebody_in_two_units_administers_only_where_the_present_position_is(client):
    here = AppointmentFactory(roles=[Role.ADMINISTRATOR])
    there = AppointmentFactory(person=here.person, unit=UnitFactory(), roles=[Role.SPECIALIST])
    client.force_login(AccountFactory(current_appointment=here))
    page = f"/directory/units/{here.unit_id}/divisions/new/"

    assert client.get(page).status_code == 200
    client.post(f"/directory/positions/{there.pk}/")
    assert client.get(page).status_code == 404


@pytest.mark.django_db
def test_position_that_ended_yesterday_shuts_its_session_off(client):
    account = AccountFactory()
    client.force_login(account)
    appointment = account.current_appointment
    appointment.end_date = timezone.localdate()
    appointment.save()
    assert client.get("/directory/account/").status_code == 200

    appointment.end_date = timezone.localdate() - timedelta(days=1)
    appointment.save()

    assert client.get("/directory/account/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_unit_founded_by_two_at_once_is_founded_once():
    keeper = AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])
    outcomes = []

    def found():
        names = UnitNames(name="Sở Mới", short_name="Sở Mới", abbreviation="SM", parent_id=None)
        try:
            found_unit(
                names=names,
                bloc=Bloc.GOVERNMENT,
                level=Level.PROVINCE,
                place="Bắc Kạn",
                valid_from=date(2026, 1, 1),
                legal_basis="",
                actor=keeper,
                at=NOON,
            )
            outcomes.append("founded")
        except NameTaken:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=found) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(outcomes) == ["founded", "refused"]
    assert Unit.objects.filter(name="Sở Mới").count() == 1
