"""Remind recipients that have not taken in a document yet (nhắc tiếp nhận)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.enums import IncomingState, OutgoingState
from dinh.documents.events import RecipientsReminded
from dinh.documents.models import Incoming
from dinh.documents.operations.dispatch import locked_outgoing
from dinh.kernel.errors import DomainError
from dinh.kernel.events import publish

PAUSE = timedelta(hours=1)


class NobodyToRemind(DomainError):
    """Everybody has taken the document in, or refused it, or it was recalled."""


class RemindedAlready(DomainError):
    """The last reminder is less than an hour old."""


@transaction.atomic
def remind_recipients(*, outgoing_id: int, actor: Appointment, at: datetime) -> int:
    """
    Remind the clerks of all units where the document still waits to be received, at most once an hour.

    :returns: how many units are reminded
    :raises OutgoingNotFound: missing, or not of the clerk's unit
    :raises NobodyToRemind: nowhere does it wait
    :raises RemindedAlready: less than an hour ago
    """
    outgoing = locked_outgoing(outgoing_id, actor)
    waiting = Incoming.objects.filter(dispatch__outgoing=outgoing, state=IncomingState.ARRIVED).count()
    if outgoing.state != OutgoingState.ISSUED or not waiting:
        raise NobodyToRemind(_("No recipient still has to receive the document."))
    last = outgoing.dispatches.exclude(reminded_at=None).order_by("-reminded_at").first()
    if last is not None and last.reminded_at is not None and at - last.reminded_at < PAUSE:
        words = _("The recipients were reminded at %(time)s. Wait an hour before the next reminder.")
        moment = timezone.localtime(last.reminded_at).strftime("%H:%M")
        raise RemindedAlready(words % {"time": moment})
    outgoing.dispatches.update(reminded_at=at)
    details = {"units": waiting}
    record("documents.document.reminded", target=outgoing, actor=actor, at=at, details=details)
    publish(RecipientsReminded(outgoing.pk, at))
    return waiting
