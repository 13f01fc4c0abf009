"""What outside systems send, read field by field: typed where the type matters, kept as it came elsewhere."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from django.utils.translation import gettext as _

from dinh.exchange.adapters.errors import OutsideUnreadable, unreadable
from dinh.exchange.outside import OutsideService

VIET_NAM: Final = timezone(timedelta(hours=7))
_DAYS: Final = ("%d/%m/%Y", "%Y%m%d", "%Y-%m-%d", "%Y/%m/%d")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CodeName:
    """A line of a list of codes."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A day of which only the year, or year and month, may be known."""

    year: int
    month: int | None = None
    day: int | None = None

    def __str__(self) -> str:
        parts = (self.day, self.month)
        return "/".join([*(f"{part:02}" for part in parts if part is not None), f"{self.year:04}"])

    @property
    def compact(self) -> str:
        """yyyy, yyyymm or yyyymmdd."""
        return f"{self.year:04}" + "".join(
            f"{part:02}" for part in (self.month, self.day) if part is not None
        )


def partial_date(text: str) -> PartialDate:
    """From dd/mm/yyyy, mm/yyyy, yyyy, or without strokes the other way round. :raises ValueError:"""
    if "/" in text:
        parts = [int(part) for part in reversed(text.split("/"))]
    else:
        parts = [int(part) for part in (text[:4], text[4:6], text[6:8]) if part]
    found = PartialDate(*parts[:3])
    date(found.year, found.month or 1, found.day or 1)
    return found


def day_from(text: str) -> date:
    """:raises ValueError:"""
    for form in _DAYS:
        try:
            return datetime.strptime(text.strip()[:10], form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise ValueError(text)


def moment_text(at: datetime) -> str:
    """yyyyMMddHHmmss in Viet Nam's time."""
    return f"{at.astimezone(VIET_NAM):%Y%m%d%H%M%S}"


class Fields:
    """
    One record of an answer.

    :param may_have_acted: what to say of the call if the record cannot be read
    """

    def __init__(self, service: OutsideService, value: Any, *, may_have_acted: bool = False) -> None:
        self.service, self.may_have_acted = service, may_have_acted
        if not isinstance(value, dict):
            raise self.fault(_("a record was expected"))
        self.raw: Mapping[str, Any] = value

    def fault(self, why: str) -> OutsideUnreadable:
        return unreadable(self.service, why, may_have_acted=self.may_have_acted)

    def text(self, *names: str) -> str:
        """The first of these that is there, as text; empty if none is."""
        found = next((self.raw[name] for name in names if self.raw.get(name) not in (None, "")), "")
        return str(found).strip() if isinstance(found, str | int | Decimal) else ""

    def needed(self, *names: str) -> str:
        """:raises OutsideUnreadable: if none of them is there"""
        if found := self.text(*names):
            return found
        raise self.fault(_("%(field)s is missing") % {"field": names[0]})

    def day(self, name: str) -> date | None:
        return self._as(name, day_from)

    def partial(self, name: str) -> PartialDate | None:
        return self._as(name, partial_date)

    def amount(self, name: str) -> Decimal | None:
        return self._as(name, Decimal)

    def whole(self, name: str) -> int | None:
        return self._as(name, int)

    def records(self, name: str) -> list["Fields"]:
        """A list of records; a single one counts as a list of one, nothing as an empty one."""
        return records_of(self.service, self.raw.get(name))

    def _as(self, name: str, read: Callable[[str], T]) -> T | None:
        given = self.text(name)
        try:
            return read(given) if given else None
        except (ValueError, TypeError, InvalidOperation) as error:
            raise self.fault(_("%(field)s: %(value)s") % {"field": name, "value": given[:40]}) from error


def records_of(service: OutsideService, value: Any) -> list[Fields]:
    """:raises OutsideUnreadable: unless it is a list of records, one record, or nothing"""
    if value in (None, ""):
        return []
    return [Fields(service, each) for each in (value if isinstance(value, list) else [value])]


def once(rows: Iterable[T], key: Callable[[T], Hashable]) -> tuple[T, ...]:
    """Each of them once, the first of those with one key: lists of outside systems repeat themselves."""
    found: dict[Hashable, T] = {}
    for row in rows:
        found.setdefault(key(row), row)
    return tuple(found.values())
