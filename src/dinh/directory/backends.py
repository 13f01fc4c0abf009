"""Whose session it is."""

from django.contrib.auth.backends import ModelBackend

from dinh.directory.models import Account

_ACTS_IN = ("person", "unit", "division", "position")


class AccountBackend(ModelBackend):
    """Reads a session's account together with the appointment that it acts in: one statement on every request."""

    def get_user(self, user_id: int) -> Account | None:
        """The account if it may sign in, with its current appointment's person, unit, division and position."""
        accounts = Account.objects.select_related(*(f"current_appointment__{part}" for part in _ACTS_IN))
        # Not `first()`: its order would more than double the time that the database takes to plan the joins.
        account = next(iter(accounts.filter(pk=user_id)), None)
        return account if account is not None and self.user_can_authenticate(account) else None
