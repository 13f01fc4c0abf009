"""The scan of a form: uploaded with it, or kept from the time it was sent before."""

from typing import BinaryIO, Final, cast

from django.contrib import messages
from django.utils.translation import gettext as _

from dinh.directory.middleware import StaffRequest
from dinh.documents.forms.scans import scan_of, scan_token
from dinh.documents.operations.intake import KeptScan, keep_scan
from dinh.kernel.errors import InvalidInput

LEAST_DPI: Final = 200
"""Decree 30/2020, Annex I, part I, III.1."""


def given_scan(request: StaffRequest) -> KeptScan:
    """The upload of a form, judged and kept. :raises InvalidInput: without one, or as `keep_scan`"""
    file = request.FILES.get("file")
    if file is None:
        raise InvalidInput(_("Choose a file."), field="file")
    return keep_scan(stream=cast("BinaryIO", file), name=file.name or "")


def scan_if_any(request: StaffRequest) -> KeptScan | None:
    """The upload, or else the one that the form kept. :raises InvalidInput: as `keep_scan`"""
    if "file" in request.FILES:
        return given_scan(request)
    return scan_of(request.POST.get("kept", ""), clerk_id=request.appointment.pk)


def shown_scan(request: StaffRequest, scan: KeptScan | None) -> dict[str, object]:
    """What `documents/intake/scan_field.html` shows: the scan, and what keeps it in the form."""
    token = scan_token(scan, clerk_id=request.appointment.pk) if scan else ""
    return {"scan": scan, "token": token}


def warn_of_coarse_scan(request: StaffRequest, scan: KeptScan | None) -> None:
    if scan is not None and 0 < scan.dpi < LEAST_DPI:
        told = _("The scan has about %(dpi)d dots per inch; at least 200 are asked for (Decree 30/2020).")
        messages.warning(request, told % {"dpi": scan.dpi})
