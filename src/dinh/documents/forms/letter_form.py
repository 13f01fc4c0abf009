"""The lesser parts of a letter's form as the page of a draft sends and shows them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from dinh.documents.models import Outgoing
from dinh.documents.operations.letter_form import DraftAnnex, LetterForm, form_of
from dinh.kernel.errors import InvalidInput

_TEXTS = ("circulation", "council_name", "council_title", "typist", "copies", "archive_copies")
_BLOCKS = ("addressees", "recipient_lines")
_FLAGS = ("is_normative", "shows_address")


@dataclass(frozen=True, slots=True)
class AnnexRow:
    """An annex as the page shows it."""

    title: str = ""
    text: str = ""
    landscape: bool = False


def form_given(given: QueryDict) -> LetterForm:
    """:raises InvalidInput: naming the field that cannot be read"""
    return LetterForm(
        circulation=given.get("circulation", ""),
        is_normative=given.get("is_normative") == "on",
        council_name=given.get("council_name", ""),
        council_title=given.get("council_title", "").strip(),
        addressees=_lines(given.get("addressees", "")),
        recipient_lines=_lines(given.get("recipient_lines", "")),
        typist=given.get("typist", "").strip(),
        copies=_amount(given, "copies"),
        archive_copies=_amount(given, "archive_copies"),
        shows_address=given.get("shows_address") == "on",
        annexes=[
            DraftAnnex(title=each.title.strip(), paragraphs=_lines(each.text), landscape=each.landscape)
            for each in annexes_given(given)
            if each.title.strip() or each.text.strip()
        ],
    )


def annexes_given(given: QueryDict) -> list[AnnexRow]:
    """The annexes as the page sent them, with what its buttons `add_annex` and `remove_annex` ask for."""
    turned = set(given.getlist("annex_landscape"))
    pairs = zip(given.getlist("annex_title"), given.getlist("annex_text"), strict=False)
    rows = [AnnexRow(title, text, str(index) in turned) for index, (title, text) in enumerate(pairs)]
    gone = given.get("remove_annex", "")
    rows = [row for index, row in enumerate(rows) if str(index) != gone]
    return [*rows, AnnexRow()] if "add_annex" in given else rows


def shown_given(given: QueryDict) -> dict[str, object]:
    """What the fields held when the page was sent."""
    shown: dict[str, object] = {name: given.get(name, "") for name in (*_TEXTS, *_BLOCKS)}
    return shown | {name: given.get(name) == "on" for name in _FLAGS} | {"annexes": annexes_given(given)}


def shown_of(outgoing: Outgoing) -> dict[str, object]:
    """What the fields hold for a draft: the form that its last version with a text kept."""
    bodies = outgoing.versions.order_by("-number").values_list("body", flat=True)
    form = form_of(next((each for each in bodies if "form" in each), {}))
    return shown_form(form)


def shown_form(form: LetterForm) -> dict[str, object]:
    """A form as the fields hold it."""
    plain: Mapping[str, object] = asdict(form)
    shown = {name: plain[name] or "" for name in _TEXTS} | {name: plain[name] for name in _FLAGS}
    shown |= {"addressees": "\n".join(form.addressees), "recipient_lines": "\n".join(form.recipient_lines)}
    rows = [AnnexRow(each.title, "\n".join(each.paragraphs), each.landscape) for each in form.annexes]
    return shown | {"annexes": rows}


def _lines(text: str) -> list[str]:
    return [each.strip() for each in text.splitlines() if each.strip()]


def _amount(given: QueryDict, name: str) -> int:
    text = given.get(name, "").strip() or "0"
    if not (text.isascii() and text.isdecimal()) or len(text) > 6:
        raise InvalidInput(_("Give a number of copies between 0 and 99,999."), field=name)
    return int(text)
