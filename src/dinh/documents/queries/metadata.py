"""What Annex VI of Decree 30/2020 wants known of a document, field by field (dữ liệu đặc tả)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import F, Prefetch
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import IdentifierForm
from dinh.directory.models import Appointment, UnitIdentifier
from dinh.documents.enums import AssignmentRole, Direction, Secrecy, Urgency
from dinh.documents.models import Assignment, Document, Outgoing
from dinh.documents.queries.registers import as_day, type_name
from dinh.records.api import FilePlace, places_of

_URGENCY: Final = dict(Urgency.choices)
_SECRECY: Final = dict(Secrecy.choices)
_LANGUAGES: Final = {"vi": _("Vietnamese"), "en": _("English")}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataField:
    """
    A field of the annex: its number there, its English name as a path, its Vietnamese name.

    :param is_automatic: filled in by the system alone (Annex VI, part I, III.1.g)
    """

    number: str
    name: str
    label: str | Promise
    is_automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A document's fields as pairs of name and text, in the annex's order; `To` may be repeated."""

    direction: str
    pairs: tuple[tuple[str, str], ...]
    day: date | None
    priority: str = ""

    def text(self, name: str) -> str:
        """All texts of a field together, for people: degrees of urgency and secrecy in words."""
        if name == "Priority":
            return self.priority
        return "; ".join(text for known, text in self.pairs if known == name and text)


_FILE_CODE = (
    MetadataField(
        number="1.1",
        name="FileCode/OrganId",
        label=_("Code of the agency that lists the file"),
        is_automatic=True,
    ),
    MetadataField(
        number="1.2", name="FileCode/FileCatalog", label=_("Year of the case file"), is_automatic=True
    ),
    MetadataField(number="1.3", name="FileCode/FileNotation", label=_("Number and code of the case file")),
    MetadataField(number="2", name="DocOrdinal", label=_("Place in the case file"), is_automatic=True),
)
_LETTER = (
    MetadataField(number="3", name="TypeName", label=_("Name of the type")),
    MetadataField(number="4", name="CodeNumber", label=_("Number of the document")),
    MetadataField(number="5", name="CodeNotation", label=_("Notation of the document")),
    MetadataField(number="6", name="IssuedDate", label=_("Date of the document")),
    MetadataField(number="7", name="OrganName", label=_("Issuing agency")),
    MetadataField(number="8", name="Subject", label=_("Subject")),
    MetadataField(number="9", name="Language", label=_("Language")),
    MetadataField(number="10", name="PageAmount", label=_("Number of pages"), is_automatic=True),
    MetadataField(number="11", name="Description", label=_("Note")),
)


def _signer(number: str) -> tuple[MetadataField, ...]:
    return (
        MetadataField(number=f"{number}.1", name="SignerInfo/Position", label=_("Position of the signer")),
        MetadataField(number=f"{number}.2", name="SignerInfo/FullName", label=_("Name of the signer")),
    )


FIELDS: Final[Mapping[str, tuple[MetadataField, ...]]] = {
    Direction.OUTGOING: (
        *_FILE_CODE,
        *_LETTER,
        *_signer("12"),
        MetadataField(number="13.1", name="To/OrganId", label=_("Code of the recipient"), is_automatic=True),
        MetadataField(number="13.2", name="To/OrganName", label=_("Recipient")),
        MetadataField(number="14", name="Priority", label=_("Urgency and secrecy")),
        MetadataField(number="15", name="IssuedAmount", label=_("Copies")),
        MetadataField(number="16", name="DueDate", label=_("Reply by")),
    ),
    Direction.INCOMING: (
        *_FILE_CODE,
        *_LETTER,
        MetadataField(number="12", name="ArrivalDate", label=_("Day of arrival"), is_automatic=True),
        MetadataField(number="13", name="ArrivalNumber", label=_("Incoming number"), is_automatic=True),
        *_signer("14"),
        MetadataField(number="15", name="Priority", label=_("Urgency and secrecy")),
        MetadataField(number="16", name="ToPlaces", label=_("Receiving unit or person")),
        MetadataField(
            number="17", name="TraceHeaderList", label=_("Directions, distribution and how far it is")
        ),
        MetadataField(number="18", name="DueDate", label=_("Deadline")),
    ),
}
"""Parts I and II of part II of Annex VI; the same facts as `nd30_annex6_fields`, which a test compares."""


OF_LETTER: Final = frozenset(
    {each.name for each in (*_LETTER, *_signer(""))} - {"Description"} | {"Priority"}
)
"""Fields that stand in the letter itself, whoever reads it: nothing that a unit adds to it is read for them."""


def letters_metadata(letters: Sequence[Any]) -> dict[int, Metadata]:
    """
    The fields of `OF_LETTER` by document; no query.

    :param letters: of `queries.search.documents_of`
    """
    return {
        each.pk: Metadata(
            direction="",
            pairs=(*_of_letter(each, ""), *_signed(each)),
            day=each.issued_date,
            priority=_priority(each),
        )
        for each in letters
    }


def incoming_metadata(ids: Sequence[int], reader: Appointment, visible: Any) -> dict[int, Metadata]:
    """
    By arrival, in a constant number of queries.

    :param visible: the arrivals that the reader may see, which were not recalled
    """
    parts = Assignment.objects.filter(withdrawn_at=None).order_by("role", "pk")
    named = parts.annotate(holder=Coalesce(F("appointment__person__full_name"), F("division__name")))
    rows = (
        visible.filter(pk__in=ids)
        .select_related("document", "imported")
        .defer("document__search_text", "document__search_vector", "verdict_details")
        .prefetch_related(Prefetch("assignments", queryset=named, to_attr="parts"), "notes__author__person")
    )
    places = places_of("documents.incoming", ids, reader=reader)
    return {row.pk: _incoming(row, places.get(row.pk, [])) for row in rows}


