from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from django.test import Client
from django.utils import timezone

from dinh.audit.models import Entry
from dinh.directory.models import SignedInSession
from dinh.directory.operations.failures import SignInRefused
from dinh.directory.operations.passwords import hand_out_password
from dinh.directory.operations.sessions import end_session
from dinh.directory.operations.signing_in import check_credentials
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.kernel.errors import NotFound

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 16, 5, 0, tzinfo=UTC)
PASSWORD = "mật khẩu dài và riêng"
OTHER = "một câu khác cũng rất dài"
COC_COC = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "coc_coc_browser/120.0.148 Chrome/114.0.5735.148 Safari/537.36"
)


def signed_in(account, agent=COC_COC):
    client = Client(headers={"User-Agent": agent})
    client.post("/directory/sign-in/", {"username": account.username, "password": PASSWORD})
    return client


def is_open(client):
    return client.get("/directory/account/").status_code == 200


@pytest.fixture
def account():
    return AccountFactory()


def test_signing_in_notes_device_and_address(account):
    signed_in(account)
    session = SignedInSession.objects.get()

    assert (session.account, session.device) == (account, "Cốc Cốc, Windows")
    assert session.address == "127.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (["127.0.0.1/32"], "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (["127.0.0.1/32", "10.0.0.0/8"], "6.6.6.6, 203.0.113.9, 10.2.3.4", "203.0.113.9"),
        (["127.0.0.1/32"], "203.0.113.9, 10.2.3.4", "10.2.3.4"),
        (["127.0.0.1/32"], "203.0.113.9, nonsense", "127.0.0.1"),
        (["192.0.2.1/32"], "6.6.6.6", "127.0.0.1"),
        ([], "6.6.6.6", "127.0.0.1"),
    ],
)
def test_address_is_what_the_last_trusted_proxy_wrote(account, settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = [ip_network(each) for each in proxies]
    client = Client(headers={"X-Forwarded-For": forwarded})
    client.post("/directory/sign-in/", {"username": account.username, "password": PASSWORD})

    assert SignedInSession.objects.get().address == address


def test_use_is_noted_once_a_minute(account):
    client = signed_in(account)
    long_ago = timezone.now() - timedelta(hours=1)
    SignedInSession.objects.update(last_seen_at=long_ago)

    client.get("/directory/account/")
    assert SignedInSession.objects.get().last_seen_at == long_ago
    session = client.session
    session["seen_at"] = long_ago.timestamp()
    session.save()
    client.get("/directory/account/")
    assert SignedInSession.objects.get().last_seen_at > long_ago


def test_one_session_is_ended_from_another(account):
    here, there = signed_in(account), signed_in(account)
    target = SignedInSession.objects.get(session_key=there.session.session_key)

    here.post(f"/directory/account/sessions/{target.pk}/end/")

    assert (is_open(here), is_open(there)) == (True, False)
    entry = Entry.objects.get(action="directory.session.ended")
    assert entry.details == {"device": "Cốc Cốc, Windows", "address": "127.0.0.1"}


def test_all_other_sessions_are_ended_at_once(account):
    here, others = signed_in(account), [signed_in(account), signed_in(account)]

    here.post("/directory/account/sessions/end-others/")

    assert (is_open(here), [is_open(other) for other in others]) == (True, [False, False])


def test_sessions_of_another_are_out_of_reach(account):
    here, theirs = signed_in(account), signed_in(AccountFactory())
    target = SignedInSession.objects.get(session_key=theirs.session.session_key)

    assert here.post(f"/directory/account/sessions/{target.pk}/end/").status_code == 404
    with pytest.raises(NotFound):
        end_session(account_id=account.pk, session_id=target.pk, actor=account, at=NOON)
    assert is_open(theirs)


def test_signing_out_ends_the_session(account):
    client = signed_in(account)

    client.post("/directory/sign-out/")

    assert SignedInSession.objects.get().ended_at is not None


def test_account_page_costs_the_same_for_any_number_of_sessions(account, django_assert_num_queries):
    here = signed_in(account)
    is_open(here)
    with django_assert_num_queries(9):
        here.get("/directory/account/")
    signed_in(account)
    signed_in(account)

    with django_assert_num_queries(9):
        assert len(here.get("/directory/account/").context["sessions"]) == 3


def test_who_acts_is_read_in_two_statements(account, django_assert_num_queries):
    here = signed_in(account)
    account.current_appointment = AppointmentFactory(person=account.person)
    account.save()

    with django_assert_num_queries(2):
        told = here.get("/api/v1/me").json()

    assert told["id"] == account.current_appointment_id


@pytest.mark.parametrize("whose", ["ended", "another's"])
def test_a_position_that_is_not_held_opens_nothing(account, whose):
    here = signed_in(account)
    yesterday = timezone.localdate() - timedelta(days=1)
    held = {"ended": {"person": account.person, "end_date": yesterday}, "another's": {}}[whose]
    account.current_appointment = AppointmentFactory(start_date=yesterday - timedelta(days=9), **held)
    account.save()

    assert here.get("/api/v1/me").status_code == 401


def test_change_of_password_ends_all_other_sessions(account):
    here, there = signed_in(account), signed_in(account)
    data = {"present": PASSWORD, "new": OTHER, "again": OTHER}

    assert here.post("/directory/account/password/", data).status_code == 302

    assert (is_open(here), is_open(there)) == (True, False)
    assert len(here.get("/directory/account/").context["sessions"]) == 1
    account.refresh_from_db()
    assert account.check_password(OTHER)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"present": "sai", "new": OTHER, "again": OTHER}, "present"),
        ({"present": PASSWORD, "new": OTHER, "again": "khác"}, "again"),
        ({"present": PASSWORD, "new": "ngan", "again": "ngan"}, "new"),
        ({"present": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "new"),
    ],
)
def test_change_of_password_names_the_field_at_fault(account, data, field):
    here = signed_in(account)

    answer = here.post("/directory/account/password/", data)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    account.refresh_from_db()
    assert account.check_password(PASSWORD)


def test_guessing_the_present_password_locks_the_account(account):
    here = signed_in(account)
    for _ in range(5):
        here.post("/directory/account/password/", {"present": "sai", "new": OTHER, "again": OTHER})

    with pytest.raises(SignInRefused):
        check_credentials(username=account.username, password=PASSWORD, at=timezone.now())


def test_password_that_was_handed_out_must_be_replaced(client, account):
    given = hand_out_password(account=account, actor=account, at=timezone.now())
    first = client.post("/directory/sign-in/", {"username": account.username, "password": given})
    second = client.post(first.url, {"new": OTHER, "again": OTHER})

    assert (first.url, second.url) == ("/directory/sign-in/password/", "/")
    assert is_open(client)
    with pytest.raises(SignInRefused):
        check_credentials(username=account.username, password=given, at=timezone.now())


def test_password_that_was_handed_out_runs_out(account):
    given = hand_out_password(account=account, actor=account, at=NOON)

    check_credentials(username=account.username, password=given, at=NOON + timedelta(days=2))
    with pytest.raises(SignInRefused):
        check_credentials(username=account.username, password=given, at=NOON + timedelta(days=3))
