"""Lay letters, annexes and paper copies out by Typst."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from dinh.documents.letters.content import (
    Annex,
    Article,
    Block,
    Clause,
    FieldLine,
    LetterContent,
    Order,
    Paragraph,
    Point,
    block_to_json,
)
from dinh.documents.letters.formats import archive_line, date_parts, heading_above, roman
from dinh.documents.letters.law import (
    DocumentType,
    FormProfile,
    document_type,
    mark,
    model_words,
    profile_for,
)
from dinh.kernel.errors import InvalidInput
from dinh.kernel.pdf import RenderedPdf, render_pdf

_BLANK = "\u00a0"
_PLAIN_LETTERS = frozenset({"letter"})


class LetterIncomplete(InvalidInput):
    """A letter lacks what its form cannot do without."""


def render_letter(content: LetterContent, *, made_at: datetime | None = None) -> RenderedPdf:
    """
    Lay a letter and its annexes out by Annex I of Decree 30/2020/NĐ-CP or its bloc's own rule.

    Places, in points from the bottom left: `number`, `day`, `month`, `year` where still blank;
    `initials.<n>` behind the end mark; `signature.<key>` centred between position and name; `seal.<key>`,
    35 mm, over the signature's left third; `copy` in the top right corner of page 1 (box 14).

    :raises LetterIncomplete: if the issuing agency or the body is missing
    :raises UnknownForm: if bloc, type or mark is not known
    :raises UnprintableText: if the typeface lacks a character
    """
    _check_complete(content)
    return render_pdf("documents/letter.typ", letter_data(content), made_at=made_at)


def render_annex(content: LetterContent, *, index: int, made_at: datetime | None = None) -> RenderedPdf:
    """
    Lay one annex out as a file of its own, with the place `annex` for the agency's signature.

    `index` counts from 0. :raises IndexError: if there is no such annex
    """
    data = letter_data(content)
    data["annexes"] = [data["annexes"][index]]
    return render_pdf("documents/annex.typ", data, made_at=made_at)


def letter_data(content: LetterContent) -> dict[str, Any]:
    """Return what the templates read: the letter's texts, completed, with the profile that governs them."""
    profile = profile_for(bloc=content.bloc, on=content.law_date, variant=content.variant)
    kind = document_type(content.type_code, bloc=content.bloc, on=content.law_date)
    data = content.to_json()
    data.update(
        profile=profile_data(profile),
        parent_agency=heading_above(profile, issuer=content.issuing_agency, parent=content.parent_agency),
        address_label=content.address_label or "Kính gửi",
        margins={side: span.used for side, span in profile.margins.items()},
        layout="letter" if kind.layout in _PLAIN_LETTERS else kind.layout,
        heading=content.heading or tuple(filter(None, (profile.heading_name, profile.heading_motto))),
        type_name=content.type_name or kind.name,
        document_title=_document_title(content, kind),
        dated=model_words(kind.layout, on=content.law_date).is_dated,
        date=_written_date(content),
        urgency=_urgency(content.urgency),
        circulation=mark("circulation", content.circulation).mark if content.circulation else "",
        recipients=recipient_lines(content, profile=profile),
        body=[block_to_json(each) for each in ended(content.body, profile.end_mark)],
        annexes=[_annex_data(content, index) for index in range(len(content.annexes))],
        annex_reference=_annex_reference(content, kind, profile),
    )
    return data


def recipient_lines(content: LetterContent, *, profile: FormProfile) -> list[str]:
    """Return the lines of box 9b without their dashes: each ends ";", the last is "Lưu: VT, ...."."""
    if not content.recipients and not content.archive_unit:
        return []
    lines = [f"{each.rstrip(';. ')};" for each in content.recipients]
    return [*lines, archive_line(profile, unit=content.archive_unit, copies=content.archive_copies)]


def ended(blocks: tuple[Block, ...], end_mark: str) -> tuple[Block, ...]:
    """Return the blocks with the end mark ("./.") on the last text; a table stays as it is."""
    if not blocks or not end_mark:
        return blocks
    last = blocks[-1]
    if isinstance(last, Article) and not last.text:
        return (*blocks[:-1], replace(last, title=_with_end(last.title, end_mark)))
    if isinstance(last, Paragraph | Order | Article | Clause | Point | FieldLine):
        return (*blocks[:-1], replace(last, text=_with_end(last.text, end_mark)))
    return blocks


def _with_end(text: str, end_mark: str) -> str:
    return text.rstrip("/. ;") + end_mark


def _check_complete(content: LetterContent) -> None:
    if not content.issuing_agency.strip():
        raise LetterIncomplete(_("Name the issuing agency."), field="issuing_agency")
    if not content.body:
        raise LetterIncomplete(_("Write the body of the document."), field="body")


def profile_data(profile: FormProfile) -> dict[str, Any]:
    return {
        "boxes": {name: asdict(style) for name, style in profile.boxes.items()},
        "number_label": profile.number_label,
        "number_separator": profile.number_separator,
        "issuer_mark": profile.issuer_mark,
        "paragraph_gap_pt": profile.paragraph_gap_pt,
    }


def _document_title(content: LetterContent, kind: DocumentType) -> str:
    return " - ".join(each for each in (content.type_name or kind.name, content.subject) if each)


def _written_date(content: LetterContent) -> tuple[str, str, str] | None:
    if content.issued_on is None:
        return None
    return date_parts(content.issued_on, bloc=content.bloc, variant=content.variant)


def _urgency(code: str) -> Mapping[str, Any] | None:
    if not code:
        return None
    stamp = mark("urgency", code)
    return {"mark": stamp.mark, "width": stamp.width_mm, "height": stamp.height_mm}


def _annex_data(content: LetterContent, index: int) -> dict[str, Any]:
    annex: Annex = content.annexes[index]
    name = f"Phụ lục {roman(index + 1)}" if len(content.annexes) > 1 else "Phụ lục"
    return {
        "name": name,
        "title": annex.title,
        "landscape": annex.landscape,
        "body": [block_to_json(each) for each in annex.body],
    }


def _annex_reference(content: LetterContent, kind: DocumentType, profile: FormProfile) -> str:
    """The reference stays blank on electronic documents (Annex I, part I, III.1.c), which these are."""
    number = content.number or _BLANK * 6
    day = _written_date(content) or (_BLANK * 3, _BLANK * 3, _BLANK * 5)
    dated = _BLANK.join(("ngày", day[0], "tháng", day[1], "năm", day[2]))
    code = f"{number}{profile.number_separator}{content.notation}"
    return f"(Kèm theo {kind.name} số{_BLANK}{code} {dated} của {content.issuing_agency})"


def issued(content: LetterContent, *, number: str, day: date) -> LetterContent:
    """Return the letter with number and date printed, for paper."""
    return replace(content, number=number, issued_on=day)
