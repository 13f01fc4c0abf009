"""Shared catalogues with versions (danh mục dùng chung)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.exchange.models import Dictionary, DictionaryItem, DictionaryVersion
from dinh.exchange.operations.members import checked
from dinh.exchange.rules import keeps_exchange
from dinh.kernel.errors import InvalidInput, NotPermitted

MAX_ITEMS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Item:
    code: str
    name: str
    extra: dict[str, Any] = field(default_factory=dict)


def publish_dictionary(
    *,
    code: str,
    name: str,
    items: Sequence[Item],
    legal_basis: str,
    valid_from: date,
    actor: Appointment,
    at: datetime,
) -> DictionaryVersion:
    """
    Publish what a catalogue holds from a day on, as its next version; earlier ones stay readable.

    Writes an audit entry.

    :raises NotPermitted: unless the actor keeps the platform
    :raises InvalidInput: naming the field
    """
    if not keeps_exchange(actor):
        raise NotPermitted(_("Only the keeper of the platform publishes catalogues."))
    return store_dictionary(
        code=code, name=name, items=items, legal_basis=legal_basis, valid_from=valid_from, actor=actor, at=at
    )


@transaction.atomic
def store_dictionary(
    *,
    code: str,
    name: str,
    items: Sequence[Item],
    legal_basis: str,
    valid_from: date,
    actor: Appointment | None,
    at: datetime,
) -> DictionaryVersion:
    """`publish_dictionary` for the house itself, which asks nobody."""
    _check_items(items)
    checked(Dictionary(code=code, name=name))
    dictionary, _made = Dictionary.objects.get_or_create(code=code, defaults={"name": name})
    dictionary = Dictionary.objects.select_for_update(no_key=True).get(pk=dictionary.pk)
    last = dictionary.versions.first()
    if last and valid_from < last.valid_from:
        raise InvalidInput(_("The last version holds from a later day."), field="valid_from")
    if dictionary.name != name:
        dictionary.name = name
        dictionary.save(update_fields=["name"])
    version = DictionaryVersion.objects.create(
        dictionary=dictionary,
        number=last.number + 1 if last else 1,
        valid_from=valid_from,
        legal_basis=legal_basis[:200],
        created_at=at,
    )
    DictionaryItem.objects.bulk_create(
        [DictionaryItem(version=version, code=each.code, name=each.name, extra=each.extra) for each in items],
        batch_size=2000,
    )
    details = {"version": version.number, "items": len(items), "legal_basis": legal_basis[:200]}
    record("exchange.dictionary.published", target=dictionary, actor=actor, at=at, details=details)
    return version


def _check_items(items: Sequence[Item]) -> None:
    if not 0 < len(items) <= MAX_ITEMS:
        raise InvalidInput(_("A catalogue has 1 to 50000 items."), field="items")
    codes: set[str] = set()
    for number, each in enumerate(items, 1):
        if not 0 < len(each.code) <= 60 or not 0 < len(each.name) <= 300 or "\0" in each.code + each.name:
            raise InvalidInput(
                _("Line %(number)d: a code of 1 to 60 and a name of 1 to 300 characters are needed.")
                % {"number": number},
                field="items",
            )
        if each.code in codes:
            refusal = _("Line %(number)d: the code %(code)s stands there twice.")
            raise InvalidInput(refusal % {"number": number, "code": each.code}, field="items")
        codes.add(each.code)
