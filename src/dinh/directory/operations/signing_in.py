"""Signing in step by step, and changing the position one acts in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.models import Account, Appointment
from dinh.directory.operations.failures import (
    SignInRefused,
    count_address_failure,
    count_failure,
    may_try,
    refuse_blocked_address,
)
from dinh.directory.operations.second_factor import is_enrolled, is_required
from dinh.directory.queries.appointments import current_appointments
from dinh.kernel.errors import InvalidInput, NotFound


class NoCurrentAppointment(InvalidInput):
    """The person holds no position today."""


class Step(StrEnum):
    """What is left to do before somebody is signed in, in this order."""

    CODE = "code"
    NEW_PASSWORD = "new_password"  # noqa: S105 - the name of a step
    ENROL = "enrol"
    DONE = "done"


@dataclass(frozen=True)
class Progress:
    """How far somebody has come who gave the right password at `began_at`."""

    account_id: int
    began_at: datetime
    gave_code: bool = False


def check_credentials(*, username: str, password: str, at: datetime, address: str | None = None) -> Progress:
    """
    First step of signing in: name and password.

    After five failures in a row the account is locked for 15 minutes. Unknown names take as long as known ones.

    :param address: where the try comes from; too many failures shut it out, whatever the accounts
    :raises SignInRefused: if they do not fit, the account is locked, or a password that was handed out has run out
    :raises AddressBlocked: if too many tries from this address failed, even if these fit
    """
    refuse_blocked_address(address, at)
    account = Account.objects.filter(username=username.strip().lower()).first()
    if account is None or not _fits(account, password, at):
        if account is None:
            make_password(password)
        count_address_failure(address, at)
        raise SignInRefused()
    return Progress(account.pk, at)


def _fits(account: Account, password: str, at: datetime) -> bool:
    if not may_try(account, at):
        make_password(password)
        return False
    # Of an account without a password Django hashes something else, so that it takes as long.
    if not check_password(password, account.password):
        count_failure(account, at)
        return False
    return account.one_time_until is None or account.one_time_until > at


def next_step(*, progress: Progress, at: datetime) -> Step:
    """
    What comes next. The code stands before a new password, so that a password that was handed out
    does not get anybody around the second factor.
    """
    account = Account.objects.get(pk=progress.account_id)
    enrolled = is_enrolled(account)
    if enrolled and not progress.gave_code:
        return Step.CODE
    if account.one_time_until is not None:
        return Step.NEW_PASSWORD
    if not enrolled and is_required(account, at=at):
        return Step.ENROL
    return Step.DONE


@transaction.atomic
def admit(*, progress: Progress, at: datetime) -> Account:
    """
    Last step of signing in: choose the position to act in, forget the failures.

    :raises SignInRefused: if the account was locked meanwhile, or a step is left to do
    :raises NoCurrentAppointment: if the person holds no position today
    """
    account = Account.objects.select_for_update(no_key=True).get(pk=progress.account_id)
    if not may_try(account, at) or next_step(progress=progress, at=at) != Step.DONE:
        raise SignInRefused()
    own = current_appointments(person_id=account.person_id, today=timezone.localdate(at))
    appointment = own.filter(pk=account.current_appointment_id or 0).first() or own.first()
    if appointment is None:
        raise NoCurrentAppointment(_("You hold no position today. Please ask your unit's administrator."))
    account.current_appointment = appointment
    account.failed_attempts, account.locked_until = 0, None
    account.save(update_fields=["current_appointment", "failed_attempts", "locked_until"])
    audit.record("directory.account.signed_in", target=account, actor=appointment, at=at)
    return account


@transaction.atomic
def switch_appointment(*, account_id: int, appointment_id: int, at: datetime) -> Appointment:
    """
    Act in another of one's own current positions from now on.

    :raises NotFound: if it is not one of the account's own, or does not hold today
    """
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    own = current_appointments(person_id=account.person_id, today=timezone.localdate(at))
    appointment = own.filter(pk=appointment_id).first()
    if appointment is None:
        raise NotFound(_("You do not hold this position today."))
    account.current_appointment = appointment
    account.save(update_fields=["current_appointment"])
    audit.record("directory.account.switched", target=account, actor=appointment, at=at)
    return appointment
