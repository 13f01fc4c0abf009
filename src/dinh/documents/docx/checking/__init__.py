"""
Check a Word file against its bloc's form, box by box.

Rules: Decree 30/2020/NĐ-CP, Annex I, part I; for other blocs their profile. A check never changes the file
and never blocks by itself: what follows from a fault, a blocking one too, is the business of the drafting path.
"""

from collections.abc import Callable, Iterator
from datetime import date

from dinh.documents.docx.boxes import find_boxes
from dinh.documents.docx.checking.agreement import check_agreement
from dinh.documents.docx.checking.cases import Case, Meant
from dinh.documents.docx.checking.foot import check_recipients, check_signature
from dinh.documents.docx.checking.head import (
    check_addressee,
    check_agencies,
    check_date,
    check_heading,
    check_number,
    check_subject,
    check_urgency,
)
from dinh.documents.docx.checking.page import check_fonts, check_page, check_page_numbers
from dinh.documents.docx.checking.text import check_bases, check_body, check_end_mark
from dinh.documents.docx.faults import FormFault
from dinh.documents.docx.leftovers import check_leftovers
from dinh.documents.docx.lines import LineReader
from dinh.documents.docx.opening import damage_refused, open_docx
from dinh.documents.letters.law import document_types, profile_for

__all__ = ["Meant", "check_form"]


def check_form(
    data: bytes, *, bloc: str = "government", on: date, variant: str = "", meant: Meant | None = None
) -> list[FormFault]:
    """
    Return the faults of form of a Word file, in the order of the boxes; an empty list means none was found.

    :param meant: what the draft says; where the file says otherwise, registers and letter would not agree

    :raises DocxRefused: if the file cannot be opened safely
    """
    document = open_docx(data)
    profile = profile_for(bloc=bloc, on=on, variant=variant)
    with damage_refused():
        lines = LineReader(document).lines()
    case = Case(
        document=document,
        lines=lines,
        boxes=find_boxes(lines, country=profile.heading_name, motto=profile.heading_motto),
        profile=profile,
        type_names=frozenset(each.name.upper() for each in document_types(bloc=bloc, on=on)),
    )
    with damage_refused():
        faults = [fault for rule in _RULES for fault in rule(case)]
        return [*faults, *(check_agreement(case, meant) if meant else ())]


def _check_leftovers(case: Case) -> Iterator[FormFault]:
    yield from check_leftovers(case.document)


_RULES: tuple[Callable[[Case], Iterator[FormFault]], ...] = (
    _check_leftovers,
    check_page,
    check_page_numbers,
    check_fonts,
    check_heading,
    check_agencies,
    check_number,
    check_date,
    check_subject,
    check_body,
    check_bases,
    check_end_mark,
    check_signature,
    check_addressee,
    check_recipients,
    check_urgency,
)
