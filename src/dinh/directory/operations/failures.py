"""Counting failed tries to sign in, and the lock that follows them."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.models import Account
from dinh.kernel.errors import NotPermitted

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
