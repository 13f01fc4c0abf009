"""Ending appointments, and with them what their holders could do."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone

from dinh.audit import api as audit
from dinh.directory.models import Account, ApiToken, Appointment
from dinh.directory.operations.sessions import end_sessions


def end_appointments_of_unit(*, unit_id: int, last_day: date, actor: Appointment, at: datetime) -> None:
    """End all appointments in a unit that last beyond a day; those that would begin later end on their first."""
    runs_on = Q(end_date=None) | Q(end_date__gt=last_day)
    ended = list(Appointment.objects.select_for_update(no_key=True).filter(runs_on, unit_id=unit_id))
    for appointment in ended:
        appointment.end_date = max(last_day, appointment.start_date)
        details = {"end_date": appointment.end_date.isoformat(), "unit_dissolved": True}
        audit.record("directory.appointment.ended", target=appointment, actor=actor, at=at, details=details)
    Appointment.objects.bulk_update(ended, ["end_date"])
    sign_out_of(ended, actor=actor, at=at)


def sign_out_of(appointments: Iterable[Appointment], *, actor: Appointment, at: datetime) -> None:
    """
    Of the appointments that hold no longer: revoke their tokens, and sign out whoever acts in them.

    Those that still hold today are left: from their last midnight on nobody can act in them anyway.
    """
    today = timezone.localdate(at)
    over = [appointment.pk for appointment in appointments if not appointment.is_current(today)]
    ApiToken.objects.filter(appointment__in=over, revoked_at=None).update(revoked_at=at)
    accounts = Account.objects.select_for_update(of=("self",), no_key=True).select_related("person")
    for account in accounts.filter(current_appointment__in=over):
        account.current_appointment = None
        account.save(update_fields=["current_appointment"])
        end_sessions(account=account, actor=actor, at=at)
