"""Views of lists that somebody keeps for themselves; searches too (Decree 30/2020, Annex VI, part I, III.6.e)."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from dinh.directory.models import Appointment
from dinh.kernel.errors import InvalidInput, NotFound
from dinh.worklist.models import SavedFilter
from dinh.worklist.queries.saved_filters import cleaned

MOST: Final = 50


@transaction.atomic
def save_filter(*, actor: Appointment, path: str, query: str, name: str, at: datetime) -> SavedFilter:
    """
    Keep a view of a list under a name; the same name again replaces it.

    :param path: address of a page of the house, without its host
    :param query: the page's parameters; the number of the page is not kept

    :raises InvalidInput: field `name` empty, too long or one too many; `path` no page of the house; `query` too long
    """
    name, filters = name.replace("\0", " ").strip(), cleaned(query)
    if not 0 < len(name) <= 80:
        raise InvalidInput(_("Give the filter a name of at most 80 characters."), field="name")
    if not _is_page(path):
        raise InvalidInput(_("There is no such list."), field="path")
    if len(filters) > 4000:
        raise InvalidInput(_("This filter cannot be saved. Use fewer conditions."), field="query")
    own = SavedFilter.objects.filter(appointment=actor, path=path)
    if own.exclude(name=name).count() >= MOST:
        raise InvalidInput(_("There are 50 saved filters here. Remove one first."), field="name")
    saved, _is_new = SavedFilter.objects.update_or_create(
        appointment=actor, path=path, name=name, defaults={"query": filters, "created_at": at}
    )
    return saved


def remove_filter(*, filter_id: int, actor: Appointment) -> SavedFilter:
    """:raises NotFound: missing, or somebody else's"""
    saved = SavedFilter.objects.filter(pk=filter_id, appointment=actor).first()
    if saved is None:
        raise NotFound(_("You have no such saved filter."))
    saved.delete()
    return saved


def _is_page(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return len(path) <= 200
