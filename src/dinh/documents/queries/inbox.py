"""The list of documents that arrived: tabs, filters, order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.expressions import OrderBy
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.documents.enums import IncomingState
from dinh.documents.models import Document, Incoming
from dinh.documents.paging import FOUND_MOST, CappedPaginator, FirstPage, FoundPaginator
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.words import AskedWords, ReadByWords, asked_words, plain_words, words_or_code
from dinh.documents.rules_incoming import OPEN_STATES, oversees_unit
from dinh.kernel.compiled import CompiledRead, among, key_array
from dinh.kernel.text import fold

ALL, LATE = "all", "late"
_COUNTED = (IncomingState.ARRIVED, *OPEN_STATES)
_ORDERS: dict[str, OrderBy] = {
    "arrived": F("arrived_at").desc(),
    "-arrived": F("arrived_at").asc(),
    "number": F("number").asc(nulls_last=True),
    "-number": F("number").desc(nulls_last=True),
    "due": F("due_at").asc(nulls_last=True),
    "-due": F("due_at").desc(nulls_last=True),
    "urgency": F("document__urgency").desc(),
    "-urgency": F("document__urgency").asc(),
    "sender": F("document__issuer_name").asc(),
    "-sender": F("document__issuer_name").desc(),
    "code": F("document__code").asc(),
    "-code": F("document__code").desc(),
}
ORDERS = tuple(_ORDERS)
_SHOWN = (
    "document_id", "purpose", "channel", "state", "arrived_at", "number", "registered_at", "due_at", "done_at",
    "verdict", *(
        f"document__{name}" for name in (
            "type_code", "code", "subject", "issuer_id", "issuer_name", "issuer_code", "issued_date", "urgency",
            "signer_name", "content_id",
        )
    ),
)  # fmt: skip
"""What the page, its files and the JSON list show; every further column costs each row of each page."""


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """
    What is asked of the list; what is empty does not narrow it.

    :param tab: a state (`IncomingState`), or "late", or "all"
    :param words: in the letter's text with or without diacritics, or an incoming number
    :param sender: words of the issuing agency's name
    :param since, until: first and last day of arrival
    :param order: one of `ORDERS`; a minus sign turns it round
    """

    tab: str = ALL
    words: str = ""
    sender: str = ""
    urgency: int | None = None
    purpose: str = ""
    verdict: str = ""
    since: date | None = None
    until: date | None = None
    order: str = "arrived"


def inbox(appointment: Appointment, wanted: InboxFilter, *, now: datetime) -> "QuerySet[Incoming]":
    """Documents visible to the appointment that the filter wants, in its order, with what lists show of them."""
    rows = _in_tab(incoming_visible_to(appointment), wanted.tab, now)
    rows = rows.filter(_narrowed(wanted, appointment.unit_id))
    order = _ORDERS.get(wanted.order, _ORDERS["arrived"])
    return rows.select_related("document").only(*_SHOWN).order_by(order, "-pk")


def inbox_pages(
    appointment: Appointment, wanted: InboxFilter, *, now: datetime, per_page: int
) -> CappedPaginator | FoundPaginator:
    """
    What the filter wants in pages, as tuples with names, such as `state` and `document__code`: a page of fifty needs no
    hundred records with all their fields.
    """
    if wanted.words:
        # Found rows are known by their numbers: the words are not looked for again.
        return FoundPaginator(
            lambda: _found(appointment, wanted, now), per_page, show=lambda keys: _shown(appointment, keys)
        )
    rows: Any = SimpleLazyObject(lambda: inbox(appointment, wanted, now=now))
    shown: Any = SimpleLazyObject(lambda: _listed(rows))
    return CappedPaginator(rows, per_page, shown=shown, **_first_page(appointment, wanted, per_page))


def _first_page(appointment: Appointment, wanted: InboxFilter, per_page: int) -> dict[str, Any]:
    """Of what is asked for most: a state or all of them, by those who oversee the unit."""
    if wanted != InboxFilter(tab=wanted.tab) or wanted.tab == LATE or not oversees_unit(appointment):
        return {}
    if wanted.tab not in IncomingState.values:
        return {"first": _first_of_all(per_page), "unit_id": appointment.unit_id}
    return {"first": _first_of_state(per_page), "unit_id": appointment.unit_id, "tab": wanted.tab}


@cache
def _first_of_state(per_page: int) -> FirstPage:
    return FirstPage(_in_unit, per_page, unit_id=-1, tab=IncomingState.ARRIVED.value)


@cache
def _first_of_all(per_page: int) -> FirstPage:
    return FirstPage(_in_unit, per_page, unit_id=-1)


def _in_unit(unit_id: int, tab: str = ALL) -> "tuple[QuerySet[Incoming], QuerySet[Incoming, Any]]":
    clerk = Appointment(unit_id=unit_id, roles=[Role.CLERK])
    rows = inbox(clerk, InboxFilter(tab=tab), now=timezone.now())
    return rows, _listed(rows)


def _found(appointment: Appointment, wanted: InboxFilter, now: datetime) -> list[int]:
    words = fold(wanted.words)
    # What is asked for most has its SQL written once: words and nothing else, by those who oversee the unit.
    is_common = wanted == InboxFilter(words=wanted.words) and plain_words(words) and not words.isdecimal()
    if is_common and oversees_unit(appointment):
        return _FOUND_IN_UNIT.rows(appointment.unit_id, asked_words(words))
    rows = inbox(appointment, wanted, now=now)
    return list(rows.values_list("pk", flat=True)[:FOUND_MOST])


def _shown(appointment: Appointment, keys: Sequence[int]) -> "Iterable[Any]":
    if oversees_unit(appointment):
        return _SHOWN_IN_UNIT.rows(unit_id=appointment.unit_id, keys=key_array(keys))
    return _listed(incoming_visible_to(appointment).filter(pk__in=keys))


def _listed(rows: "QuerySet[Incoming]") -> "QuerySet[Incoming, Any]":
    return rows.values_list("pk", *_SHOWN, named=True)


def tab_counts(appointment: Appointment, *, now: datetime) -> dict[str, int]:
    """How many wait in each tab that asks for work; one statement over what is open, never over what is done."""
    if oversees_unit(appointment):
        return dict(_WAITING_IN_UNIT.rows(unit_id=appointment.unit_id, now=now))
    return dict(_waiting(incoming_visible_to(appointment), now))


def _waiting(visible: "QuerySet[Incoming]", now: datetime) -> "QuerySet[Incoming, tuple[str, int]]":
    visible = visible.order_by()
    # States are counted in the index alone, without reading rows; what is late by the index of open deadlines.
    states = visible.filter(state__in=_COUNTED).values("state").annotate(amount=Count("*"))
    late = visible.filter(_late(now)).values(tab=Value(LATE)).annotate(amount=Count("*"))
    return states.values_list("state", "amount").union(late.values_list("tab", "amount"), all=True)


def first_tab(appointment: Appointment) -> str:
    """Where the day begins: what is to be registered, to be directed, or to be handled."""
    if appointment.has_role(Role.CLERK):
        return IncomingState.ARRIVED
    return IncomingState.RECEIVED if appointment.has_role(Role.UNIT_HEAD, Role.UNIT_DEPUTY) else ALL


def _in_tab(rows: "QuerySet[Incoming]", tab: str, now: datetime) -> "QuerySet[Incoming]":
    if tab == LATE:
        return rows.filter(_late(now))
    return rows.filter(state=tab) if tab in IncomingState.values else rows


def _late(now: datetime) -> Q:
    return Q(due_at__lt=now, done_at=None, state__in=OPEN_STATES)


def _narrowed(wanted: InboxFilter, unit_id: int) -> Q:
    exact = {
        "document__urgency": wanted.urgency,
        "purpose": wanted.purpose or None,
        "verdict": wanted.verdict or None,
        "arrived_at__gte": day_begins(wanted.since),
        "arrived_at__lt": day_begins(wanted.until, days=1),
    }
    narrowed = Q(**{name: value for name, value in exact.items() if value is not None})
    for word in fold(wanted.sender).split():
        narrowed &= Q(document__issuer__search_name__contains=word) | Q(
            document__issuer__isnull=True, document__issuer_name__icontains=word
        )
    return narrowed & _with_words(wanted.words, unit_id) if wanted.words.strip() else narrowed


def _with_words(words: str, unit_id: int) -> Q:
    # What was recalled must not be found by the words of a letter that may be read no more.
    found = _having(words_or_code(words), unit_id) & ~Q(state=IncomingState.RECALLED)
    number = words.strip()
    return found | Q(number=int(number)) if number.isdecimal() and len(number) < 9 else found


def _having(asked: AskedWords, unit_id: int) -> Q:
    letters = Q(document__in=Document.objects.filter(asked.in_index(reader=unit_id)).values("pk"))
    return asked.held() & letters if asked.asks_index else asked.held()


def _by_words(unit_id: int, asked: AskedWords) -> "QuerySet[Incoming, int]":
    clerk = Appointment(unit_id=unit_id, roles=[Role.CLERK])
    rows = inbox(clerk, InboxFilter(), now=timezone.now()).exclude(state=IncomingState.RECALLED)
    return rows.filter(_having(asked, unit_id)).values_list("pk", flat=True)[:FOUND_MOST]


_FOUND_IN_UNIT: Final = ReadByWords(_by_words)
_SHOWN_IN_UNIT: Final[CompiledRead[Any]] = CompiledRead(
    lambda unit_id, keys: _listed(
        incoming_visible_to(Appointment(unit_id=unit_id, roles=[Role.CLERK]))
        .filter(among(Incoming, keys))
        .select_related("document")
        .order_by()
    ),
    unit_id=-1,
    keys="{-1}",
)
_WAITING_IN_UNIT: Final[CompiledRead[tuple[str, int]]] = CompiledRead(
    lambda unit_id, now: _waiting(incoming_visible_to(Appointment(unit_id=unit_id, roles=[Role.CLERK])), now),
    unit_id=-1,
    now=datetime(2000, 1, 1, tzinfo=UTC),
)
"""For those who oversee the unit, whose inbox is asked for most."""


def day_begins(day: date | None, *, days: int = 0) -> datetime | None:
    if day is None:
        return None
    if day > date.max - timedelta(days=days):
        return None
    return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min))
