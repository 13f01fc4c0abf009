from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from dinh.audit.models import Entry
from dinh.directory.operations.failures import SignInRefused
from dinh.directory.operations.signing_in import admit, check_credentials, switch_appointment
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.kernel.errors import NotFound

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 16, 5, 0, tzinfo=UTC)
PASSWORD = "mật khẩu dài và riêng"


def actions():
    return list(Entry.objects.order_by("id").values_list("action", flat=True))


def sign_in(*, username, password, at):
    return admit(progress=check_credentials(username=username, password=password, at=at), at=at)


def fail(account, times):
    for _ in range(times):
        with pytest.raises(SignInRefused):
            sign_in(username=account.username, password="sai", at=NOON)


def test_sign_in_admits_and_leaves_a_trace():
    account = AccountFactory()

    assert sign_in(username=account.username.upper(), password=PASSWORD, at=NOON) == account
    assert actions() == ["directory.account.signed_in"]


def test_sign_in_locks_after_five_failures_and_opens_again():
    account = AccountFactory()
    fail(account, 5)

    with pytest.raises(SignInRefused):
        sign_in(username=account.username, password=PASSWORD, at=NOON + timedelta(minutes=14))
    assert sign_in(username=account.username, password=PASSWORD, at=NOON + timedelta(minutes=16)) == account
    assert actions() == [
        *["directory.account.sign_in_failed"] * 4,
        "directory.account.locked",
        "directory.account.signed_in",
    ]


def test_sign_in_forgets_failures_after_a_success():
    account = AccountFactory()
    fail(account, 4)

    sign_in(username=account.username, password=PASSWORD, at=NOON)
    account.refresh_from_db()

    assert account.failed_attempts == 0


def test_sign_in_refuses_an_account_without_password():
    account = AccountFactory(password="!")

    fail(account, 1)


def test_sign_in_page_tells_nothing_about_which_was_wrong(client):
    account = AccountFactory()
    wrong = {"username": account.username, "password": "sai"}

    known = client.post("/directory/sign-in/", wrong)
    unknown = client.post("/directory/sign-in/", wrong | {"username": "khong.co"})

    assert (known.status_code, unknown.status_code) == (403, 403)
    assert known.context["form"].errors == unknown.context["form"].errors


def test_sign_in_page_leads_nowhere_else(client):
    account = AccountFactory()
    data = {"username": account.username, "password": PASSWORD, "next": "https://example.com/"}

    assert client.post("/directory/sign-in/", data).url == "/"


def test_pages_are_closed_to_those_who_did_not_sign_in(client):
    assert client.get("/directory/units/").url == "/directory/sign-in/?next=/directory/units/"


def test_ended_appointment_opens_nothing(client):
    appointment = AppointmentFactory(end_date=timezone.localdate() - timedelta(days=1))
    client.force_login(AccountFactory(current_appointment=appointment))

    assert client.get("/").status_code == 302


def test_switch_appointment_takes_only_ones_own():
    account = AccountFactory()
    second = AppointmentFactory(person=account.person, unit=UnitFactory())
    stranger = AppointmentFactory()

    switch_appointment(account_id=account.pk, appointment_id=second.pk, at=NOON)
    with pytest.raises(NotFound):
        switch_appointment(account_id=account.pk, appointment_id=stranger.pk, at=NOON)
    account.refresh_from_db()

    assert account.current_appointment == second


def test_switch_appointment_refuses_one_that_has_ended():
    account = AccountFactory()
    ended = AppointmentFactory(person=account.person, end_date=date(2020, 1, 1))

    with pytest.raises(NotFound):
        switch_appointment(account_id=account.pk, appointment_id=ended.pk, at=NOON)
