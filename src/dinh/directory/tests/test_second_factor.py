from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from dinh.audit.models import Entry
from dinh.directory.apps import roles_are_known
from dinh.directory.enums import Role
from dinh.directory.models import RecoveryCode, SecondFactor
from dinh.directory.operations.failures import SignInRefused
from dinh.directory.operations.second_factor import (
    SecondFactorExists,
    SecondFactorRequired,
    WrongCode,
    begin_enrolment,
    confirm_enrolment,
    pass_second_factor,
    remove_second_factor,
    renew_recovery_codes,
)
from dinh.directory.operations.signing_in import Progress, Step, admit, next_step
from dinh.directory.operations.totp import STEP, matching_step, unseal
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, SecondFactorFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 16, 5, 0, tzinfo=UTC)
PASSWORD = "mật khẩu dài và riêng"
RFC_SECRET = b"12345678901234567890"


def code_at(account, at):
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

    secret = unseal(SecondFactor.objects.get(account=account).sealed_secret)
    return TOTP(secret, 6, SHA1(), STEP).generate(int(at.timestamp())).decode()


@pytest.fixture
def account():
    return SecondFactorFactory().account


# Six last figures of the eight in RFC 6238, appendix B.
@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_matching_step_follows_the_standards_examples(second, code):
    at = datetime.fromtimestamp(second, tz=UTC)

    assert matching_step(secret=RFC_SECRET, code=code, after=0, at=at) == second // STEP


@pytest.mark.parametrize(
    ("late", "step"), [(0, 1), (30, 1), (60, None)], ids=["now", "one step late", "two steps late"]
)
def test_matching_step_bears_a_clock_that_differs_by_one_step(late, step):
    at = datetime.fromtimestamp(59 + late, tz=UTC)

    assert matching_step(secret=RFC_SECRET, code="287082", after=0, at=at) == step


@pytest.mark.parametrize("code", ["", "28708", "0287082", "２８７０８２", "abcdef"])
def test_matching_step_takes_nothing_but_the_six_figures(code):
    at = datetime.fromtimestamp(59, tz=UTC)

    assert matching_step(secret=RFC_SECRET, code=code, after=0, at=at) is None


def test_pass_second_factor_takes_a_code_once(account):
    code = code_at(account, NOON)
    pass_second_factor(account_id=account.pk, code=code, at=NOON)

    with pytest.raises(WrongCode):
        pass_second_factor(account_id=account.pk, code=code, at=NOON + timedelta(seconds=5))
    later = NOON + timedelta(seconds=STEP)
    pass_second_factor(account_id=account.pk, code=code_at(account, later), at=later)


def test_pass_second_factor_locks_after_five_failures(account):
    for _ in range(5):
        with pytest.raises(WrongCode):
            pass_second_factor(account_id=account.pk, code="000000", at=NOON)

    with pytest.raises(SignInRefused):
        pass_second_factor(account_id=account.pk, code=code_at(account, NOON), at=NOON)


def test_recovery_code_works_once_and_in_any_spelling(account):
    codes = renew_recovery_codes(account_id=account.pk, code=code_at(account, NOON), at=NOON)
    spelt = codes[0].replace("-", " ").upper()
    pass_second_factor(account_id=account.pk, code=spelt, at=NOON)

    with pytest.raises(WrongCode):
        pass_second_factor(account_id=account.pk, code=codes[0], at=NOON)
    assert RecoveryCode.objects.filter(account=account, used_at=None).count() == 9
    entry = Entry.objects.get(action="directory.second_factor.recovery_used")
    assert entry.details == {"left": 9}


def test_recovery_codes_of_another_open_nothing(account):
    codes = renew_recovery_codes(account_id=account.pk, code=code_at(account, NOON), at=NOON)
    other = SecondFactorFactory().account

    with pytest.raises(WrongCode):
        pass_second_factor(account_id=other.pk, code=codes[0], at=NOON)


def test_new_recovery_codes_end_the_old_ones(account):
    old = renew_recovery_codes(account_id=account.pk, code=code_at(account, NOON), at=NOON)
    later = NOON + timedelta(minutes=1)
    renew_recovery_codes(account_id=account.pk, code=code_at(account, later), at=later)

    with pytest.raises(WrongCode):
        pass_second_factor(account_id=account.pk, code=old[0], at=later)


def test_secrets_and_codes_are_not_kept_in_the_clear(account):
    codes = renew_recovery_codes(account_id=account.pk, code=code_at(account, NOON), at=NOON)

    kept = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert kept.isdisjoint(codes)
    assert RFC_SECRET not in bytes(SecondFactor.objects.get(account=account).sealed_secret)


