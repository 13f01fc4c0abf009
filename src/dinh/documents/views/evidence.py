"""A letter's evidence, to be taken to an outsider."""

from typing import BinaryIO

from django.http import FileResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.operations.evidence import evidence_of_incoming, evidence_of_outgoing

ASICE = "application/vnd.etsi.asic-e+zip"


@require_POST
@signed_in
def outgoing_evidence(request: StaffRequest, outgoing_id: int) -> FileResponse:
    """The container of a letter that goes out or went out."""
    bundle = evidence_of_outgoing(outgoing_id=outgoing_id, actor=request.appointment, at=timezone.now())
    return download(bundle, f"van-ban-di-{outgoing_id}")


@require_POST
@signed_in
def incoming_evidence(request: StaffRequest, incoming_id: int) -> FileResponse:
    """The container of a letter that arrived."""
    bundle = evidence_of_incoming(incoming_id=incoming_id, actor=request.appointment, at=timezone.now())
    return download(bundle, f"van-ban-den-{incoming_id}")


def download(bundle: BinaryIO, name: str) -> FileResponse:
    """The bundle as a file, sent piece by piece and not kept for retries: it is made anew as well."""
    headers = {"Cache-Control": "no-store"}
    return FileResponse(
        bundle, as_attachment=True, filename=f"{name}.asice", content_type=ASICE, headers=headers
    )
