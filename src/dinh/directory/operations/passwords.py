"""Choosing a password, and handing one out that its owner must replace."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.audit.api import Acting
from dinh.directory.models import Account
from dinh.directory.operations.failures import (
    SignInRefused,
    count_address_failure,
    count_failure,
    may_try,
    refuse_blocked_address,
)
from dinh.directory.operations.sessions import end_sessions
from dinh.kernel.errors import FieldFault, InvalidInput

ONE_TIME: Final = timedelta(days=3)


class PasswordUnfit(InvalidInput):
    """The password is too easy to guess, or the present one was not given."""


def change_password(
    *,
    account_id: int,
    present: str,
    new: str,
    session_key: str | None,
    at: datetime,
    address: str | None = None,
) -> Account:
    """
    Replace one's own password and sign out of every other browser. Wrong tries count towards the lock.

    :param session_key: the session that goes on
    :param address: where the try comes from
    :raises SignInRefused: if the account is locked
    :raises AddressBlocked: if too many tries from this address failed
    :raises PasswordUnfit: if the present password is wrong or the new one unfit
    """
    require_password(account_id=account_id, present=present, at=at, address=address)
    return set_own_password(account_id=account_id, new=new, session_key=session_key, at=at)


def require_password(*, account_id: int, present: str, at: datetime, address: str | None = None) -> None:
    """
    Let somebody who is signed in prove anew who it is. Wrong tries count towards the lock.

    :raises SignInRefused, AddressBlocked: as `change_password`
    :raises PasswordUnfit: if it is not the present password
    """
    account = Account.objects.select_related("person").get(pk=account_id)
    refuse_blocked_address(address, at)
    if not may_try(account, at):
        raise SignInRefused()
    if not check_password(present, account.password):
        count_failure(account, at)
        count_address_failure(address, at)
        raise PasswordUnfit(_("This is not your current password."), field="present")


@transaction.atomic
def set_own_password(*, account_id: int, new: str, session_key: str | None, at: datetime) -> Account:
    """
    Set the password of somebody who has proved who it is, and end all other sessions.

    :raises PasswordUnfit: if it is too easy to guess, or the present one again
    """
    accounts = Account.objects.select_for_update(of=("self",), no_key=True).select_related("person")
    account = accounts.get(pk=account_id)
    _check_fit(new, account)
    account.password, account.one_time_until = make_password(new), None
    account.save(update_fields=["password", "one_time_until"])
    end_sessions(account=account, actor=account, at=at, except_key=session_key)
    audit.record("directory.account.password_changed", target=account, actor=account, at=at)
    return account


def hand_out_password(*, account: Account, actor: Acting, at: datetime) -> str:
    """
    Give an account a password for three days that its owner must replace on signing in; end its sessions.

    The caller locks the account and decides whether `actor` may.

    :returns: the password, to be shown once
    """
    password = "-".join(secrets.token_hex(2) for _group in range(4))
    account.password, account.one_time_until = make_password(password), at + ONE_TIME
    account.failed_attempts, account.locked_until = 0, None
    account.save(update_fields=["password", "one_time_until", "failed_attempts", "locked_until"])
    end_sessions(account=account, actor=actor, at=at)
    audit.record("directory.account.password_handed_out", target=account, actor=actor, at=at)
    return password


def _check_fit(new: str, account: Account) -> None:
    if check_password(new, account.password):
        raise PasswordUnfit(_("Choose a password other than the current one."), field="new")
    try:
        validate_password(new, account)
    except ValidationError as refusal:
        faults = [FieldFault("new", message) for message in refusal.messages]
        raise PasswordUnfit(_("This password is too easy to guess."), faults=faults) from refusal
