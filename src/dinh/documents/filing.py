"""Documents as records that can be filed (đưa vào hồ sơ)."""

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dinh.directory.models import Appointment
from dinh.documents.enums import IncomingState
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.records.api import Fileable, FiledRecord, fileables

INCOMING, OUTGOING = "documents.incoming", "documents.outgoing"


def register_fileables() -> None:
    """Called once, when the application is ready."""
    fileables.register(INCOMING, Fileable(label=_("Incoming document"), describe=_incoming))
    fileables.register(OUTGOING, Fileable(label=_("Outgoing document"), describe=_outgoing))


def _incoming(ids: Sequence[int], reader: Appointment) -> Mapping[int, FiledRecord]:
    """What was recalled is hidden from its receivers, here too."""
    rows = incoming_visible_to(reader).filter(pk__in=ids).exclude(state=IncomingState.RECALLED)
    told = rows.values_list("pk", "document__code", "document__subject", "document__issued_date")
    return {
        pk: FiledRecord(code=code, title=title, day=day, url=reverse("documents:incoming", args=[pk]))
        for pk, code, title, day in told
    }


def _outgoing(ids: Sequence[int], reader: Appointment) -> Mapping[int, FiledRecord]:
    rows = outgoing_visible_to(reader).filter(pk__in=ids)
    told = rows.values_list("pk", "document__code", "document__subject", "document__issued_date")
    return {
        pk: FiledRecord(code=code, title=title, day=day, url=reverse("documents:outgoing", args=[pk]))
        for pk, code, title, day in told
    }
