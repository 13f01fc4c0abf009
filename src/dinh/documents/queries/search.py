"""Find letters by their words, with or without diacritics, and by any of their fields."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import OrderBy
from pydantic import BaseModel, ConfigDict, Field

from dinh.directory.enums import Role
from dinh.directory.models import Appointment, UnitIdentifier
from dinh.documents.enums import AssignmentRole, Direction, IncomingState
from dinh.documents.models import Assignment, Document, Incoming, Outgoing, Recipient
from dinh.documents.queries.inbox import day_begins
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.documents.queries.words import AskedWords, ReadByWords, asked_words, plain_words, words_or_code
from dinh.documents.rules_incoming import oversees_unit
from dinh.kernel.compiled import CompiledRead, among, key_array
from dinh.kernel.folding import folded
from dinh.kernel.rest import NO_NUL
from dinh.kernel.text import fold
from dinh.records.api import WantedPlace, filed_under

MOST: Final = 1000
LOOKED_AT: Final = 5 * MOST
"""So many of a unit's arrivals, and of its own letters, get in the order of their dates where most have the words."""
_ORDERS: Final[dict[str, OrderBy]] = {
    "newest": F("issued_date").desc(nulls_last=True),
    "oldest": F("issued_date").asc(nulls_last=True),
    "code": F("code_key").asc(),
    "issuer": F("issuer_name").asc(),
    "urgency": F("urgency").desc(),
}
_TOLD: Final = (
    "bloc", "type_code", "number_text", "notation", "code", "issued_date", "issuer_name", "subject", "language",
    "page_count", "signer_name", "signer_position", "urgency", "secrecy", "created_at",
)  # fmt: skip


Text = Annotated[str, Field(max_length=200, pattern=NO_NUL)]


class Wanted(BaseModel):
    """
    What is searched for; what is empty does not narrow. Texts are folded, so diacritics may be left out.

    :param q: words in the letter's whole text, or a part of its number and notation
    :param arrival_number, arrived_since, arrived_until, holder, directions, due_until, progress: of letters that
        arrived, which alone are found then
    :param recipient, recipient_code, drafter, copies, reply_until: of outgoing letters, which alone are found then
    :param recipient_code: beginning of an identifier code of a unit that gets it
    :param case_file: words of the code or title of a case file that holds the letter
    :param file_organ, file_year, file_place: code of the unit that listed it, its year, the letter's place in it
    """

    model_config = ConfigDict(frozen=True)

    q: Text = ""
    direction: Literal["", "incoming", "outgoing"] = ""
    code: Text = ""
    type_code: Text = ""
    subject: Text = ""
    issuer: Text = ""
    signer: Text = ""
    signer_position: Text = ""
    language: Text = ""
    urgency: int | None = None
    secrecy: int | None = None
    pages: int | None = None
    note: Text = ""
    issued_since: date | None = None
    issued_until: date | None = None
    case_file: Text = ""
    file_organ: Text = ""
    file_year: Annotated[int, Field(ge=1, le=9999)] | None = None
    file_place: Annotated[int, Field(ge=1, le=99_999_999)] | None = None
    arrival_number: Annotated[int, Field(ge=1, le=99_999_999)] | None = None
    arrived_since: date | None = None
    arrived_until: date | None = None
    holder: Text = ""
    directions: Text = ""
    due_until: date | None = None
    progress: Text = ""
    recipient: Text = ""
    recipient_code: Text = ""
    drafter: Text = ""
    copies: Annotated[int, Field(ge=0, le=100_000)] | None = None
    reply_until: date | None = None
    order: Literal["newest", "oldest", "code", "issuer", "urgency"] = "newest"

    def place(self) -> WantedPlace:
        """Where in the case files it lies."""
        return WantedPlace(
            words=self.case_file, year=self.file_year, organ=self.file_organ, ordinal=self.file_place
        )

    def is_empty(self) -> bool:
        """Whether nothing but the order was given."""
        return all(value in ("", None) for name, value in self if name != "order")

    def words(self) -> tuple[AskedWords, AskedWords]:
        """Of the whole text, and of what else stands in it: subject, issuer and signer."""
        return words_or_code(self.q), asked_words(self.subject, self.issuer, self.signer)


_OF_ARRIVALS: Final = (
    "arrival_number", "arrived_since", "arrived_until", "holder", "directions", "due_until", "progress"
)  # fmt: skip
_OF_SENDINGS: Final = ("recipient", "recipient_code", "drafter", "copies", "reply_until")


def search_documents(words: str, appointment: Appointment) -> "QuerySet[Document]":
    """Visible letters with these words, newest first; what was recalled is hidden from its receivers."""
    return documents_wanted(Wanted(q=words), appointment)


