"""What an outsider gets to check a letter and all that was done with it (gói bằng chứng)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import evidence_bundle, record
from dinh.directory.models import Appointment
from dinh.documents.models import Attachment, Document, Incoming, Outgoing
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.kernel.errors import NotFound
from dinh.storage.api import read_blob


def evidence_of_outgoing(*, outgoing_id: int, actor: Appointment, at: datetime) -> bytes:
    """
    The letter, its attachments and its trace as an ASiC-E container, for `dinh evidence verify`.

    The export itself stands in the trace. Never inside a transaction.

    :raises NotFound: if the appointment does not see the document
    """
    outgoing = outgoing_visible_to(actor).filter(pk=outgoing_id).first()
    if not isinstance(outgoing, Outgoing):
        raise NotFound(_("There is no such document."))
    _note_export(outgoing, actor, at)
    return evidence_bundle(outgoing, documents=_files(outgoing.document_id), at=at)


def evidence_of_incoming(*, incoming_id: int, actor: Appointment, at: datetime) -> bytes:
    """
    As `evidence_of_outgoing`, with what the receiving unit did.

    :raises IncomingNotFound: missing or not visible
    """
    incoming = get_incoming(incoming_id, actor)
    if incoming.document.pk is None:
        raise NotFound(_("There is no such document."))
    _note_export(incoming, actor, at)
    return evidence_bundle(incoming, documents=_files(incoming.document.pk), at=at)


@transaction.atomic
def _note_export(target: Outgoing | Incoming, actor: Appointment, at: datetime) -> None:
    record("documents.document.evidence_exported", target=target, actor=actor, at=at)


def _files(document_id: int) -> dict[str, bytes]:
    """The letter and its attachments under names that are safe in a container."""
    content = Document.objects.values_list("content_id", flat=True).get(pk=document_id)
    files = {"letter.pdf": read_blob(content)} if content else {}
    attachments = Attachment.objects.filter(document=document_id).values_list("blob_id", "name")
    for order, (blob, name) in enumerate(attachments, start=1):
        files[f"attachment-{order:02d}{_ending(name)}"] = read_blob(blob)
    return files


def _ending(name: str) -> str:
    ending = name.rpartition(".")[2].lower()
    return f".{ending}" if ending.isascii() and ending.isalnum() and len(ending) <= 5 else ""
