"""Where number, date, signatures and the seal go on an uploaded letter: marked by hand, until the first signature."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.docx import page_sizes
from dinh.documents.enums import OutgoingState, Source
from dinh.documents.models import Outgoing, Version
from dinh.documents.operations.draft_files import PAGES_MAX
from dinh.documents.operations.drafting import locked_outgoing
from dinh.documents.operations.letter_content import fields_of
from dinh.documents.operations.signing import ChangedMeanwhile, replace_content
from dinh.documents.rules import may_mark_places
from dinh.kernel.errors import InvalidInput, NotPermitted
from dinh.kernel.pdf import Place
from dinh.signing.api import add_fields
from dinh.storage.api import read_blob

PLACED = (
    "number", "day", "month", "year",
    "signature.secretary", "signature.leader", "seal.leader", "signature.second", "seal.second",
)  # fmt: skip
_SHAPES = {
    "number": (30.0, 16.0, 13.0, False),
    "day": (18.0, 16.0, 13.0, True),
    "month": (18.0, 16.0, 13.0, True),
    "year": (28.0, 16.0, 13.0, True),
    "initials": (44.0, 45.0, 0.0, False),
    "signature": (116.0, 65.0, 0.0, False),
    "seal": (99.0, 100.0, 0.0, False),
}
"""Width, height and size of type in points, and whether it slopes: as our own layout has them."""


def set_places(
    *, outgoing_id: int, actor: Appointment, places: Sequence[Place], sizes: Sequence[tuple[float, float]],
    at: datetime,
) -> Version:  # fmt: skip
    """
    Put places of an uploaded letter where the drafter or the clerk marked them; others stay.

    A letter on its path gets its fields anew, over the same version. Never inside a transaction.

    :param sizes: width and height in points of each page
    :raises InvalidInput: if a place lies outside its page
    :raises NotPermitted: if the letter bears a signature, or somebody else marks
    :raises PlacesMissing: if a letter on its path would lack a place that is needed
    :raises ChangedMeanwhile: if somebody marked, signed or revised while the fields were made
    """
    outgoing, version = _markable(outgoing_id, actor)
    for place in places:
        _check_on_page(place, sizes)
    known = {each["name"]: each for each in version.places} | {each.name: asdict(each) for each in places}
    kept = list(known.values())
    content = _with_fields(outgoing, version, kept)
    marked = [each.name for each in places]
    return _keep_places(outgoing, version, kept, actor=actor, content=content, marked=marked, at=at)


def mark_place(
    *, outgoing_id: int, actor: Appointment, name: str, page: int, x: float, y: float, at: datetime
) -> Version:
    """
    Put a place of an uploaded letter where its middle was marked, moved into the page where it would stick out.

    :param x: points from the left edge of the page
    :param y: points from its bottom
    :raises InvalidInput: if there is no such place or page, or the letter was not uploaded
    :raises NotPermitted: as `set_places`
    """
    _outgoing, version = _markable(outgoing_id, actor)
    sizes = kept_page_sizes(str(version.pdf_id))
    shape = _SHAPES.get(name.split(".")[0])
    if shape is None:
        raise InvalidInput(_("Choose the place from the list."), field="name")
    if not 1 <= page <= len(sizes):
        raise InvalidInput(_("The letter has no such page."), field="page")
    width, height, font_size, italic = shape
    left, bottom = (
        min(max(middle - length / 2, 0), room - length)
        for middle, length, room in zip((x, y), (width, height), sizes[page - 1], strict=True)
    )
    place = Place(
        name=name, page=page, x=left, y=bottom, width=width, height=height, font_size=font_size, italic=italic
    )
    return set_places(outgoing_id=outgoing_id, actor=actor, places=[place], sizes=sizes, at=at)


def kept_page_sizes(sha256: str) -> tuple[tuple[float, float], ...]:
    """Width and height in points of each page of a kept PDF."""
    return page_sizes(read_blob(sha256), most=PAGES_MAX)


@transaction.atomic
def _markable(outgoing_id: int, actor: Appointment) -> tuple[Outgoing, Version]:
    outgoing = locked_outgoing(outgoing_id, actor)
    if not may_mark_places(actor, outgoing):
        raise NotPermitted(_("Places are marked by the drafter or the clerk, before anybody has signed."))
    last = outgoing.versions.last()
    if last is None or last.source == Source.PAGE or last.pdf_id is None:
        raise InvalidInput(_("Only an uploaded letter has its places marked by hand."), field="places")
    return outgoing, last


def _with_fields(outgoing: Outgoing, version: Version, places: list[dict[str, object]]) -> str | None:
    """The letter with its fields at these places, if it is on its path; a draft gets them as it is submitted."""
    if outgoing.state != OutgoingState.REVIEWING:
        return None
    return add_fields(sha256=str(version.pdf_id), fields=fields_of(version, places))


@transaction.atomic
def _keep_places(
    seen: Outgoing, version: Version, places: list[dict[str, object]], *,
    actor: Appointment, content: str | None, marked: list[str], at: datetime,
) -> Version:  # fmt: skip
    outgoing, last = _markable(seen.pk, actor)
    before = seen.document.content_id
    unchanged = (outgoing.state, last.pk, last.places) == (seen.state, version.pk, version.places)
    if not unchanged or not (
        content is None or replace_content(outgoing.document, before=before, after=content)
    ):
        raise ChangedMeanwhile(_("The letter changed while you marked it. Look at it again, then mark."))
    last.places = places
    last.save(update_fields=["places"])
    details = {"version": last.number, "places": marked} | ({"sha256": content} if content else {})
    record("documents.document.places_set", target=outgoing, actor=actor, at=at, details=details)
    return last


def _check_on_page(place: Place, sizes: Sequence[tuple[float, float]]) -> None:
    if place.name not in PLACED and not place.name.startswith("initials."):
        raise InvalidInput(_("Choose the place from the list."), field="name")
    if not 1 <= place.page <= len(sizes):
        raise InvalidInput(_("The letter has no such page."), field="page")
    width, height = sizes[place.page - 1]
    if not (0 <= place.x <= width - place.width and 0 <= place.y <= height - place.height):
        raise InvalidInput(_("The place must lie within the page."), field="places")
