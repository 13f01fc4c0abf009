"""Having seen what one was told. Nothing of this is an act of office, so it is not audited."""

from datetime import datetime

from django.utils.translation import gettext as _

from dinh.directory.models import Appointment
from dinh.kernel.errors import NotFound
from dinh.notify.models import Notification
from dinh.notify.queries.notifications import notifications_visible_to


def mark_read(*, notification_id: int, actor: Appointment, at: datetime) -> Notification:
    """
    Note that the actor has seen it; the first time counts.

    :raises NotFound: if it was not told to the actor
    """
    notification = notifications_visible_to(actor).filter(pk=notification_id).first()
    if notification is None:
        raise NotFound(_("You have no such notification."))
    Notification.objects.filter(pk=notification.pk, read_at=None).update(read_at=at)
    return notification


def mark_all_read(*, actor: Appointment, at: datetime) -> int:
    """
    Note that the actor has seen all that was told until a moment; what comes later stays unread.

    :returns: how many that were
    """
    unread = Notification.objects.filter(appointment=actor, read_at=None, created_at__lte=at)
    return unread.update(read_at=at)
