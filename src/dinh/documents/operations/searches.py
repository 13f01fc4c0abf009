"""Keep searches under a name, to use them again (Annex VI, part I, III.6.e)."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinh.directory.models import Appointment
from dinh.documents.models import SavedSearch
from dinh.kernel.errors import FieldFault, InvalidInput, NotFound

MOST_KEPT: Final = 50


class SavedSearchNotFound(NotFound):
    pass


@transaction.atomic
def save_search(*, owner: Appointment, name: str, query: str, at: datetime) -> SavedSearch:
    """
    Keep a search; the same name again changes what it looks for.

    :param query: parameters of the search page's address
    :raises InvalidInput: field by field, or beyond 50 searches
    """
    _check(name, query)
    known = SavedSearch.objects.filter(appointment=owner)
    if known.exclude(name=name.strip()).count() >= MOST_KEPT:
        message = _("You keep %(most)d searches already. Delete one of them first.")
        raise InvalidInput(message % {"most": MOST_KEPT}, field="name")
    saved, _is_new = SavedSearch.objects.update_or_create(
        appointment=owner, name=name.strip(), defaults={"query": query, "created_at": at}
    )
    return saved


@transaction.atomic
def delete_search(*, owner: Appointment, search_id: int) -> None:
    """Forget a search of one's own. :raises SavedSearchNotFound: missing, or somebody else's"""
    deleted, _by_model = SavedSearch.objects.filter(appointment=owner, pk=search_id).delete()
    if not deleted:
        raise SavedSearchNotFound(_("There is no such search. Go back to the list."))


def _check(name: str, query: str) -> None:
    faults = []
    if not 0 < len(name.strip()) <= 80 or "\0" in name:
        faults.append(FieldFault("name", str(_("Give the search a name of at most 80 characters."))))
    if not 0 < len(query) <= 4000 or "\0" in query:
        faults.append(FieldFault("query", str(_("Search for something before you keep the search."))))
    if faults:
        raise InvalidInput(faults[0].message, faults=faults)
