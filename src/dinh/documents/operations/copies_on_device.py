"""Copies whose seal is in the clerk's own token: begun here, sealed by the device, finished here, once."""

from dataclasses import asdict
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dinh.directory.models import Appointment
from dinh.documents.models import DeviceCopy, Incoming, Outgoing
from dinh.documents.operations.copies import (
    NotCopyable,
    Source,
    WantedCopy,
    earlier_copy,
    is_copyable,
    keep_copy,
    seal_place,
)
from dinh.documents.operations.draft_plan import WantedRecipient
from dinh.documents.queries.devices import device_copies_of
from dinh.kernel.errors import NotFound
from dinh.signing.api import SessionInfo, begin_signing, finish_signing, signed_in_session


def begin_copy(
    *, clerk: Appointment, source: Source, wanted: WantedCopy, request_key: str
) -> tuple[DeviceCopy, SessionInfo]:
    """
    Begin the seal of a copy. No number is given and nothing is sent before the device has sealed it.

    Never inside a transaction. Beginning anew is harmless: a request makes one copy.

    :raises NotPermitted, InvalidInput, NotCopyable: as `copies.make_copy`
    """
    place = seal_place(clerk, source, wanted, request_key=request_key, at=timezone.now())
    session = begin_signing(
        sha256=place.sha256,
        field_name=place.field_name,
        as_="unit",
        appointment=clerk,
        certify=place.certifies,
        mark=place.mark,
        about={"DocNumber": source.document.code, "Subject": source.document.subject},
    )
    begun = DeviceCopy.objects.create(
        session_id=session.id,
        clerk=clerk,
        from_incoming=source if isinstance(source, Incoming) else None,
        from_outgoing=source if isinstance(source, Outgoing) else None,
        kind=wanted.kind,
        pages=wanted.pages,
        decided_by=wanted.decided_by,
        recipients=[asdict(each) for each in wanted.recipients],
        request_key=request_key,
    )
    return begun, session


def finish_copy(
    *,
    session_id: UUID,
    clerk: Appointment,
    signature: bytes | None = None,
    cms: bytes | None = None,
    pdf: bytes | None = None,
) -> Outgoing:
    """
    Make the copy of what the device sealed: number, register and send it; the same answer again gives the same copy.

    Never inside a transaction. Answers as `devices.finish_on_device`.

    :raises NotFound: if this appointment has begun no such copy
    :raises NotCopyable: if the document was recalled meanwhile
    :raises DomainError: as `signing.api.finish_signing`
    """
    begun = device_copies_of(clerk).filter(session=session_id).first()
    if begun is None:
        raise NotFound(_("There is no such signature. Start signing again."))
    if (made := earlier_copy(clerk, begun.request_key)) is not None:
        return made
    if not is_copyable(begun.source):
        raise NotCopyable(_("The document was recalled meanwhile. It is not copied any more."))
    answer = {"signature": signature, "cms": cms, "pdf": pdf}
    # Sealed, but interrupted before the copy was kept: finishing needs no device.
    signed = None if any(answer.values()) else signed_in_session(session_id=session_id, appointment=clerk)
    signed = signed or finish_signing(
        session_id=session_id, appointment=clerk, sha256=begun.session.source_id, **answer
    )
    return keep_copy(clerk, begun.source, _wish(begun), signed=signed, request_key=begun.request_key)


def _wish(begun: DeviceCopy) -> WantedCopy:
    return WantedCopy(
        kind=begun.kind,
        decided_by=begun.decided_by,
        pages=begun.pages,
        recipients=[WantedRecipient(**each) for each in begun.recipients],
    )
