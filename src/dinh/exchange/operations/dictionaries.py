"""Shared catalogues with versions (danh mục dùng chung)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.exchange.models import Dictionary, DictionaryItem, DictionaryVersion, System
from dinh.exchange.operations.members import checked
from dinh.exchange.queries.dictionaries import columns_of, dictionaries_named
from dinh.exchange.rules import is_keepers, keeps_exchange
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted

MAX_ITEMS: Final = 50_000
MAX_COLUMNS: Final = 50
KINDS: Final = ("String", "DateTime")
_COLUMN_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")


class RowNotAdded(InvalidInput):
    """A row of those that a system sent is at fault, in the national platform's words."""


@dataclass(frozen=True, slots=True)
class Item:
    code: str
    name: str
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column of a catalogue, e.g. MaDanToc, "Mã dân tộc".

    :param kind: String or DateTime
    """

    name: str
    title: str = ""
    kind: str = "String"


def publish_dictionary(
    *,
    code: str,
    name: str,
    items: Sequence[Item],
    columns: Sequence[Column] = (),
    legal_basis: str,
    valid_from: date,
    actor: Appointment,
    at: datetime,
) -> DictionaryVersion:
    """
    Publish what a catalogue holds from a day on, as its next version; earlier ones stay readable.

    Writes an audit entry.

    :param columns: those of code and name first, then those of `extra`; none: Ma, Ten and so on
    :raises NotPermitted: unless the actor keeps the platform
    :raises InvalidInput: naming the field
    """
    if not keeps_exchange(actor):
        raise NotPermitted(_("Only the keeper of the platform publishes catalogues."))
    return store_dictionary(
        code=code,
        name=name,
        items=items,
        columns=columns,
        legal_basis=legal_basis,
        valid_from=valid_from,
        actor=actor,
        at=at,
    )


@transaction.atomic
def add_rows(*, code: str, rows: Sequence[Mapping[str, object]], system: System, at: datetime) -> int:
    """
    Add rows to a catalogue as a system of the platform's keeper sends them (POST Category): all of them or none.

    What the catalogue holds with them is its next version, from today on. Writes an audit entry.

    :param rows: values by the names of the catalogue's columns
    :returns: how many were added
    :raises NotPermitted, NotFound:
    :raises RowNotAdded: naming the first row that is at fault
    """
    if not is_keepers(system):
        raise NotPermitted(_("Only a system of the platform's keeper adds to catalogues."))
    dictionary = dictionaries_named(code).select_for_update(no_key=True).first()
    last = dictionary.versions.first() if dictionary else None
    if dictionary is None or last is None:
        raise NotFound(_("There is no such catalogue."))
    columns = [Column(*each) for each in columns_of(last)]
    items = [Item(row.code, row.name, row.extra) for row in last.items.all()]
    added = _items_from(rows, columns, {each.code for each in items})
    store_dictionary(
        code=code,
        name=dictionary.name,
        items=[*items, *added],
        columns=columns,
        legal_basis=last.legal_basis,
        valid_from=timezone.localdate(at),
        actor=None,
        at=at,
        system=system,
    )
    return len(added)


def _items_from(
    rows: Sequence[Mapping[str, object]], columns: Sequence[Column], taken: set[str]
) -> list[Item]:
    """:raises RowNotAdded:"""
    key, title, *others = [each.name for each in columns]
    found = []
    for number, row in enumerate(rows, 1):
        code, name = (str(row.get(each) or "").strip() for each in (key, title))
        unknown = next((each for each in row if each not in (key, title, *others)), "")
        fault = ""
        if not code or not name:
            fault = f"{title if code else key} is missing"
        elif code in taken:
            fault = f'{key} "{code}" is duplicate'
        elif unknown:
            fault = f"{unknown[:60]} is no column"
        if fault:
            raise RowNotAdded(f"Data not insert: Record {number}: {fault}", field="items")
        taken.add(code)
        found.append(Item(code, name, {each: str(row[each]) for each in others if row.get(each)}))
    return found


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
    columns: Sequence[Column] = (),
    system: System | None = None,
) -> DictionaryVersion:
    """
    `publish_dictionary` for the house itself, which asks nobody.

    :param system: whose call it is, if it is one's
    """
    _check_items(items)
    _check_columns(columns)
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
        columns=[[each.name, each.title or each.name, each.kind] for each in columns],
        created_at=at,
    )
    DictionaryItem.objects.bulk_create(
        [DictionaryItem(version=version, code=each.code, name=each.name, extra=each.extra) for each in items],
        batch_size=2000,
    )
    details = {"version": version.number, "items": len(items), "legal_basis": legal_basis[:200]}
    if system is not None:
        details["system"] = system.identifier
    record("exchange.dictionary.published", target=dictionary, actor=actor, at=at, details=details)
    return version


def _check_columns(columns: Sequence[Column]) -> None:
    names = [each.name for each in columns]
    is_well = len(set(names)) == len(names) and len(names) <= MAX_COLUMNS and len(names) != 1
    if not is_well or not all(_COLUMN_NAME.fullmatch(each) for each in names):
        raise InvalidInput(
            _("Name each column once, by letters, digits and underscores: code, name, then others."),
            field="items",
        )
    if any(each.kind not in KINDS or len(each.title) > 200 or "\0" in each.title for each in columns):
        raise InvalidInput(_("A column is of the kind String or DateTime."), field="items")


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
        if "\0" in "".join(map(str, (*each.extra, *each.extra.values()))):
            raise InvalidInput(
                _("Line %(number)d has a character that is no text.") % {"number": number}, field="items"
            )
        codes.add(each.code)
