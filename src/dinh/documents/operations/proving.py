"""Letters whose signatures got their missing proofs later: the longer file takes the place of the shorter."""

from datetime import datetime

from django.db import transaction

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.directory.rules import administers_anything, keeps_directory
from dinh.documents.models import Attachment, Document, Outgoing
from dinh.documents.queries.proofs import files_awaiting_proofs, letters_awaiting_proofs
from dinh.signing.api import try_now


@transaction.atomic
def keep_proven(*, before: str, after: str) -> None:
    """
    Keep the file with proofs wherever the one without them stands: letters, their annexes, copies of them.

    The signed bytes stay as they are; the new file begins with them. Writes an audit entry for each letter. Safe to
    run twice.

    :param before: SHA-256 of the file without proofs; `after` of the one with them
    """
    letters = Document.objects.select_for_update(no_key=True).filter(content=before)
    documents = list(letters.values_list("pk", flat=True))
    annexed = list(Attachment.objects.filter(blob=before).values_list("document_id", flat=True))
    Document.objects.filter(pk__in=documents).update(content=after)
    Attachment.objects.filter(blob=before).update(blob=after)
    for outgoing in Outgoing.objects.filter(document__in=[*documents, *annexed]):
        details = {"before": before, "sha256": after}
        record("documents.document.proven", target=outgoing, actor=None, details=details)


@transaction.atomic
def try_proofs_again(*, actor: Appointment, at: datetime) -> int:
    """
    Ask again at once for the proofs that letters of the actor's unit lack; of all units for keepers of the directory.
    Writes an audit entry.

    :returns: how many files are tried
    """
    letters = letters_awaiting_proofs(actor)
    if administers_anything(actor):
        letters = (
            Outgoing.objects.all() if keeps_directory(actor) else Outgoing.objects.filter(unit=actor.unit_id)
        )
    amount = try_now(hashes=files_awaiting_proofs(letters), at=at)
    if amount:
        record("documents.proofs.retried", target=actor.unit, actor=actor, at=at, details={"files": amount})
    return amount
