"""Signing in with a password, and changing the position one acts in."""

from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.models import Account, Appointment
from dinh.directory.queries.appointments import current_appointments
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted

MAX_FAILURES: Final = 5
LOCK: Final = timedelta(minutes=15)


class SignInRefused(NotPermitted):
    """Name or password is wrong, or the account is locked: deliberately told in the same words."""


class NoCurrentAppointment(InvalidInput):
    """The person holds no position today."""


def sign_in(*, username: str, password: str, at: datetime) -> Account:
    """
    Check a name and a password, and choose the position to act in.

    After five failures in a row the account is locked for 15 minutes. Unknown names take as long as known ones.

    :raises SignInRefused: if they do not fit or the account is locked
    :raises NoCurrentAppointment: if the person holds no position today
    """
    account = Account.objects.select_related("person").filter(username=username.strip().lower()).first()
    if account is None:
        make_password(password)
        raise SignInRefused(_refusal())
    if not _may_try(account, at):
        make_password(password)
        raise SignInRefused(_refusal())
    if not account.has_usable_password() or not check_password(password, account.password):
        _count_failure(account, at)
        raise SignInRefused(_refusal())
    return _admit(account, at)


@transaction.atomic
def switch_appointment(*, account_id: int, appointment_id: int, at: datetime) -> Appointment:
    """
    Act in another of one's own current positions from now on.

    :raises NotFound: if it is not one of the account's own, or does not hold today
    """
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    own = current_appointments(person_id=account.person_id, today=at.date())
    appointment = own.filter(pk=appointment_id).first()
    if appointment is None:
        raise NotFound(_("You do not hold this position today."))
    account.current_appointment = appointment
    account.save(update_fields=["current_appointment"])
    audit.record("directory.account.switched", target=account, actor=appointment, at=at)
    return appointment


def _refusal() -> str:
    return _(
        "The username or the password is not right, or the account is locked after too many tries. "
        "Please check both, or try again in 15 minutes."
    )


def _may_try(account: Account, at: datetime) -> bool:
    return account.is_active and (account.locked_until is None or account.locked_until <= at)


@transaction.atomic
def _count_failure(account: Account, at: datetime) -> None:
    Account.objects.filter(pk=account.pk).update(failed_attempts=F("failed_attempts") + 1)
    locked = Account.objects.filter(pk=account.pk, failed_attempts__gte=MAX_FAILURES).update(
        failed_attempts=0, locked_until=at + LOCK
    )
    action = "directory.account.locked" if locked else "directory.account.sign_in_failed"
    audit.record(action, target=account, actor=None, at=at)


@transaction.atomic
def _admit(account: Account, at: datetime) -> Account:
    own = current_appointments(person_id=account.person_id, today=at.date())
    appointment = own.filter(pk=account.current_appointment_id or 0).first() or own.first()
    if appointment is None:
        raise NoCurrentAppointment(_("You hold no position today. Please ask your unit's administrator."))
    account.current_appointment = appointment
    account.failed_attempts, account.locked_until = 0, None
    account.save(update_fields=["current_appointment", "failed_attempts", "locked_until"])
    audit.record("directory.account.signed_in", target=account, actor=appointment, at=at)
    return account
