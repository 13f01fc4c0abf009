"""What a Word file still carries from its writing, and what would come into the letter by it unseen."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _
from docx.document import Document
from docx.oxml.ns import qn

from dinh.documents.docx.faults import BLOCKING, WARNING, FormFault

_CHANGES = (qn("w:ins"), qn("w:del"), qn("w:moveFrom"), qn("w:moveTo"))
_OFF = ("0", "false", "off", "none")
_BLACK = ("auto", "000000")
_STAMPS = ("KHẨN", "HỎA TỐC", "HOẢ TỐC", "MẬT", "XEM XONG TRẢ LẠI", "LƯU HÀNH NỘI BỘ")
_SHOWN = 60


def check_leftovers(document: Document) -> Iterator[FormFault]:
    """Changes not accepted yet, hidden text, comments, colours, and texts in the margins but the page's number."""
    body = document.element.body
    yield from _check_changes(body)
    yield from _check_hidden(body)
    yield from _check_comments(body)
    yield from _check_colour(body)
    yield from _check_margins(document)


def _check_changes(body: Any) -> Iterator[FormFault]:
    changed = [each for each in body.iter(*_CHANGES) if _text(each)]
    if changed:
        yield FormFault(
            box="file",
            code="tracked_changes",
            message=_("Changes are tracked and not accepted yet: what was struck out would be printed."),
            remedy=_("Review, Accept All Changes, and turn tracking off."),
            severity=BLOCKING,
            found=_text(changed[0])[:_SHOWN],
        )


def _check_hidden(body: Any) -> Iterator[FormFault]:
    hidden = [run for run in body.iter(qn("w:r")) if _is_on(run, "w:vanish") and _text(run)]
    if hidden:
        yield FormFault(
            box="file",
            code="hidden_text",
            message=_("There is hidden text."),
            remedy=_("Show hidden text, then delete it or make it visible."),
            severity=BLOCKING,
            found=_text(hidden[0])[:_SHOWN],
        )


def _check_comments(body: Any) -> Iterator[FormFault]:
    if next(body.iter(qn("w:commentReference")), None) is not None:
        yield FormFault(
            box="file",
            code="comments",
            message=_("The file still carries comments; they are not printed."),
            remedy=_("Review, Delete All Comments."),
            severity=WARNING,
        )


def _check_colour(body: Any) -> Iterator[FormFault]:
    for run in body.iter(qn("w:r")):
        colour = run.find(f"{qn('w:rPr')}/{qn('w:color')}")
        if colour is None or _is_black(colour) or not _has_words(run) or _is_stamp(run):
            continue
        yield FormFault(
            box="6",
            code="colour",
            message=_("The text is not black."),
            remedy=_("Select all (Ctrl+A) and set the colour to automatic."),
            severity=WARNING,
            found=_text(run)[:_SHOWN],
        )
        return


def _check_margins(document: Document) -> Iterator[FormFault]:
    section = document.sections[0]
    parts = (section.header, section.first_page_header, section.footer, section.first_page_footer)
    texts = (_without_fields(each._element) for part in parts for each in part.paragraphs)
    own = next((text for text in texts if any(letter.isalpha() for letter in text)), "")
    if own:
        yield FormFault(
            box="page",
            code="margin_text",
            message=_("The margins hold other text than the page's number."),
            remedy=_("Empty header and footer; only the page's number stands in the top margin."),
            severity=WARNING,
            found=own[:_SHOWN],
        )


def _is_on(run: Any, name: str) -> bool:
    found = run.find(f"{qn('w:rPr')}/{qn(name)}")
    return found is not None and found.get(qn("w:val"), "1") not in _OFF


def _is_black(colour: Any) -> bool:
    theme = colour.get(qn("w:themeColor"), "")
    return colour.get(qn("w:val"), "auto") in _BLACK or theme in ("text1", "dark1")


def _has_words(run: Any) -> bool:
    return any(letter.isalnum() for letter in _text(run))


def _is_stamp(run: Any) -> bool:
    return any(stamp in _text(run.getparent()).upper() for stamp in _STAMPS)


def _text(element: Any) -> str:
    return _joined(element.iter(qn("w:t"), qn("w:delText")))


def _without_fields(paragraph: Any) -> str:
    """What is written in a paragraph beside its fields, whose last result Word keeps as text."""
    words, depth = [], 0
    for each in paragraph.iter(qn("w:fldChar"), qn("w:t")):
        if each.tag == qn("w:fldChar"):
            depth += {"begin": 1, "end": -1}.get(each.get(qn("w:fldCharType")), 0)
        elif depth == 0 and next(each.iterancestors(qn("w:fldSimple")), None) is None:
            words.append(each)
    return _joined(words)


def _joined(parts: Iterable[Any]) -> str:
    return "".join(each.text or "" for each in parts).strip()
