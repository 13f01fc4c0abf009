"""Find letters by their words, with or without diacritics."""

from collections.abc import Sequence

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, OuterRef, Q, QuerySet

from dinh.directory.models import Appointment
from dinh.documents.enums import IncomingState
from dinh.documents.models import Document
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.kernel.text import fold

MOST = 1000
_HEAVY = ("search_text", "search_vector")


def found_documents(words: str, appointment: Appointment) -> list[int]:
    """Primary keys of the newest visible letters with these words, at most `MOST`; counted in the same pass."""
    return list(search_documents(words, appointment).values_list("pk", flat=True)[:MOST])


def documents_of(found: Sequence[int]) -> "list[Document]":
    """The letters of one page of `found_documents`, in its order, without their text."""
    known = Document.objects.defer(*_HEAVY).in_bulk(found)
    return [known[pk] for pk in found if pk in known]


def search_documents(words: str, appointment: Appointment) -> "QuerySet[Document]":
    """Visible letters with these words, newest first; what was recalled is hidden from its receivers."""
    arrived = incoming_visible_to(appointment).exclude(state=IncomingState.RECALLED)
    sent = outgoing_visible_to(appointment)
    of_letter = {"document": OuterRef("pk")}
    visible = Q(Exists(arrived.filter(**of_letter))) | Q(Exists(sent.filter(**of_letter)))
    query = SearchQuery(fold(words), config="simple", search_type="websearch")
    return Document.objects.filter(visible, search_vector=query).order_by("-issued_date", "-pk")
