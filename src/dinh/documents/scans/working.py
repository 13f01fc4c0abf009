"""What is done with a scan, in a process of its own that is bounded in time and memory."""

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from dinh.documents.docx.sandboxed import Limits, ProgramTimedOut, run_limited
from dinh.kernel.errors import InvalidInput

_WORKER = Path(__file__).with_name("scan_worker.py")
_LIMITS = Limits(seconds=60, cpu_seconds=60, memory_mb=2048)
_BEYOND = 5
_REASONS = {
    3: gettext_noop("%(name)s is damaged or cut off. Scan it again."),
    4: gettext_noop("%(name)s is protected by a password. Save it without one."),
    _BEYOND: gettext_noop("%(name)s is too large: at most 500 pages, each of at most 120 million dots."),
    6: gettext_noop("%(name)s has fewer pages. Name pages that it has."),
}


class ScanRefused(InvalidInput):
    """A file that cannot be read as a scan; it is named."""

    def __init__(self, fault: int, name: str) -> None:
        words = _(_REASONS.get(fault, _REASONS[3]))
        super().__init__(words % {"name": name or _("The file")}, field="file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """
    A scan as PDF, with its number of pages.

    :param dpi: resolution of pictures, as they will be on paper; 0 for what came as PDF
    """

    pdf: bytes
    pages: int
    dpi: int


def read_scan(data: bytes, *, name: str) -> Scan:
    """
    Judge an uploaded PDF, JPEG, PNG or TIFF; pictures become PDF, upright and of the size of their paper.

    :param name: of the file, for the wording of a refusal
    :raises ScanRefused: damaged, with a password, too large, or too slow to read
    """
    printed, made = _run("read", data, name=name)
    found = json.loads(printed)
    return Scan(pdf=made or data, pages=found["pages"], dpi=found["dpi"])


def stamped(pdf: bytes, stamp: bytes, *, left_mm: float, top_mm: float) -> bytes:
    """
    Return a copy of a scan with page 1 of `stamp` on its page 1: the scan's own bytes, and what is appended.

    :raises ScanRefused: if the scan cannot be read
    """
    points = (str(value * 72 / 25.4) for value in (left_mm, top_mm))
    _printed, made = _run("stamp", pdf, "stamp.pdf", stamp=stamp, after=tuple(points))
    return made


def upper_right(
    pdf: bytes, *, width: float, height: float, right: float, top: float
) -> tuple[float, float, float, float]:
    """
    Return left, bottom, right and top of a box in the upper right corner of page 1, in points of that page.

    :param right: its distance from the page's right edge; `top` from the upper one
    :raises ScanRefused: if the file cannot be read
    """
    printed, _made = _run("corner", pdf, out=False, after=tuple(map(str, (width, height, right, top))))
    left_side, bottom_side, right_side, top_side = json.loads(printed)
    return left_side, bottom_side, right_side, top_side


def pages_only(pdf: bytes, pages: tuple[int, ...]) -> bytes:
    """
    Return these pages, counted from 1, as a PDF of their own.

    :raises ScanRefused: if the file cannot be read, or has fewer pages
    """
    _printed, made = _run("pages", pdf, after=(",".join(map(str, pages)),))
    return made


def _run(
    act: str,
    data: bytes,
    *before: str,
    name: str = "",
    stamp: bytes = b"",
    out: bool = True,
    after: tuple[str, ...] = (),
) -> tuple[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="dinh-scan-") as path:
        folder = Path(path)
        (folder / "scan").write_bytes(data)
        if stamp:
            (folder / "stamp.pdf").write_bytes(stamp)
        command = [sys.executable, str(_WORKER), act, "scan", *before, *(["made.pdf"] if out else []), *after]
        try:
            ended = run_limited(command, limits=_LIMITS, folder=folder)
        except ProgramTimedOut as late:
            raise ScanRefused(_BEYOND, name) from late
        if ended.returncode:
            raise ScanRefused(ended.returncode, name)
        made = folder / "made.pdf"
        return ended.stdout.decode(), made.read_bytes() if made.exists() else b""