def outgoing_metadata(ids: Sequence[int], reader: Appointment, visible: Any) -> dict[int, Metadata]:
    """By outgoing document, in a constant number of queries. :param visible: those that the reader may see"""
    rows = list(
        visible.filter(pk__in=ids)
        .select_related("document")
        .defer("document__search_text", "document__search_vector")
        .prefetch_related("recipients")
    )
    units = {each.unit_id for row in rows for each in row.recipients.all() if each.unit_id}
    codes = _organ_ids(units)
    places = places_of("documents.outgoing", ids, reader=reader)
    return {row.pk: _outgoing(row, places.get(row.pk, []), codes) for row in rows}


def _incoming(row: Any, places: Sequence[FilePlace]) -> Metadata:
    letter, old = row.document, getattr(row, "imported", None)
    holders = [each.holder for each in row.parts if each.role != AssignmentRole.INFORM]
    note = row.note or (old.note if old else "")
    pairs = (
        *_filed(places),
        *_of_letter(letter, note),
        ("ArrivalDate", as_day(_local(row.registered_at or row.arrived_at))),
        ("ArrivalNumber", str(row.number or "")),
        *_signed(letter),
        ("Priority", str(letter.urgency)),
        ("ToPlaces", old.holder if old else "; ".join(holders)),
        ("TraceHeaderList", _trace(row)),
        ("DueDate", as_day(_local(row.due_at))),
    )
    return Metadata(
        direction=Direction.INCOMING,
        pairs=pairs,
        day=letter.issued_date or _local(row.arrived_at),
        priority=_priority(letter),
    )


def _outgoing(row: Outgoing, places: Sequence[FilePlace], codes: Mapping[int, str]) -> Metadata:
    letter, old = row.document, getattr(row, "imported", None)
    recipients = [(codes.get(each.unit_id or 0, ""), each.name) for each in row.recipients.all()]
    if old and not recipients:
        recipients = [("", old.recipients)]
    to = [pair for code, name in recipients for pair in (("To/OrganId", code), ("To/OrganName", name))]
    pairs = (
        *_filed(places),
        *_of_letter(letter, row.note or (old.note if old else "")),
        *_signed(letter),
        *to,
        ("Priority", str(letter.urgency)),
        ("IssuedAmount", str(row.copies_amount or "")),
        ("DueDate", as_day(letter.reply_due_date)),
    )
    return Metadata(
        direction=Direction.OUTGOING, pairs=pairs, day=letter.issued_date, priority=_priority(letter)
    )


def _priority(letter: Document) -> str:
    # Not by get_…_display, which translates all choices for each row.
    secrecy = f", {_SECRECY[letter.secrecy]}" if letter.secrecy else ""
    return f"{_URGENCY[letter.urgency]}{secrecy}"


def _filed(places: Sequence[FilePlace]) -> list[tuple[str, str]]:
    return [
        pair
        for each in places
        for pair in (
            ("FileCode/OrganId", each.organ_id),
            ("FileCode/FileCatalog", str(each.year)),
            ("FileCode/FileNotation", each.notation),
            ("DocOrdinal", str(each.ordinal)),
        )
    ]


def _of_letter(letter: Document, note: str) -> tuple[tuple[str, str], ...]:
    number = letter.number_text or letter.code.partition("/")[0]
    return (
        ("TypeName", type_name(letter)),
        ("CodeNumber", number),
        ("CodeNotation", letter.notation or letter.code.partition("/")[2]),
        ("IssuedDate", as_day(letter.issued_date)),
        ("OrganName", letter.issuer_name),
        ("Subject", letter.subject),
        ("Language", str(_LANGUAGES.get(letter.language, letter.language))),
        ("PageAmount", str(letter.page_count or "")),
        ("Description", note),
    )


def _signed(letter: Document) -> tuple[tuple[str, str], ...]:
    return ("SignerInfo/Position", letter.signer_position), ("SignerInfo/FullName", letter.signer_name)


def _trace(row: Any) -> str:
    """Directions, who got which part with which words, notes on the progress, and the state, a line each."""
    lines = [row.direction_text] if row.direction_text else []
    for each in row.parts:
        words = f"{as_day(_local(each.assigned_at))} {each.get_role_display()}: {each.holder}"
        lines.append(f"{words}. {each.instruction}" if each.instruction else words)
    lines += [
        f"{as_day(_local(each.created_at))} {each.author.person.full_name}: {each.text}"
        for each in row.notes.all()
    ]
    done = f" {as_day(_local(row.done_at))}" if row.done_at else ""
    lines.append(_t("State: %(state)s") % {"state": f"{row.get_state_display()}{done}"})
    return "\n".join([*lines, row.result_text] if row.result_text else lines)


def _organ_ids(units: set[int]) -> dict[int, str]:
    """The identifier codes in force; the new form wins over the old one."""
    rows = UnitIdentifier.objects.filter(unit_id__in=units, valid_to=None)
    known = rows.exclude(form=IdentifierForm.GSO).order_by("-form").values_list("unit_id", "value")
    return dict(known)  # old comes first here, so that new counts


def _local(moment: datetime | None) -> date | None:
    return timezone.localdate(moment) if moment else None