def documents_wanted(wanted: Wanted, appointment: Appointment) -> "QuerySet[Document]":
    """Visible letters that fit all that is wanted, in its order; what was recalled is hidden from its receivers."""
    found = _seen(wanted, appointment).filter(_of_letter(wanted, appointment.unit_id))
    named = {
        "subject": wanted.subject,
        "issuer_name": wanted.issuer,
        "signer_name": wanted.signer,
        "signer_position": wanted.signer_position,
    }
    for column, text in named.items():
        found = _with(found, column, text)
    return found.order_by(_ORDERS[wanted.order], "-pk")


def found_documents(wanted: Wanted, appointment: Appointment) -> list[int]:
    """
    Primary keys of the first visible letters that fit, at most `MOST`; counted in the same pass.

    Of more than `LOOKED_AT` letters with common words, the newest among those that came or went last.
    """
    words = fold(wanted.q)
    if words and wanted == Wanted(q=wanted.q) and oversees_unit(appointment):
        # What is asked for most has its SQL written once: words and nothing else, by those who oversee the unit.
        if plain_words(words):
            return _FOUND_IN_UNIT.rows(appointment.unit_id, asked_words(words))
        return list(_by_words(appointment.unit_id, words_or_code(words)))
    return list(documents_wanted(wanted, appointment).values_list("pk", flat=True)[:MOST])


def documents_of(found: Sequence[int]) -> "list[Any]":
    """These letters in their order, as tuples with the names of what is told of a letter found."""
    known = {row.pk: row for row in _TOLD_OF.rows(keys=key_array(found))}
    return [known[pk] for pk in found if pk in known]


def arrivals_of_letters(found: Sequence[int], appointment: Appointment) -> dict[int, int]:
    """The newest visible arrival of each of these letters."""
    rows = _arrivals(Wanted(), appointment).filter(document__in=found).order_by("arrived_at", "pk")
    return dict(rows.values_list("document_id", "pk"))


def sendings_of_letters(found: Sequence[int], appointment: Appointment) -> dict[int, int]:
    """The outgoing document of each of these letters that is the unit's own and visible."""
    rows = outgoing_visible_to(appointment).filter(document__in=found)
    return dict(rows.order_by().values_list("document_id", "pk"))


def _seen(wanted: Wanted, appointment: Appointment) -> "QuerySet[Document]":
    """The letter arrived at the unit, or is its own; fields of the one side leave out the other."""
    asks_arrivals = any(getattr(wanted, name) not in ("", None) for name in _OF_ARRIVALS)
    asks_sendings = any(getattr(wanted, name) not in ("", None) for name in _OF_SENDINGS)
    arrivals, sendings = _arrivals(wanted, appointment), _sendings(wanted, appointment)
    letters, arrived, sent, either = _asked_of(wanted.words(), arrivals, sendings)
    needs_arrival = asks_arrivals or wanted.direction == Direction.INCOMING.value
    needs_sending = asks_sendings or wanted.direction == Direction.OUTGOING.value
    if needs_arrival and needs_sending:
        return letters.filter(arrived & sent)
    if needs_arrival:
        return letters.filter(arrived)
    return letters.filter(sent if needs_sending else either)


def _asked_of(
    words: Sequence[AskedWords], arrivals: "QuerySet[Incoming]", sendings: "QuerySet[Outgoing]"
) -> "tuple[QuerySet[Document], Q, Q, Q]":
    """
    Letters, and what is asked of each: whether it is among the arrivals, among the sendings, among either.

    Rare words leave few letters to ask about, each by its index. Common ones leave few rows of the unit, from which the
    letters are gathered, also where the index of words decides about each. Without words the database finds its way.
    """
    letters = Document.objects.all()
    for each in words:
        arrivals, sendings = arrivals.filter(each.held()), sendings.filter(each.held())
    has_common = any(each.has_common for each in words)
    if any(each.rare or (each.whole and not has_common) for each in words):
        one = {"arrival": _one_of_each(arrivals), "sending": _one_of_each(sendings)}
        arrived, sent = Q(arrival__isnull=False), Q(sending__isnull=False)
        return letters.alias(**one), arrived, sent, arrived | sent
    if has_common:
        mine = [rows.order_by().values("document") for rows in (arrivals, sendings)]
        either = mine[0].union(mine[1], all=True)
        return letters, Q(pk__in=mine[0]), Q(pk__in=mine[1]), Q(pk__in=either)
    arrived, sent = (Q(Exists(rows.filter(document=OuterRef("pk")))) for rows in (arrivals, sendings))
    return letters, arrived, sent, arrived | sent


def _one_of_each(rows: Any) -> Subquery:
    return Subquery(rows.filter(document=OuterRef("pk")).values("pk")[:1])


