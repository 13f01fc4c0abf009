"""The handling slip of an arrival on paper (phiếu giải quyết văn bản đến; Annex IV, part VII)."""

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone

from dinh.directory.models import Appointment
from dinh.documents.letters import SlipEntry, render_handling_slip
from dinh.documents.models import Assignment, Document, Incoming
from dinh.documents.queries.registers import as_day, type_name

_PEOPLE = ("assigned_by__person", "passed_by__person", "appointment__person", "division")


def handling_slip(incoming: Incoming, *, made_at: datetime) -> bytes:
    """
    A PDF with the leader's directions, those within divisions, and what was noted and done; parts that were withdrawn
    are left out. Always in Vietnamese, as the form is.
    """
    unit = incoming.unit
    parts = list(incoming.assignments.filter(withdrawn_at=None).select_related(*_PEOPLE).order_by("pk"))
    return render_handling_slip(
        bloc=unit.bloc,
        agency=unit.name,
        parent_agency=unit.parent.name if unit.parent else "",
        place_name=unit.place,
        issued_on=timezone.localdate(made_at),
        description=_description(incoming.document),
        leader=_of_leader(incoming, parts),
        unit_head=[
            SlipEntry(text=part.passed_instruction or "Giao xử lý.", by=_by(part.passed_by, part.passed_at))
            for part in parts
            if part.passed_by
        ],
        specialist=[*_of_notes(incoming), *_of_results(incoming, parts)],
        made_at=made_at,
    )


def _description(letter: Document) -> str:
    known = (
        type_name(letter),
        f"số {letter.code}" if letter.code else "",
        f"ngày {as_day(letter.issued_date)}" if letter.issued_date else "",
        f"của {letter.issuer_name}" if letter.issuer_name else "",
    )
    return f"{' '.join(filter(None, known))}: {letter.subject}"


def _of_leader(incoming: Incoming, parts: list[Assignment]) -> list[SlipEntry]:
    if not parts:
        return []
    who = "; ".join(f"{part.get_role_display()}: {_holder(part)}" for part in parts)
    until = f"Thời hạn: {as_day(timezone.localdate(incoming.due_at))}." if incoming.due_at else ""
    words = " ".join(filter(None, (incoming.direction_text, f"{who}.", until)))
    return [SlipEntry(text=words, by=_by(parts[0].assigned_by, parts[0].assigned_at))]


def _of_notes(incoming: Incoming) -> Iterator[SlipEntry]:
    for note in incoming.notes.select_related("author__person"):
        yield SlipEntry(text=note.text, by=_by(note.author, note.created_at))


def _of_results(incoming: Incoming, parts: list[Assignment]) -> Iterator[SlipEntry]:
    for part in parts:
        if part.result_text:
            yield SlipEntry(text=part.result_text, by=_by(part.appointment, part.done_at))
    if incoming.result_text:
        yield SlipEntry(text=incoming.result_text, by=_by(None, incoming.done_at))


def _holder(part: Assignment) -> str:
    person = part.appointment.person.full_name if part.appointment else ""
    return " · ".join(filter(None, (part.division.name if part.division else "", person)))


def _by(who: Appointment | None, at: datetime | None) -> str:
    day = as_day(timezone.localdate(at)) if at else ""
    return ", ".join(filter(None, (who.person.full_name if who else "", day)))
