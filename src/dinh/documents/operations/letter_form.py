"""The lesser parts of a letter's form: circulation, annexes, typist's mark, councils, lines of one's own wording."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from dinh.directory.enums import Bloc
from dinh.directory.models import Unit
from dinh.documents.enums import Direction
from dinh.documents.letters import Annex, UnknownForm, mark, parse_body
from dinh.documents.models import Book, Document, Outgoing
from dinh.kernel.errors import FieldFault

ANNEXES_MAX = 20
LINES_MAX = 60
LINE_MAX = 300
COPIES_MAX = 99_999
TYPIST_MAX = 10
NORMATIVE_TYPES = frozenset({"NQ", "QĐ"})
_LAWMAKERS = ("Ủy ban nhân dân", "Hội đồng nhân dân")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAnnex:
    """An annex written in the page: `landscape` where its tables need the width."""

    title: str = ""
    paragraphs: Sequence[str] = ()
    landscape: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterForm:
    """
    What a drafter may add to a letter (Annex I, part I, II.9, III).

    `addressees`, `recipient_lines`: words of one's own in place of the recipients' names (boxes 9a, 9b).
    `typist`, `copies`: box 12, `PL.(300)`. `archive_copies`: how many are kept, in "Lưu". `shows_address`: box 13.
    `council_name`: an advisory council that issues under the unit's seal, where the signer is `council_title`.
    """

    circulation: str = ""
    is_normative: bool = False
    council_name: str = ""
    council_title: str = ""
    addressees: Sequence[str] = ()
    recipient_lines: Sequence[str] = ()
    typist: str = ""
    copies: int = 0
    archive_copies: int = 0
    shows_address: bool = False
    annexes: Sequence[DraftAnnex] = ()


PLAIN_FORM = LetterForm()


def form_faults(form: LetterForm, *, unit: Unit, type_code: str, today: date) -> Iterator[FieldFault]:
    """What is wrong with a form, field by field."""
    yield from _faults_of_marks(form)
    yield from _faults_of_lines(form)
    if form.is_normative and not may_be_normative(unit, type_code):
        told = _("Only resolutions and decisions of People's Councils and Committees are normative.")
        yield FieldFault("is_normative", told)
    if form.council_name and form.council_name not in councils_of(unit, year=today.year):
        yield FieldFault("council_name", _("Choose a council from the list; the clerk opens its book."))
    if form.council_name and not 0 < len(form.council_title.strip()) <= 120:
        yield FieldFault("council_title", _("Give the signer's title in the council."))


def may_be_normative(unit: Unit, type_code: str) -> bool:
    """Normative documents of localities: resolutions and decisions of Councils and Committees."""
    return unit.bloc == Bloc.GOVERNMENT and unit.name.startswith(_LAWMAKERS) and type_code in NORMATIVE_TYPES


def councils_of(unit: Unit, *, year: int) -> list[str]:
    """Names of the advisory councils for which the unit keeps a book in that year or kept one the year before."""
    books = Book.objects.filter(unit=unit, direction=Direction.OUTGOING, year__in=(year, year - 1))
    names = books.exclude(council_name="").order_by("council_name").values_list("council_name", flat=True)
    return list(names.distinct())


def issuer_abbreviation(unit: Unit, form: LetterForm) -> str:
    """What stands for the issuer in the notation: a council's first letters, else the unit's abbreviation."""
    words = form.council_name.replace("-", " ").split()
    return "".join(word[0].upper() for word in words) or unit.abbreviation


def fill_form(document: Document, outgoing: Outgoing, form: LetterForm) -> None:
    """Put what lists and books ask for into the rows; not saved yet."""
    document.circulation = form.circulation
    document.is_normative = form.is_normative
    outgoing.council_name = form.council_name
    outgoing.council_title = form.council_title.strip()
    outgoing.copies_amount = form.copies


def kept_form(form: LetterForm) -> dict[str, Any]:
    """The form as a version keeps it beside its text."""
    return asdict(form)


def form_of(version_body: Mapping[str, Any]) -> LetterForm:
    """The form that a version keeps; an empty one for versions from before there was any."""
    plain = dict(version_body.get("form", {}))
    annexes = [DraftAnnex(**each) for each in plain.pop("annexes", [])]
    return LetterForm(**plain, annexes=annexes)


def laid_out_annexes(form: LetterForm) -> tuple[Annex, ...]:
    """The annexes as the layout asks for them."""
    return tuple(
        Annex(title=each.title.strip(), body=parse_body("\n".join(each.paragraphs)), landscape=each.landscape)
        for each in form.annexes
    )


def typist_mark(form: LetterForm) -> str:
    """Box 12: `PL.(300)`, or either part alone."""
    amount = f"({form.copies})" if form.copies else ""
    return ".".join(filter(None, (form.typist.strip().upper(), amount)))


def _faults_of_marks(form: LetterForm) -> Iterator[FieldFault]:
    if form.circulation and not _is_mark(form.circulation):
        yield FieldFault("circulation", _("Choose the limits of circulation from the list."))
    if len(form.typist.strip()) > TYPIST_MAX:
        yield FieldFault("typist", _("Shorten the typist's mark to 10 characters."))
    for name in ("copies", "archive_copies"):
        if not 0 <= getattr(form, name) <= COPIES_MAX:
            yield FieldFault(name, _("Give a number of copies between 0 and 99,999."))


def _faults_of_lines(form: LetterForm) -> Iterator[FieldFault]:
    for name in ("addressees", "recipient_lines"):
        lines = getattr(form, name)
        if len(lines) > LINES_MAX or any(len(each) > LINE_MAX for each in lines):
            yield FieldFault(name, _("Write at most 60 lines of 300 characters."))
    if len(form.annexes) > ANNEXES_MAX:
        yield FieldFault("annexes", _("A letter has at most 20 annexes."))
    if any(not any(each.paragraphs) for each in form.annexes):
        yield FieldFault("annexes", _("Write the text of each annex, or take it away."))
    if any(len(each.title) > LINE_MAX for each in form.annexes):
        yield FieldFault("annexes", _("Shorten the annex's title to 300 characters."))


def _is_mark(code: str) -> bool:
    try:
        mark("circulation", code)
    except UnknownForm:
        return False
    return True
