"""Password and second factor by the JSON API, from a browser's script and by a token."""

import pytest
from django.test import Client
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import SecondFactor, SignedInSession
from dinh.directory.operations.second_factor import begin_enrolment
from dinh.directory.operations.tokens import issue_token
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, SecondFactorFactory
from dinh.directory.tests.test_second_factor import code_at
from dinh.kernel.models import IdempotencyKey

pytestmark = pytest.mark.django_db
ME = "/api/v1/me"
OLD, NEW = "mật khẩu dài và riêng", "một câu khác hẳn chỉ tôi biết"


@pytest.fixture
def account():
    return AccountFactory()


@pytest.fixture
def browser(account):
    client = Client()
    client.post("/directory/sign-in/", {"username": account.username, "password": OLD})
    return client


def bearer(account, key):
    token = issue_token(appointment=account.current_appointment, label=key, at=timezone.now())
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": key}


def send(client, path, body=None, **more):
    return client.post(f"{ME}/{path}", body or {}, content_type="application/json", **more)


def test_a_browser_changes_the_password_and_stays_signed_in_alone(account, browser):
    elsewhere = Client()
    elsewhere.post("/directory/sign-in/", {"username": account.username, "password": OLD})

    changed = send(browser, "password", {"present": OLD, "new": NEW})

    account.refresh_from_db()
    assert (changed.status_code, account.check_password(NEW)) == (204, True)
    assert browser.get(ME).status_code == 200
    assert elsewhere.get(ME).status_code == 401
    assert SignedInSession.objects.filter(ended_at=None).get().session_key == browser.session.session_key


def test_a_program_changes_the_password_and_every_browser_is_signed_out(client, account, browser):
    changed = send(client, "password", {"present": OLD, "new": NEW}, headers=bearer(account, "k"))

    account.refresh_from_db()
    assert (changed.status_code, account.check_password(NEW)) == (204, True)
    assert browser.get(ME).status_code == 401
    assert "sessionid" not in changed.cookies


@pytest.mark.parametrize(
    ("body", "field"), [({"present": "sai", "new": NEW}, "present"), ({"present": OLD, "new": "ngắn"}, "new")]
)
def test_a_password_that_does_not_fit_names_its_field(browser, account, body, field):
    refused = send(browser, "password", body)

    account.refresh_from_db()
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert account.check_password(OLD)


def test_tries_are_counted_and_a_shut_out_address_hears_when_to_return(browser, account, settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 2
    for _time in range(2):
        send(browser, "password", {"present": "sai", "new": NEW})

    refused = send(browser, "password", {"present": OLD, "new": NEW})

    account.refresh_from_db()
    assert (account.failed_attempts, refused.status_code) == (2, 429)
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:dinh:problem:address-blocked"
    assert 0 < int(refused["Retry-After"]) <= 900


def test_the_second_factor_is_set_up_renewed_and_removed(browser, account):
    begun = send(browser, "second-factor/begin", {"present": OLD})
    again = send(browser, "second-factor/begin", {"present": OLD})
    wrong = send(browser, "second-factor/confirm", {"code": "000000"})
    confirmed = send(browser, "second-factor/confirm", {"code": code_at(account, timezone.now())})
    state = browser.get(f"{ME}/second-factor").json()
    SecondFactor.objects.update(last_step=0)  # the next code, without waiting half a minute
    renewed = send(browser, "second-factor/recovery-codes", {"code": code_at(account, timezone.now())})
    SecondFactor.objects.update(last_step=0)
    removed = send(browser, "second-factor/remove", {"code": code_at(account, timezone.now())})

    assert begun.json() == again.json()
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "code")
    assert len(set(confirmed.json()["recovery_codes"]) | set(renewed.json()["recovery_codes"])) == 20
    assert state == {"is_enrolled": True, "is_required": False, "recovery_codes_left": 10}
    assert all("no-store" in each["Cache-Control"] for each in (begun, confirmed, renewed))
    assert removed.status_code == 204
    assert browser.get(f"{ME}/second-factor").json()["is_enrolled"] is False


def test_a_found_token_sets_up_no_second_factor(client, account):
    refused = send(client, "second-factor/begin", {"present": "geraten"}, headers=bearer(account, "k"))

    account.refresh_from_db()
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "present")
    assert account.failed_attempts == 1
    assert not SecondFactor.objects.exists()


def test_secrets_are_not_kept_for_retries(client, account):
    send(client, "second-factor/begin", {"present": OLD}, headers=bearer(account, "k"))

    assert not IdempotencyKey.objects.exists()


def test_a_confirmed_generator_is_not_shown_again_nor_removed_where_a_role_needs_it(client, settings):
    settings.TOTP_ROLES = [Role.CLERK]
    account = AccountFactory(current_appointment=AppointmentFactory(roles=[Role.CLERK]))
    SecondFactorFactory(account=account)
    client.force_login(account)

    begun = send(client, "second-factor/begin", {"present": OLD})
    removed = send(client, "second-factor/remove", {"code": code_at(account, timezone.now())})

    assert (begun.status_code, removed.status_code) == (409, 409)
    assert SecondFactor.objects.filter(account=account).exists()


@pytest.mark.parametrize("act", ["recovery-codes", "remove"])
def test_guessing_codes_locks_the_account(client, act):
    account = SecondFactorFactory().account
    client.force_login(account)
    for _time in range(5):
        assert send(client, f"second-factor/{act}", {"code": "12345x"}).status_code == 422

    refused = send(client, f"second-factor/{act}", {"code": code_at(account, timezone.now())})

    account.refresh_from_db()
    assert (refused.status_code, account.locked_until is not None) == (403, True)
    assert SecondFactor.objects.filter(account=account).exists()


def test_ones_own_factor_only(client, account):
    other = AccountFactory()
    begin_enrolment(account_id=other.pk)
    client.force_login(account)

    refused = send(client, "second-factor/confirm", {"code": code_at(other, timezone.now())})

    assert refused.status_code == 422
    assert not SecondFactor.objects.exclude(confirmed_at=None).exists()
