"""What the search box of every page finds among letters."""

from django.urls import reverse

from dinh.directory.models import Appointment
from dinh.documents.queries.search import documents_of, search_documents
from dinh.kernel.shell import Hit


def letters_found(appointment: Appointment, words: str, limit: int) -> list[Hit]:
    """The newest visible letters with these words, or of this number and notation."""
    found = list(search_documents(words, appointment).values_list("pk", flat=True)[:limit])
    return [
        Hit(
            letter.subject,
            reverse("documents:found", args=[letter.pk]),
            _note(letter.code, letter.issuer_name),
        )
        for letter in documents_of(found)
    ]


def _note(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
