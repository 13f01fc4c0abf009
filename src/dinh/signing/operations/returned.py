"""
A whole PDF that came back from a signing program on its holder's computer: judged anew before it counts.

Programs of the government's cipher agency hand back the file that they signed, not a signature alone.
"""

import re
from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from dinh.kernel.errors import InvalidInput
from dinh.pki import api as pki
from dinh.signing.queries.verification import verification_of

_BYTE_RANGE: Final = re.compile(rb"/ByteRange\s*\[\s*0\s+\d+\s+(\d+)\s+(\d+)\s*\]")


class NotOurRevision(InvalidInput):
    """The file is not the prepared letter with exactly the signature that was asked for."""


def check_returned(*, before: bytes, returned: bytes, field: str, fingerprint: str) -> pki.SignatureReport:
    """
    Let pass only the letter as it was handed out plus one sound signature by its certificate: in the field meant
    for it, or in a field of the program's own that stands over that place (as the programs of offices do).

    Asks no authority over the net; what is not known of revocation is no reason to refuse here.

    :param fingerprint: of the registered certificate, SHA-256, hex
    :returns: what was found of the new signature
    :raises NotOurRevision: otherwise, with what is wrong
    :raises UnreadablePdf: if the file cannot be read
    """
    if not returned.startswith(before) or len(returned) == len(before):
        raise _refused(_("The file that came back is not the letter that was handed out."))
    name = _signed_field(before, returned, field)
    report = verification_of(pdf=returned, offline=True)
    made = next((item for item in report.signatures if item.field == name), None)
    if made is None or made.signer is None or made.signer.fingerprint != fingerprint:
        raise _refused(_("Another certificate signed than the registered one."))
    ends = _ends_with_signature(returned, start=len(before))
    for reason in _faults(report, made, ends_with_signature=ends):
        raise _refused(reason)
    return made


def check_countersigned(*, before: bytes, returned: bytes, field: str) -> None:
    """
    Let pass only the letter as it was handed out, plus sound signatures of somebody else: in the field meant for it, or
    in fields of the program's own.

    Whose certificates these are is for whoever reads the verdict to see: outsiders sign by public authorities, which
    need not be configured here. Asks no authority over the net.

    :raises NotOurRevision: otherwise, with what is wrong, of the field `file`
    :raises UnreadablePdf: if the file cannot be read
    """
    if not returned.startswith(before) or len(returned) == len(before):
        raise _refused(_("The file that came back is not the letter that was handed out."), field="file")
    update = pki.judge_update(before=before, after=returned)
    others = {state.name for state in pki.read_fields(pdf=before)} - {field}
    if not update.signed or update.filled or any(state.name in others for state in update.signed):
        told = _("The file that came back is not signed in the field meant for it, and there alone.")
        raise _refused(told, field="file")
    _refuse_changes(update, field="file")
    report = verification_of(pdf=returned, offline=True)
    if any(each.integrity is not pki.Integrity.INTACT or not _holds(each) for each in report.signatures):
        raise _refused(_("The signature that came back does not fit the letter."), field="file")


def check_no_copy(*, before: bytes, returned: bytes) -> None:
    """
    Let pass what is no copy of the letter, such as the scan of its paper, signed or not.

    A copy that a program wrote anew has the letter's fields, and what was signed on either does not hold in it.

    :raises NotOurRevision: otherwise, of the field `file`
    """
    try:
        names = {state.name for state in pki.read_fields(pdf=returned)}
    except pki.UnreadablePdf:
        # Scanners write files that viewers read and signing programs do not.
        return
    if names & {state.name for state in pki.read_fields(pdf=before)}:
        told = _(
            "A program wrote the letter anew, which breaks its signatures. Ask for the very file that was signed, "
            "or scan the paper."
        )
        raise _refused(told, field="file")


def _holds(report: pki.SignatureReport) -> bool:
    return report.later_changes in (pki.LaterChanges.NONE, pki.LaterChanges.PERMITTED)


def _refuse_changes(update: pki.UpdateReport, *, field: str = "pdf") -> None:
    if update.faults:
        told = _("The program changed the letter itself: %(what)s")
        raise _refused(told % {"what": update.faults[0].message}, field=field)
    if update.closes:
        raise _refused(_("The signature that came back forbids what the letter still needs."), field=field)


def _signed_field(before: bytes, returned: bytes, wanted: str) -> str:
    """The field that the program signed, where that and nothing else is what it did to the letter."""
    update = pki.judge_update(before=before, after=returned)
    place = next((state.box for state in pki.read_fields(pdf=before) if state.name == wanted), None)
    names = {state.name for state in pki.read_fields(pdf=before)}
    if len(update.signed) != 1 or update.filled or not _is_in_place(update.signed[0], wanted, place, names):
        raise _refused(_("The file that came back is not signed in the field meant for it, and there alone."))
    _refuse_changes(update)
    return update.signed[0].name


def _is_in_place(made: pki.FieldState, wanted: str, place: pki.Box | None, names: set[str]) -> bool:
    if made.name == wanted:
        return True
    return made.name not in names and place is not None and made.box is not None and _meet(made.box, place)


def _meet(one: pki.Box, other: pki.Box) -> bool:
    """Whether the boxes share a part of the same page."""
    across = min(one.right, other.right) > max(one.left, other.left)
    return one.page == other.page and across and min(one.top, other.top) > max(one.bottom, other.bottom)


def _faults(
    report: pki.VerificationReport, made: pki.SignatureReport, *, ends_with_signature: bool
) -> Iterator[str]:
    if made.integrity is not pki.Integrity.INTACT:
        yield _("The signature that came back does not fit the letter.")
    if made.later_changes is not pki.LaterChanges.NONE or not ends_with_signature:
        yield _("The letter was changed after it was signed.")
    others = (item for item in report.signatures if item.field != made.field)
    if any(item.integrity is not pki.Integrity.INTACT or not _holds(item) for item in others):
        yield _("What came back breaks an earlier signature of the letter.")


def _ends_with_signature(pdf: bytes, *, start: int) -> bool:
    """Whether what was added holds one signature, and that covers the file to its last byte (ISO 32000-2, 12.8.1)."""
    ranges = _BYTE_RANGE.findall(pdf, start)
    return len(ranges) == 1 and sum(map(int, ranges[0])) == len(pdf)


def _refused(reason: str, *, field: str = "pdf") -> NotOurRevision:
    return NotOurRevision(reason, field=field)
