"""Choosing how one is told outside the page. Not an act of office, so it is not audited."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dinh.directory.models import Appointment
from dinh.kernel.errors import InvalidInput, NotFound
from dinh.notify.channels import channels
from dinh.notify.models import ChannelChoice, Pace


class NotReachable(InvalidInput):
    """The channel is not set up, or no address of the person is known."""


@transaction.atomic
def choose_pace(*, channel: str, pace: Pace, actor: Appointment, at: datetime) -> ChannelChoice:
    """
    Choose how often one is told by a channel. What happened before is not told any more.

    :raises NotFound: if there is no such channel
    :raises NotReachable: if the channel is not set up or one's address is unknown, unless it is switched off
    """
    known = channels.get(channel)
    if known is None:
        raise NotFound(_("There is no such channel."))
    if pace != Pace.OFF and not known.is_ready():
        raise NotReachable(_("This channel is not set up here. Ask your administrator."), field="pace")
    if pace != Pace.OFF and not known.address_of(actor.person):
        raise NotReachable(_("Your address is not known. Ask your administrator to enter it."), field="pace")
    choice, _made = ChannelChoice.objects.select_for_update(no_key=True).get_or_create(
        person_id=actor.person_id, channel=channel, defaults={"told_until": at}
    )
    if choice.pace == Pace.OFF:
        choice.told_until = at
    choice.pace = pace
    choice.save(update_fields=["pace", "told_until"])
    return choice