def _arrivals(wanted: Wanted, appointment: Appointment) -> "QuerySet[Incoming]":
    rows: QuerySet[Incoming] = incoming_visible_to(appointment).exclude(state=IncomingState.RECALLED)
    exact = {
        "number": wanted.arrival_number,
        "arrived_at__gte": day_begins(wanted.arrived_since),
        "arrived_at__lt": day_begins(wanted.arrived_until, days=1),
        "due_at__lt": day_begins(wanted.due_until, days=1),
        "state": wanted.progress or None,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value is not None})
    rows = _with(_with(rows, "direction_text", wanted.directions), "note", wanted.note)
    if wanted.holder:
        rows = rows.filter(Exists(_held_by(wanted.holder)))
    if place := wanted.place():
        rows = rows.filter(pk__in=filed_under("documents.incoming", place, reader=appointment))
    return rows


def _held_by(holder: str) -> "QuerySet[Assignment]":
    parts = Assignment.objects.filter(incoming=OuterRef("pk"), withdrawn_at=None)
    parts = parts.exclude(role=AssignmentRole.INFORM).alias(division_key=folded("division__name"))
    for word in fold(holder).split():
        parts = parts.filter(
            Q(appointment__person__search_name__contains=word) | Q(division_key__contains=word)
        )
    return parts


def _sendings(wanted: Wanted, appointment: Appointment) -> "QuerySet[Outgoing]":
    rows: QuerySet[Outgoing] = outgoing_visible_to(appointment).order_by()
    exact = {"copies_amount": wanted.copies, "document__reply_due_date__lte": wanted.reply_until}
    rows = rows.filter(**{name: value for name, value in exact.items() if value is not None})
    rows = _with(rows, "note", wanted.note)
    named = Recipient.objects.filter(outgoing=OuterRef("pk"))
    if wanted.recipient:
        rows = rows.filter(Exists(_with(named, "name", wanted.recipient)))
    if wanted.recipient_code:
        coded = UnitIdentifier.objects.filter(value__istartswith=wanted.recipient_code)
        rows = rows.filter(Exists(named.filter(unit__in=coded.values("unit"))))
    for word in fold(wanted.drafter).split():
        rows = rows.filter(drafter__person__search_name__contains=word)
    if place := wanted.place():
        rows = rows.filter(pk__in=filed_under("documents.outgoing", place, reader=appointment))
    return rows


def _by_words(unit_id: int, asked: AskedWords) -> "QuerySet[Document, int]":
    clerk = Appointment(unit_id=unit_id, roles=[Role.CLERK])
    arrivals, sendings = _arrivals(Wanted(), clerk), _sendings(Wanted(), clerk)
    if asked.has_common and not asked.rare:
        found = Document.objects.filter(pk__in=_last_ones(unit_id, asked, arrivals, sendings))
    else:
        letters, _arrived, _sent, either = _asked_of([asked], arrivals, sendings)
        found = letters.filter(either, asked.in_index(reader=unit_id))
    return found.order_by(_ORDERS["newest"], "-pk").values_list("pk", flat=True)[:MOST]


def _last_ones(
    unit_id: int, asked: AskedWords, arrivals: "QuerySet[Incoming]", sendings: "QuerySet[Outgoing]"
) -> Any:
    """
    Letters with words that most have: those that came and went last, as many as are looked at.

    The date of each of a unit's 29,000 letters, for the thousand newest of them, costs 0.2 s.
    """
    having = asked.held() & asked.in_index(reader=unit_id, letter="document__")
    last = (
        rows.filter(having).order_by(*order).values("document")[:LOOKED_AT]
        for rows, order in ((arrivals, ("-arrived_at", "-pk")), (sendings, ("-updated_at", "-pk")))
    )
    return next(last).union(next(last), all=True)


_FOUND_IN_UNIT: Final = ReadByWords(_by_words)
_TOLD_OF: Final[CompiledRead[Any]] = CompiledRead(
    lambda keys: Document.objects.filter(among(Document, keys)).values_list("pk", *_TOLD, named=True),
    keys="{-1}",
)


def _of_letter(wanted: Wanted, unit_id: int) -> Q:
    exact = {
        "type_code": wanted.type_code or None,
        "language": wanted.language or None,
        "urgency": wanted.urgency,
        "secrecy": wanted.secrecy,
        "page_count": wanted.pages,
        "issued_date__gte": wanted.issued_since,
        "issued_date__lte": wanted.issued_until,
    }
    narrowed = Q(**{name: value for name, value in exact.items() if value is not None})
    if wanted.code.strip():
        narrowed &= Q(code_key__contains=fold(wanted.code))
    # The text of a letter has its subject, issuer and signer, so its index finds few rows to look at.
    text, named = wanted.words()
    return narrowed & text.in_index(reader=unit_id) & named.in_index(reader=unit_id)


def _with(rows: Any, column: str, text: str) -> Any:
    """Rows whose column has each of the words, folded by the database."""
    for index, word in enumerate(fold(text).split()):
        name = f"{column}_key_{index}"
        rows = rows.alias(**{name: folded(column)}).filter(**{f"{name}__contains": word})
    return rows
