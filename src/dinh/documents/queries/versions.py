"""The versions of a draft, and what changed between two of them."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from django.db.models import QuerySet

from dinh.documents.docx import extract_text
from dinh.documents.enums import Source
from dinh.documents.models import Outgoing, Version
from dinh.storage.api import read_blob

SAME, GONE, NEW = "same", "gone", "new"


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph of a comparison; `kind` is `same`, `gone` or `new`."""

    kind: str
    text: str


def versions_of(outgoing: Outgoing) -> "QuerySet[Version]":
    """All versions, the last first, with their authors."""
    return outgoing.versions.select_related("author__person").order_by("-number")


def compare_versions(older: Version, newer: Version) -> list[Line]:
    """The paragraphs of both texts in order, with what went and what came."""
    before, after = paragraphs_of(older), paragraphs_of(newer)
    lines: list[Line] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += [Line(SAME, each) for each in before[a:b]]
        else:
            lines += [Line(GONE, each) for each in before[a:b]] + [Line(NEW, each) for each in after[c:d]]
    return lines


def paragraphs_of(version: Version) -> list[str]:
    """What a version says: written in the page, or read out of its file. :raises PdfUnreadable: damaged"""
    if version.source == Source.PAGE:
        words = version.body.get("subject", "")
        return [*([words] if words else []), *version.body.get("paragraphs", [])]
    content = read_blob(str(version.word_id or version.pdf_id))
    text = extract_text(content, ocr=False).text
    return [line.strip() for line in text.splitlines() if line.strip()]