def test_enrolment_counts_only_after_a_first_code():
    account = AccountFactory()
    progress = Progress(account.pk, NOON)
    first, again = begin_enrolment(account_id=account.pk), begin_enrolment(account_id=account.pk)

    assert first == again
    assert next_step(progress=progress, at=NOON) == Step.DONE
    with pytest.raises(WrongCode):
        confirm_enrolment(account_id=account.pk, code="000000", at=NOON)
    assert len(confirm_enrolment(account_id=account.pk, code=code_at(account, NOON), at=NOON)) == 10
    assert next_step(progress=progress, at=NOON) == Step.CODE


def test_enrolment_refuses_to_replace_a_confirmed_generator(account):
    with pytest.raises(SecondFactorExists):
        begin_enrolment(account_id=account.pk)


def test_the_code_that_confirmed_does_not_also_sign_in():
    account = AccountFactory()
    begin_enrolment(account_id=account.pk)
    code = code_at(account, NOON)
    confirm_enrolment(account_id=account.pk, code=code, at=NOON)

    with pytest.raises(WrongCode):
        pass_second_factor(account_id=account.pk, code=code, at=NOON)


def test_remove_second_factor_asks_for_a_code(account):
    with pytest.raises(WrongCode):
        remove_second_factor(account_id=account.pk, code="000000", at=NOON)
    remove_second_factor(account_id=account.pk, code=code_at(account, NOON), at=NOON)

    assert next_step(progress=Progress(account.pk, NOON), at=NOON) == Step.DONE


def test_required_role_must_enrol_and_may_not_remove(settings):
    settings.TOTP_ROLES = [Role.UNIT_HEAD]
    head = AccountFactory(current_appointment=AppointmentFactory(roles=[Role.UNIT_HEAD]))
    plain = AccountFactory()

    assert next_step(progress=Progress(plain.pk, NOON), at=NOON) == Step.DONE
    assert next_step(progress=Progress(head.pk, NOON), at=NOON) == Step.ENROL
    with pytest.raises(SignInRefused):
        admit(progress=Progress(head.pk, NOON), at=NOON)
    begin_enrolment(account_id=head.pk)
    confirm_enrolment(account_id=head.pk, code=code_at(head, NOON), at=NOON)
    later = NOON + timedelta(minutes=1)
    with pytest.raises(SecondFactorRequired):
        remove_second_factor(account_id=head.pk, code=code_at(head, later), at=later)


def test_password_alone_admits_nobody_with_a_second_factor(client, account):
    client.post("/directory/sign-in/", {"username": account.username, "password": PASSWORD})

    assert client.get("/directory/units/").status_code == 302
    assert client.get("/directory/sign-in/password/").url == "/directory/sign-in/code/"


def test_two_steps_lead_to_the_page_that_was_wanted(client, account):
    data = {"username": account.username, "password": PASSWORD, "next": "/directory/units/"}
    first = client.post("/directory/sign-in/", data)
    wrong = client.post(first.url, {"code": "000000"})
    second = client.post(first.url, {"code": code_at(account, timezone.now())})

    assert (first.url, wrong.status_code, second.url) == (
        "/directory/sign-in/code/",
        422,
        "/directory/units/",
    )
    assert client.get("/directory/units/").status_code == 200


def test_second_step_waits_ten_minutes_only(client, account):
    client.post("/directory/sign-in/", {"username": account.username, "password": PASSWORD})
    session = client.session
    began = (timezone.now() - timedelta(minutes=11)).isoformat()
    session["sign_in"] = session["sign_in"] | {"began": began}
    session.save()

    assert client.get("/directory/sign-in/code/").url == "/directory/sign-in/"


def test_second_step_is_closed_to_those_who_gave_no_password(client):
    assert client.get("/directory/sign-in/code/").url == "/directory/sign-in/"


def test_required_role_enrols_on_signing_in(client, settings):
    settings.TOTP_ROLES = [Role.SPECIALIST]
    account = AccountFactory()
    first = client.post("/directory/sign-in/", {"username": account.username, "password": PASSWORD})
    page = client.get(first.url)
    done = client.post(first.url, {"code": code_at(account, timezone.now())})

    assert first.url == "/directory/sign-in/second-factor/"
    assert "<svg" in page.content.decode()
    assert len(done.context["codes"]) == 10
    assert client.get("/directory/account/").context["is_enrolled"] is True


def test_own_page_switches_the_second_factor_on_and_off(client):
    account = AccountFactory()
    client.force_login(account)
    client.get("/directory/account/second-factor/")
    now = timezone.now()
    client.post("/directory/account/second-factor/", {"code": code_at(account, now)})
    assert client.get("/directory/account/").context["is_enrolled"] is True

    SecondFactor.objects.update(last_step=0)
    client.post("/directory/account/second-factor/remove/", {"code": code_at(account, timezone.now())})
    assert client.get("/directory/account/").context["is_enrolled"] is False


def test_misspelt_role_stops_the_start(settings):
    settings.TOTP_ROLES = ["unit_head", "boss"]

    assert [error.msg for error in roles_are_known(None)] == ["DINH_TOTP_ROLES names unknown roles: boss."]
