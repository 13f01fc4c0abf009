"""
Counting failed tries to sign in, and what follows: five in a row lock their account, many from one address over all
accounts (one password tried on everybody) shut out that address.
"""

from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.models import Account, AddressFailures
from dinh.kernel.errors import NotPermitted, TooManyRequests

MAX_FAILURES: Final = 5
LOCK: Final = timedelta(minutes=15)


class SignInRefused(NotPermitted):
    """Name or password is wrong, or the account is locked: deliberately told in the same words."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The username or the password is not right, or the account is locked after too many tries. "
                "Please check both, or try again in 15 minutes."
            )
        )


class AddressBlocked(TooManyRequests):
    """Too many failed tries came from this network address, whatever the accounts."""


def may_try(account: Account, at: datetime) -> bool:
    return account.is_active and (account.locked_until is None or account.locked_until <= at)


@transaction.atomic
def count_failure(account: Account, at: datetime) -> None:
    """One more failure; the fifth in a row locks the account for 15 minutes."""
    Account.objects.filter(pk=account.pk).update(failed_attempts=F("failed_attempts") + 1)
    locked = Account.objects.filter(pk=account.pk, failed_attempts__gte=MAX_FAILURES).update(
        failed_attempts=0, locked_until=at + LOCK
    )
    action = "directory.account.locked" if locked else "directory.account.sign_in_failed"
    audit.record(action, target=account, actor=None, at=at)


def refuse_blocked_address(address: str | None, at: datetime) -> None:
    """:raises AddressBlocked: if too many failed tries came from this address"""
    row = AddressFailures.objects.filter(address=_shared_part(address), blocked_until__gt=at).first()
    if row is None or row.blocked_until is None or not settings.SIGN_IN_FAILURES_PER_ADDRESS:
        return
    seconds = ceil((row.blocked_until - at).total_seconds())
    told = _("Too many failed sign-ins came from your network. Please try again in %(minutes)d minutes.")
    raise AddressBlocked(told % {"minutes": ceil(seconds / 60)}, retry_after=seconds)


@transaction.atomic
def count_address_failure(address: str | None, at: datetime) -> None:
    """One more failure from an address; `DINH_SIGN_IN_FAILURES_PER_ADDRESS` within 15 minutes shut it out for 15."""
    shared = _shared_part(address)
    if shared is None or not settings.SIGN_IN_FAILURES_PER_ADDRESS:
        return
    row, _made = AddressFailures.objects.get_or_create(address=shared, defaults={"began_at": at})
    rows = AddressFailures.objects.filter(pk=row.pk)
    rows.filter(began_at__lte=at - LOCK).update(failures=0, began_at=at)
    rows.update(failures=F("failures") + 1)
    over = rows.filter(failures__gte=settings.SIGN_IN_FAILURES_PER_ADDRESS)
    if over.update(failures=0, began_at=at, blocked_until=at + LOCK):
        details = {"address": shared}
        audit.record("directory.address.blocked", target=row, actor=None, at=at, details=details)


def forget_addresses(*, at: datetime) -> None:
    """Delete what counts no more."""
    AddressFailures.objects.filter(began_at__lt=at - timedelta(days=1)).delete()


def _shared_part(address: str | None) -> str | None:
    """Of IPv6 the network of /64, all of which one caller holds."""
    if address is None:
        return None
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or IPv6Network((int(parsed), 64), strict=False).network_address)
    return str(parsed)
