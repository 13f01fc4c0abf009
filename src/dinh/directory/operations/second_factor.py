"""The second factor: enrolment, codes, recovery codes."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.models import Account, RecoveryCode, SecondFactor
from dinh.directory.operations.failures import SignInRefused, count_failure, may_try
from dinh.directory.operations.totp import (
    as_text,
    enrolment_uri,
    matching_step,
    new_secret,
    seal,
    unseal,
)
from dinh.directory.queries.appointments import current_appointments
from dinh.kernel.errors import DomainError, InvalidInput

RECOVERY_CODES: Final = 10
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class SecondFactorExists(DomainError):
    """A confirmed code generator is only replaced after it was removed."""


class SecondFactorRequired(DomainError):
    """One of the person's roles asks for a second factor."""


class WrongCode(InvalidInput):
    """The code does not belong to this moment, or was used before."""


@dataclass(frozen=True)
class Enrolment:
    """What a code generator needs: the secret in base 32, and the same as `otpauth://` address."""

    secret: str
    uri: str


def is_enrolled(account: Account) -> bool:
    return SecondFactor.objects.filter(account=account).exclude(confirmed_at=None).exists()


def is_required(account: Account, *, at: datetime) -> bool:
    """Whether a role that the person holds now is among `DINH_TOTP_ROLES`."""
    held = current_appointments(person_id=account.person_id, today=timezone.localdate(at))
    return bool(settings.TOTP_ROLES) and held.filter(roles__overlap=settings.TOTP_ROLES).exists()


@transaction.atomic
def begin_enrolment(*, account_id: int) -> Enrolment:
    """
    A secret for the account's code generator; the same one until it is confirmed.

    :raises SecondFactorExists: if one is confirmed already
    """
    account = _locked(account_id)
    sealed = seal(new_secret())
    factor, _made = SecondFactor.objects.get_or_create(account=account, defaults={"sealed_secret": sealed})
    if factor.confirmed_at is not None:
        raise SecondFactorExists(_("This account has a second factor. Remove it before you set up another."))
    secret = unseal(factor.sealed_secret)
    return Enrolment(as_text(secret), enrolment_uri(secret=secret, username=account.username))


@transaction.atomic
def confirm_enrolment(*, account_id: int, code: str, at: datetime) -> list[str]:
    """
    Switch the second factor on, once a first code shows that the generator works.

    :returns: recovery codes, shown this once
    :raises WrongCode: if the code does not fit, or nothing was begun
    """
    account = _locked(account_id)
    factor = SecondFactor.objects.filter(account=account, confirmed_at=None).first()
    step = _step(factor, code, at) if factor else None
    if factor is None or step is None:
        raise WrongCode(_wrong_code(), field="code")
    factor.confirmed_at, factor.last_step = at, step
    factor.save(update_fields=["confirmed_at", "last_step"])
    audit.record("directory.second_factor.confirmed", target=account, actor=account, at=at)
    return _new_codes(account)


def pass_second_factor(*, account_id: int, code: str, at: datetime) -> None:
    """
    Take a code of the generator, or a recovery code; each works once. Failures count towards the lock.

    :raises SignInRefused: if the account is locked
    :raises WrongCode: if the code does not fit
    """
    with transaction.atomic():
        account = _locked(account_id)
        if not may_try(account, at):
            raise SignInRefused()
        fits = _take_step(account, code, at) or _take_recovery_code(account, code, at)
        if not fits:
            count_failure(account, at)
    if not fits:
        raise WrongCode(_wrong_code(), field="code")


def renew_recovery_codes(*, account_id: int, code: str, at: datetime) -> list[str]:
    """
    New recovery codes; the old ones end. Wrong codes count towards the lock.

    :raises SignInRefused: if the account is locked
    :raises WrongCode: unless a code of the generator fits
    """
    with transaction.atomic():
        account = _locked(account_id)
        codes = _renewed(account, at) if _proves(account, code, at) else None
    if codes is None:
        raise WrongCode(_wrong_code(), field="code")
    return codes


def remove_second_factor(*, account_id: int, code: str, at: datetime) -> None:
    """
    Switch one's own second factor off. Wrong codes count towards the lock.

    :raises SignInRefused: if the account is locked
    :raises SecondFactorRequired: if one of the person's roles asks for it
    :raises WrongCode: unless a code of the generator fits
    """
    with transaction.atomic():
        account = _locked(account_id)
        if is_required(account, at=at):
            raise SecondFactorRequired(_("Your role requires a second factor, so it stays on."))
        fits = _proves(account, code, at)
        if fits:
            forget_second_factor(account)
            audit.record("directory.second_factor.removed", target=account, actor=account, at=at)
    if not fits:
        raise WrongCode(_wrong_code(), field="code")


def forget_second_factor(account: Account) -> None:
    """Delete generator and recovery codes. The caller decides, locks and records."""
    SecondFactor.objects.filter(account=account).delete()
    RecoveryCode.objects.filter(account=account).delete()


def _locked(account_id: int) -> Account:
    accounts = Account.objects.select_for_update(of=("self",), no_key=True)
    return accounts.select_related("person").get(pk=account_id)


def _step(factor: SecondFactor, code: str, at: datetime) -> int | None:
    secret, plain = unseal(factor.sealed_secret), code.replace(" ", "")
    return matching_step(secret=secret, code=plain, after=factor.last_step, at=at)


def _proves(account: Account, code: str, at: datetime) -> bool:
    """Whether a code of the generator fits; a wrong one is counted. :raises SignInRefused: if the account is locked"""
    if not may_try(account, at):
        raise SignInRefused()
    if _take_step(account, code, at):
        return True
    count_failure(account, at)
    return False


def _renewed(account: Account, at: datetime) -> list[str]:
    audit.record("directory.second_factor.codes_renewed", target=account, actor=account, at=at)
    return _new_codes(account)


def _take_step(account: Account, code: str, at: datetime) -> bool:
    factor = SecondFactor.objects.filter(account=account).exclude(confirmed_at=None).first()
    step = _step(factor, code, at) if factor else None
    if factor is None or step is None:
        return False
    factor.last_step = step
    factor.save(update_fields=["last_step"])
    return True


def _take_recovery_code(account: Account, code: str, at: datetime) -> bool:
    unused = account.recovery_codes.filter(digest=_digest(code), used_at=None)
    if not unused.update(used_at=at):
        return False
    details = {"left": account.recovery_codes.filter(used_at=None).count()}
    audit.record(
        "directory.second_factor.recovery_used", target=account, actor=account, at=at, details=details
    )
    return True


def _new_codes(account: Account) -> list[str]:
    codes = [_recovery_code() for _number in range(RECOVERY_CODES)]
    account.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(account=account, digest=_digest(code)) for code in codes)
    return codes


def _recovery_code() -> str:
    """Twelve letters and figures that are not easily mixed up, some 59 bits."""
    plain = "".join(secrets.choice(_ALPHABET) for _place in range(12))
    return "-".join((plain[:4], plain[4:8], plain[8:]))


def _digest(code: str) -> str:
    """Keyed, so that a copy of the database alone does not let anybody try codes at leisure."""
    plain = "".join(character for character in code.lower() if character.isalnum())
    return salted_hmac("directory.recovery-code", plain, algorithm="sha256").hexdigest()


def _wrong_code() -> str:
    return _("The code is not right, or was used before. Wait for the next one and check your phone's clock.")
