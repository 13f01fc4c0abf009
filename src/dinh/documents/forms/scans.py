"""What stands for an uploaded scan in a form that is sent again, and for programs that upload it first."""

from typing import Final

from django.core import signing

from dinh.documents.operations.intake import KeptScan

_SALT: Final = "documents.intake.scan"
_KEPT_SECONDS: Final = 24 * 3600


def scan_token(scan: KeptScan, *, clerk_id: int) -> str:
    """What lets the same clerk send the form again without the file, for a day."""
    told = [clerk_id, scan.original, scan.pdf, scan.pages, scan.name, scan.dpi]
    return signing.dumps(told, salt=_SALT)


def scan_of(token: str, *, clerk_id: int) -> KeptScan | None:
    """The scan that the clerk uploaded before; None for any other token."""
    try:
        clerk, original, pdf, pages, name, dpi = signing.loads(token, salt=_SALT, max_age=_KEPT_SECONDS)
    except (signing.BadSignature, ValueError):
        return None
    if clerk != clerk_id:
        return None
    return KeptScan(original=original, pdf=pdf, pages=pages, name=name, dpi=dpi)
