"""Asking who looked at a person's data is itself an access, and leaves a trace."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.exchange.queries.accesses import DataAccess, accesses_about, subjects_of
from dinh.exchange.rules import keeps_exchange
from dinh.kernel.errors import InvalidInput, NotFound

_SHORTEST: Final = 6
_LONGEST: Final = 40


@transaction.atomic
def ask_for_accesses(*, number: str, reason: str, actor: Appointment, at: datetime) -> list[DataAccess]:
    """
    Who looked at what about the person with this number: the platform's keeper's to ask.

    Writes an audit entry with the reason and the keyed hash of the number, never the number.

    :raises NotFound: for everybody else
    :raises InvalidInput: without a number or a reason
    :raises KeySealed: if a key of the log cannot be opened
    """
    if not keeps_exchange(actor):
        raise NotFound(_("There is no such exchange."))
    number, reason = "".join(number.split()), reason.strip()
    if not _SHORTEST <= len(number) <= _LONGEST:
        raise InvalidInput(_("Give the whole number, 6 to 40 characters."), field="number")
    if not reason:
        raise InvalidInput(_("Say why this is asked, e.g. whose request it answers."), field="reason")
    subjects = subjects_of(number)
    found = accesses_about(subjects)
    record(
        "exchange.accesses.asked",
        target=actor,
        actor=actor,
        at=at,
        details={"subject": next(iter(subjects), ""), "reason": reason[:300], "found": len(found)},
    )
    return found
