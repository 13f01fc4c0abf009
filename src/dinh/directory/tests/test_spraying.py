"""One password tried on many accounts: the address is shut out, whatever the accounts."""

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from dinh.audit.models import Entry
from dinh.directory.models import AddressFailures
from dinh.directory.operations.failures import (
    AddressBlocked,
    SignInRefused,
    count_address_failure,
    forget_addresses,
)
from dinh.directory.operations.signing_in import check_credentials
from dinh.directory.tests.factories import AccountFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 16, 5, 0, tzinfo=UTC)
PASSWORD = "mật khẩu dài và riêng"
HERE, ELSEWHERE = "203.0.113.9", "203.0.113.10"


@pytest.fixture(autouse=True)
def few(settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 3


def spray(times, address=HERE, at=NOON):
    """One wrong try on each of so many names."""
    for number in range(times):
        with pytest.raises(SignInRefused):
            check_credentials(username=f"người {number}", password="Mùa hè 2026", at=at, address=address)


def try_rightly(account, address=HERE, at=NOON):
    return check_credentials(username=account.username, password=PASSWORD, at=at, address=address)


def test_an_address_is_shut_out_over_all_accounts_and_let_in_again():
    account = AccountFactory()
    spray(3)

    with pytest.raises(AddressBlocked) as refusal:
        try_rightly(account, at=NOON + timedelta(minutes=1))
    elsewhere = try_rightly(account, address=ELSEWHERE)
    later = try_rightly(account, at=NOON + timedelta(minutes=15))

    assert (refusal.value.status, refusal.value.retry_after) == (429, 14 * 60)
    assert "thử lại sau 14 phút" in str(refusal.value)
    assert elsewhere.account_id == later.account_id == account.pk
    entry = Entry.objects.get(action="directory.address.blocked")
    assert entry.details == {"address": HERE}


def test_failures_are_counted_within_the_window_only():
    spray(2)
    spray(2, at=NOON + timedelta(minutes=16))

    assert AddressFailures.objects.get().failures == 2
    assert try_rightly(AccountFactory(), at=NOON + timedelta(minutes=16)) is not None


def test_a_right_password_does_not_wash_the_address():
    spray(2)
    try_rightly(AccountFactory())
    spray(1)

    with pytest.raises(AddressBlocked):
        try_rightly(AccountFactory())


def test_a_wrong_try_on_a_real_account_counts_for_both():
    account = AccountFactory()
    with pytest.raises(SignInRefused):
        check_credentials(username=account.username, password="sai", at=NOON, address=HERE)

    account.refresh_from_db()
    assert (account.failed_attempts, AddressFailures.objects.get().failures) == (1, 1)


def test_a_callers_whole_ipv6_network_counts_as_one():
    for end in ("1", "2:3", "ffff:1:2:3"):
        spray(1, address=f"2001:db8:1:2:{'0:' * (3 - end.count(':'))}{end}")

    assert AddressFailures.objects.get().address == "2001:db8:1:2::"
    with pytest.raises(AddressBlocked):
        try_rightly(AccountFactory(), address="2001:db8:1:2::9")
    assert try_rightly(AccountFactory(), address="2001:db8:1:3::9") is not None


def test_nothing_is_counted_where_it_is_off_or_nobody_knows_the_address(settings):
    spray(4, address=None)
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 0
    spray(4)

    assert not AddressFailures.objects.exists()


def test_old_addresses_are_forgotten():
    spray(1, at=NOON)
    spray(1, address=ELSEWHERE, at=NOON + timedelta(days=1))

    forget_addresses(at=NOON + timedelta(days=1, minutes=1))

    assert [each.address for each in AddressFailures.objects.all()] == [ELSEWHERE]


@pytest.mark.django_db(transaction=True)
def test_failures_at_once_are_all_counted(settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 100

    def fail():
        try:
            for _time in range(5):
                count_address_failure(HERE, NOON)
        finally:
            connection.close()

    threads = [Thread(target=fail) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert AddressFailures.objects.get().failures == 20


def test_the_page_says_so_with_429_and_when_to_come_back(client):
    account = AccountFactory()
    for number in range(3):
        client.post("/directory/sign-in/", {"username": f"x{number}", "password": "sai"})

    given = {"username": account.username, "password": PASSWORD}
    refused = client.post("/directory/sign-in/", given)
    other = Client(REMOTE_ADDR=ELSEWHERE).post("/directory/sign-in/", given)

    assert (refused.status_code, other.status_code) == (429, 302)
    assert 0 < int(refused["Retry-After"]) <= 900
    assert "Có quá nhiều lần đăng nhập không thành công từ mạng của bạn" in refused.content.decode()


def test_ones_own_wrong_password_counts_for_the_address_too(client):
    account = AccountFactory()
    client.force_login(account)
    given = {"present": "sai", "new": "một mật khẩu rất khác", "again": "một mật khẩu rất khác"}

    client.post("/directory/account/password/", given)

    assert AddressFailures.objects.get().failures == 1
    assert timezone.now() - AddressFailures.objects.get().began_at < timedelta(minutes=1)
