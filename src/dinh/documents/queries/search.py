"""Find letters by their words, with or without diacritics."""

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, OuterRef, Q, QuerySet

from dinh.directory.models import Appointment
from dinh.documents.enums import IncomingState
from dinh.documents.models import Document
from dinh.documents.queries.incoming import incoming_visible_to
from dinh.documents.queries.outgoing import outgoing_visible_to
from dinh.kernel.text import fold


def search_documents(words: str, appointment: Appointment) -> "QuerySet[Document]":
    """Visible letters with these words, newest first; what was recalled is hidden from its receivers."""
    arrived = incoming_visible_to(appointment).exclude(state=IncomingState.RECALLED)
    sent = outgoing_visible_to(appointment)
    of_letter = {"document": OuterRef("pk")}
    visible = Q(Exists(arrived.filter(**of_letter))) | Q(Exists(sent.filter(**of_letter)))
    query = SearchQuery(fold(words), config="simple", search_type="websearch")
    return Document.objects.filter(visible, search_vector=query).order_by("-issued_date", "-pk")
