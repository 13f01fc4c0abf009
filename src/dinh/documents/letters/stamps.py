"""What clerks put on documents: the ĐẾN stamp, the foot of a paper copy, the handling slip."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from dinh.documents.letters.content import SignatureBlock
from dinh.documents.letters.formats import archive_line, copy_notation, date_parts, heading_above
from dinh.documents.letters.law import FormProfile, mark, profile_for
from dinh.documents.letters.render import profile_data
from dinh.documents.scans import stamped
from dinh.kernel.pdf import RenderedPdf, render_pdf

_MM = 72 / 25.4
_STAMP_LEFT_MM = 30.0
_STAMP_TOP_MM = 62.0
_EDGE_MM = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalStamp:
    """The entries of the ĐẾN stamp, as printed (Annex IV, section V)."""

    agency: str
    number: str
    date: str
    forwarded_to: str = ""
    file_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipEntry:
    """An opinion on the handling slip: its text, and who gave it when."""

    text: str
    by: str = ""


def render_arrival_stamp(
    stamp: ArrivalStamp,
    *,
    page_width: float = 210 * _MM,
    page_height: float = 297 * _MM,
    left_mm: float = _STAMP_LEFT_MM,
    top_mm: float = _STAMP_TOP_MM,
) -> bytes:
    """Return a transparent page of that size in points with the red stamp, 50 x 35 mm, on it."""
    data = {
        **asdict(stamp),
        "page-width": page_width,
        "page-height": page_height,
        "x": left_mm * _MM,
        "top": top_mm * _MM,
        "agency-size": 8.5 if len(stamp.agency) <= 44 else 7,
    }
    return render_pdf("documents/arrival_stamp.typ", data, replace_unprintable=True).pdf


def stamp_scan(
    pdf: bytes, stamp: ArrivalStamp, *, left_mm: float = _STAMP_LEFT_MM, top_mm: float = _STAMP_TOP_MM
) -> bytes:
    """
    Return a copy of a scan with the ĐẾN stamp on page 1: the scan's own bytes, then what is appended.

    For scans of paper only: electronic originals keep their bytes; a slip bears their stamp.

    :raises ScanRefused: if the scan cannot be read
    """
    alone = render_arrival_stamp(
        stamp,
        page_width=(50 + 2 * _EDGE_MM) * _MM,
        page_height=(35 + 2 * _EDGE_MM) * _MM,
        left_mm=_EDGE_MM,
        top_mm=_EDGE_MM,
    )
    return stamped(pdf, alone, left_mm=left_mm - _EDGE_MM, top_mm=top_mm - _EDGE_MM)


def render_copy_form(
    *,
    copy_code: str,
    bloc: str,
    law_date: date,
    agency: str,
    issuer: str,
    place_name: str,
    signature: SignatureBlock,
    number: str = "",
    issued_on: date | None = None,
    recipients: Sequence[str] = (),
    parent_agency: str = "",
    made_at: datetime | None = None,
) -> RenderedPdf:
    """
    Lay out the foot of a paper copy: SAO Y, TRÍCH SAO or SAO LỤC with number, date, signer (model 3.1).

    Blank number and date are the places `number`, `day`, `month`, `year`, as in letters.
    """
    profile = profile_for(bloc=bloc, on=law_date)
    lines = [*(f"{each.rstrip(';. ')};" for each in recipients), archive_line(profile)]
    data = {
        **_frame(profile, agency=agency, parent_agency=parent_agency),
        "mark": mark("copy", copy_code).mark,
        "notation": copy_notation(bloc=bloc, copy_code=copy_code, issuer=issuer, on=law_date),
        "number": number,
        "place_name": place_name,
        "date": date_parts(issued_on, bloc=bloc) if issued_on else None,
        "signatures": [asdict(signature)],
        "recipients": lines,
    }
    return render_pdf("documents/copy_form.typ", data, made_at=made_at)


def render_handling_slip(
    *,
    bloc: str,
    agency: str,
    place_name: str,
    issued_on: date,
    description: str,
    leader: Sequence[SlipEntry] = (),
    unit_head: Sequence[SlipEntry] = (),
    specialist: Sequence[SlipEntry] = (),
    parent_agency: str = "",
    made_at: datetime | None = None,
) -> bytes:
    """Print the handling slip of an incoming document (Annex IV, section VII)."""
    profile = profile_for(bloc=bloc, on=issued_on)
    titles = (
        ("Ý kiến của lãnh đạo cơ quan, tổ chức", leader),
        ("Ý kiến của lãnh đạo đơn vị", unit_head),
        ("Ý kiến đề xuất của người giải quyết", specialist),
    )
    data = {
        **_frame(profile, agency=agency, parent_agency=parent_agency),
        "place_name": place_name,
        "date": date_parts(issued_on, bloc=bloc),
        "description": description,
        "sections": [
            {"title": title, "entries": [asdict(each) for each in entries]} for title, entries in titles
        ],
    }
    return render_pdf("documents/handling_slip.typ", data, made_at=made_at, replace_unprintable=True).pdf


def _frame(profile: FormProfile, *, agency: str, parent_agency: str) -> dict[str, Any]:
    return {
        "profile": profile_data(profile),
        "margins": {side: span.used for side, span in profile.margins.items()},
        "heading": tuple(filter(None, (profile.heading_name, profile.heading_motto))),
        "issuing_agency": agency,
        "parent_agency": heading_above(profile, issuer=agency, parent=parent_agency),
        "layout": "named",
        "typist_mark": "",
    }
