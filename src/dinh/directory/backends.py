"""Whose session it is."""

from typing import Final

from django.contrib.auth.backends import ModelBackend

from dinh.directory.models import Account
from dinh.kernel.compiled import CompiledRead

_ACTS_IN: Final = ("person", "unit", "division", "position")
_ACCOUNT: Final[CompiledRead[Account]] = CompiledRead(
    # Not `first()`: its order would more than double the time that the database takes to plan the joins.
    lambda pk: Account.objects.select_related(*(f"current_appointment__{part}" for part in _ACTS_IN)).filter(
        pk=pk
    ),
    pk=-1,
)


class AccountBackend(ModelBackend):
    """Reads a session's account together with the appointment that it acts in: one statement on every request."""

    def get_user(self, user_id: int) -> Account | None:
        """The account if it may sign in, with its current appointment's person, unit, division and position."""
        account = next(iter(_ACCOUNT.rows(pk=user_id)), None)
        return account if account is not None and self.user_can_authenticate(account) else None
