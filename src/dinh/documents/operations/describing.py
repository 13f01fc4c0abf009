"""Complete what is known of a document (nhập dữ liệu đặc tả bổ sung; Decree 30/2020, Annex VI)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import record
from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.enums import IncomingState, OutgoingState
from dinh.documents.models import Document, Incoming, Outgoing
from dinh.documents.operations.receiving import locked_incoming
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.kernel.errors import DomainError, FieldFault, InvalidInput, NotFound, NotPermitted


class Frozen(DomainError):
    """What was recalled keeps its metadata as they are (Decree 30/2020, Art. 17)."""


class OutgoingMissing(NotFound):
    pass


@dataclass(frozen=True, kw_only=True)
class Addition:
    """
    What a clerk adds.

    :param note: of the own unit, in its book; None leaves it
    :param language, page_count: of the letter; only its issuer, or whoever wrote it down from paper, changes them
    """

    note: str | None = None
    language: str | None = None
    page_count: int | None = None


@transaction.atomic
def describe_incoming(*, incoming_id: int, actor: Appointment, addition: Addition, at: datetime) -> Incoming:
    """
    Add to what the unit knows of a document that arrived.

    :raises IncomingNotFound: missing or not visible
    :raises NotPermitted: not a clerk of the unit, or the letter is another unit's own
    :raises Frozen: recalled
    :raises InvalidInput: field by field
    """
    incoming = locked_incoming(incoming_id, actor)
    _require_clerk(actor)
    if incoming.state == IncomingState.RECALLED:
        raise Frozen(_("The document was recalled; nothing of it changes any more."))
    _check(addition)
    _describe_letter(incoming.document, addition, is_own=incoming.document.transcribed_by_id == actor.unit_id)
    if addition.note is not None:
        incoming.note = addition.note.strip()
        incoming.save(update_fields=["note"])
    record("documents.incoming.described", target=incoming, actor=actor, at=at, details=_told(addition))
    return incoming


@transaction.atomic
def describe_outgoing(*, outgoing_id: int, actor: Appointment, addition: Addition, at: datetime) -> Outgoing:
    """
    Add to what is known of a document of the unit's own; its signed file never changes.

    :raises OutgoingMissing: missing or not visible
    :raises NotPermitted, Frozen, InvalidInput: as `describe_incoming`
    """
    rows = outgoing_visible_to(actor).select_for_update(of=("self",), no_key=True)
    outgoing = rows.filter(pk=outgoing_id).first()
    if outgoing is None:
        raise OutgoingMissing(_("There is no such document here. Go back to the list."))
    _require_clerk(actor)
    if outgoing.state == OutgoingState.RECALLED:
        raise Frozen(_("The document was recalled; nothing of it changes any more."))
    _check(addition)
    _describe_letter(outgoing.document, addition, is_own=True)
    if addition.note is not None:
        outgoing.note = addition.note.strip()
        outgoing.save(update_fields=["note"])
    record("documents.outgoing.described", target=outgoing, actor=actor, at=at, details=_told(addition))
    return outgoing


def _describe_letter(letter: Document, addition: Addition, *, is_own: bool) -> None:
    given = {"language": addition.language, "page_count": addition.page_count}
    changed = {name: value for name, value in given.items() if value not in (None, getattr(letter, name))}
    if not changed:
        return
    if not is_own:
        raise NotPermitted(_("Language and pages are told by whoever issued the letter."))
    Document.objects.filter(pk=letter.pk).update(**changed)


def _require_clerk(actor: Appointment) -> None:
    if not actor.has_role(Role.CLERK):
        raise NotPermitted(_("Only a clerk of the unit completes what is known of a document."))


def _check(addition: Addition) -> None:
    rules = (
        ("note", len(addition.note or "") <= 500, _("Give at most 500 characters.")),
        ("language", len(addition.language or "") <= 30, _("Give at most 30 characters.")),
        (
            "page_count",
            addition.page_count is None or 0 < addition.page_count <= 9_999,
            _("Give the pages as a number from 1 to 9,999."),
        ),
    )
    faults = [FieldFault(name, str(remedy)) for name, holds, remedy in rules if not holds]
    if faults:
        raise InvalidInput(faults[0].message, faults=faults)


def _told(addition: Addition) -> dict[str, object]:
    return {name: getattr(addition, name) for name in ("note", "language", "page_count")}
