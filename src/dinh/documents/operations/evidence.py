"""What an outsider gets to check a letter and all that was done with it (gói bằng chứng)."""

from datetime import datetime
from functools import partial
from typing import BinaryIO

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import evidence_bundle, record
from dinh.directory.models import Appointment
from dinh.documents.models import Attachment, Document, Incoming, Outgoing
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.queries.outgoing import found_among, outgoing_visible_to
from dinh.kernel.errors import NotFound
from dinh.pki.api import KeptMember, Member
from dinh.storage.api import open_blob

MAX_FILES_BYTES = 400 * 1024 * 1024
"""Bundles beyond 512 MB are refused by who checks them (`audit.evidence.verification.MAX_BUNDLE`)."""
LEFT_OUT = "khong-kem-theo-not-included.txt"


def evidence_of_outgoing(*, outgoing_id: int, actor: Appointment, at: datetime) -> BinaryIO:
    """
    The letter, its attachments and its trace as an ASiC-E container, for `dinh evidence verify`, as a temporary file.

    Files beyond `MAX_FILES_BYTES` together are left out and listed; the trace names their SHA-256. The export
    itself stands in the trace. Never inside a transaction.

    :raises NotFound: if the appointment does not see the document
    """
    outgoing = found_among(outgoing_visible_to(actor), outgoing_id)
    _note_export(outgoing, actor, at)
    return evidence_bundle(outgoing, documents=_files(outgoing.document_id), at=at)


def evidence_of_incoming(*, incoming_id: int, actor: Appointment, at: datetime) -> BinaryIO:
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


def _files(document_id: int) -> dict[str, Member]:
    """The letter and its attachments under names that are safe in a container; read piece by piece."""
    content = Document.objects.values_list("content_id", flat=True).get(pk=document_id)
    files: dict[str, Member] = {"letter.pdf": _kept(content)} if content else {}
    attachments = Attachment.objects.filter(document=document_id).select_related("blob")
    total, left_out = 0, []
    for order, each in enumerate(attachments, start=1):
        name = f"attachment-{order:02d}{_ending(each.name)}"
        total += each.blob.size
        if total > MAX_FILES_BYTES:
            left_out.append(f"{name} SHA-256 {each.blob_id} {each.name}\n")
        else:
            files[name] = _kept(each.blob_id)
    return files | ({LEFT_OUT: "".join(left_out).encode()} if left_out else {})


def _kept(sha256: str) -> KeptMember:
    return KeptMember(bytes.fromhex(sha256), partial(open_blob, sha256))


def _ending(name: str) -> str:
    ending = name.rpartition(".")[2].lower()
    return f".{ending}" if ending.isascii() and ending.isalnum() and len(ending) <= 5 else ""
