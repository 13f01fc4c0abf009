"""What administrators do to accounts."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.models import Account, Appointment, Person
from dinh.directory.operations.passwords import hand_out_password
from dinh.directory.operations.second_factor import forget_second_factor
from dinh.directory.operations.sessions import end_sessions
from dinh.directory.queries.people import units_of
from dinh.directory.rules import may_manage_person
from dinh.kernel.errors import DomainError, InvalidInput, NotFound


class UsernameTaken(DomainError):
    """Another account has this name."""


class AccountExists(DomainError):
    """The person has an account."""


@dataclass(frozen=True)
class HandedOut:
    """An account and the password for it, to be shown once."""

    account: Account
    password: str


@transaction.atomic
def open_account(*, person_id: int, username: str, actor: Appointment, at: datetime) -> HandedOut:
    """
    Give a person an account, with a password for three days that must be replaced on signing in.

    :raises NotFound: unless the actor may manage the person
    :raises AccountExists: if the person has one
    :raises UsernameTaken: if another account has this name
    """
    person = Person.objects.select_for_update(no_key=True).filter(pk=person_id).first()
    if person is None or not _may_manage(actor, person_id, at):
        raise _missing()
    if Account.objects.filter(person=person).exists():
        raise AccountExists(_("This person has an account."))
    username = username.strip().lower()
    if not username:
        raise InvalidInput(_("Enter a username."), field="username")
    if Account.objects.filter(username=username).exists():
        raise UsernameTaken(_("Another account has this name. Choose a different one."), field="username")
    account = Account.objects.create(username=username, person=person, password=make_password(None))
    details = {"username": username}
    audit.record("directory.account.opened", target=account, actor=actor, at=at, details=details)
    return HandedOut(account, hand_out_password(account=account, actor=actor, at=at))


@transaction.atomic
def reset_password(*, account_id: int, actor: Appointment, at: datetime) -> HandedOut:
    """
    Hand out a new password; the account is signed out everywhere. A second factor stays on.

    :raises NotFound: unless the actor may manage the account's person
    """
    account = _managed(account_id, actor, at)
    return HandedOut(account, hand_out_password(account=account, actor=actor, at=at))


@transaction.atomic
def unlock_account(*, account_id: int, actor: Appointment, at: datetime) -> None:
    """
    Lift the lock that follows failed tries. :raises NotFound: unless the actor may manage its person
    """
    account = _managed(account_id, actor, at)
    account.failed_attempts, account.locked_until = 0, None
    account.save(update_fields=["failed_attempts", "locked_until"])
    audit.record("directory.account.unlocked", target=account, actor=actor, at=at)


@transaction.atomic
def reset_second_factor(*, account_id: int, actor: Appointment, at: datetime) -> None:
    """
    Take a lost second factor away, and sign out everywhere.

    :raises NotFound: unless the actor may manage the account's person
    """
    account = _managed(account_id, actor, at)
    forget_second_factor(account)
    end_sessions(account=account, actor=actor, at=at)
    audit.record("directory.second_factor.reset", target=account, actor=actor, at=at)


@transaction.atomic
def set_active(*, account_id: int, is_active: bool, actor: Appointment, at: datetime) -> None:
    """
    Shut an account, signing it out everywhere, or open it again. Its own state again changes nothing.

    :raises NotFound: unless the actor may manage the account's person
    :raises InvalidInput: if it is the actor's own
    """
    account = _managed(account_id, actor, at)
    if account.person_id == actor.person_id:
        raise InvalidInput(_("You cannot disable your own account."))
    if account.is_active == is_active:
        return
    account.is_active = is_active
    account.save(update_fields=["is_active"])
    if not is_active:
        end_sessions(account=account, actor=actor, at=at)
    action = "directory.account.reopened" if is_active else "directory.account.shut"
    audit.record(action, target=account, actor=actor, at=at)


def _managed(account_id: int, actor: Appointment, at: datetime) -> Account:
    accounts = Account.objects.select_for_update(of=("self",), no_key=True).select_related("person")
    account = accounts.filter(pk=account_id).first()
    if account is None or not _may_manage(actor, account.person_id, at):
        raise _missing()
    return account


def _may_manage(actor: Appointment, person_id: int, at: datetime) -> bool:
    return may_manage_person(actor, unit_ids=units_of(person_id, today=timezone.localdate(at)))


def _missing() -> NotFound:
    return NotFound(_("There is no such account that you may change."))
