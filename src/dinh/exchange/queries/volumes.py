"""Looking through the archive's volumes, and which of them may go."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from dinh.directory.models import Appointment
from dinh.exchange.enums import Outcome
from dinh.exchange.gateway.records import COLUMNS
from dinh.exchange.models import Archive, ArchivedContent, Exchange
from dinh.exchange.queries.archives import exchange_of, kept_volumes, shelves_of
from dinh.exchange.queries.registry import identifiers_visible_to, party_in
from dinh.exchange.queries.reports import midnight
from dinh.exchange.retention import kept_until
from dinh.exchange.rules import keeps_exchange, looks_after_systems
from dinh.exchange.volumes import Shelf

VOLUMES_AT_ONCE: Final = 4
"""Read for one page; whoever looks for more goes on from there."""
PAGE: Final = 50
_BEGUN: Final = Outcome.BEGUN.encode()
_STARTED, _CLIENT, _PROVIDER, _SERVICE, _OUTCOME = (
    COLUMNS.index(name) for name in ("started_us", "client", "provider", "service", "outcome")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    What is looked for in the archive; empty: any.

    :param since, until: days in Viet Nam, both included
    """

    since: date | None = None
    until: date | None = None
    client: str = ""
    service: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a search goes on: the volume, and how many of its hits were shown."""

    volume: int
    shown: int

    def __str__(self) -> str:
        return f"{self.volume}.{self.shown}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """None for what is no place: then the search begins with the newest."""
        volume, _dot, shown = text.partition(".")
        if volume.isdecimal() and shown.isdecimal() and len(text) < 20:
            return cls(int(volume), int(shown))
        return None


@dataclass(frozen=True, slots=True)
class Found:
    """
    :param rows: the newest first
    :param further: where to go on; None at the end
    :param volumes: how many can hold what is wanted
    """

    rows: list[Exchange]
    further: Place | None
    volumes: int


@dataclass(frozen=True, slots=True)
class _Test:
    """Of the fields of a line, as they stand in it."""

    since: bytes
    until: bytes
    client: bytes
    service: bytes
    outcome: bytes
    own: frozenset[bytes] | None

    def fits(self, fields: list[bytes]) -> bool:
        if self.own is not None and not ({fields[_CLIENT], fields[_PROVIDER]} & self.own):
            return False
        if self.outcome != fields[_OUTCOME] and (self.outcome or fields[_OUTCOME] == _BEGUN):
            return False
        if self.client not in (b"", fields[_CLIENT]) or self.service not in (b"", fields[_SERVICE]):
            return False
        # As many digits for the next 250 years.
        return self.since <= fields[_STARTED] < self.until


def search_archive(wanted: Wanted, *, reader: Appointment, begin: Place | None = None) -> Found:
    """
    Archived exchanges, the newest volume first: at most 50, from at most four volumes that can hold such.

    :raises BrokenVolume, OSError: if a volume cannot be read
    """
    if not looks_after_systems(reader):
        return Found([], None, 0)
    own = None if keeps_exchange(reader) else identifiers_visible_to(reader)
    volumes = _candidates(wanted, own)
    total = volumes.count()
    left = volumes.filter(number__lte=begin.volume) if begin else volumes
    test, rows = _test(wanted, own), list[Exchange]()
    read = list(left.order_by("-number")[: VOLUMES_AT_ONCE + 1])
    for archive in read[:VOLUMES_AT_ONCE]:
        skipped = begin.shown if begin and begin.volume == archive.number else 0
        hits = sorted(_hits(archive, test), key=lambda hit: hit[0], reverse=True)[skipped:]
        taken = hits[: PAGE - len(rows)]
        rows += [exchange_of(line, shelf, index) for _moment, line, shelf, index in taken]
        if len(taken) < len(hits):
            return Found(rows, Place(archive.number, skipped + len(taken)), total)
    further = Place(read[VOLUMES_AT_ONCE].number, 0) if len(read) > VOLUMES_AT_ONCE else None
    return Found(rows, further, total)


def _candidates(wanted: Wanted, own: list[str] | None) -> QuerySet[Archive]:
    """Volumes that can hold what is wanted, by their index; those without one can hold anything."""
    inside = ArchivedContent.objects.filter(archive=OuterRef("pk"))
    for name in ("client", "service", "outcome"):
        if value := getattr(wanted, name):
            inside = inside.filter(**{name: value})
    if own is not None:
        inside = inside.filter(party_in(own))
    period = Q()
    if wanted.since:
        period &= Q(last_at__gte=midnight(wanted.since))
    if wanted.until:
        period &= Q(first_at__lt=_end(wanted.until))
    return kept_volumes().filter(Q(first_at=None) | (period & Exists(inside)))


def _test(wanted: Wanted, own: list[str] | None) -> _Test:
    return _Test(
        _micros(midnight(wanted.since)) if wanted.since else b"",
        _micros(_end(wanted.until)) if wanted.until else b":",
        wanted.client.encode(),
        wanted.service.encode(),
        wanted.outcome.encode(),
        None if own is None else frozenset(each.encode() for each in own),
    )


def _hits(archive: Archive, test: _Test) -> Iterator[tuple[bytes, bytes, Shelf, int]]:
    for shelf in shelves_of(archive):
        for index, line in enumerate(shelf.lines):
            fields = line.split(b"\t")
            if test.fits(fields):
                yield fields[_STARTED], line, shelf, index


def _end(day: date) -> datetime:
    return midnight(day + timedelta(days=1))


def _micros(moment: datetime) -> bytes:
    return str(int(moment.timestamp()) * 1_000_000).encode()


def volumes_visible_to(reader: Appointment) -> QuerySet[Archive]:
    """The platform's keeper's only: a volume holds everybody's exchanges."""
    return Archive.objects.order_by("-number") if keeps_exchange(reader) else Archive.objects.none()


def volumes_due(*, on: date) -> QuerySet[Archive]:
    """Volumes past their retention whose disposal nobody has ordered yet, the oldest first."""
    waiting = kept_volumes().filter(disposal_ordered_at=None)
    months = waiting.order_by().values_list("month", flat=True).distinct()
    due = [month for month in months if (until := kept_until(month)) and until <= on]
    return waiting.filter(month__in=due).order_by("number")
