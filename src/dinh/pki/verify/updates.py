"""
What an incremental update did to a PDF that may carry no signature yet.

The verdict on a signature tells what changed after it. A program that is given a letter to sign could change the
letter in the very update that signs it; only a comparison with what was handed out shows that.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..errors import UnreadablePdf
from ..fields import FieldKind, FieldState, docmdp_level, field_states, locked_fields, open_pdf
from ..pdf.document import PdfFile
from ..pdf.objects import PdfDamaged
from .differences import Comparison, References
from .report import Reason


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """
    What was done to a PDF.

    :param faults: what was changed beyond signing and filling in, judged as if a signature stood on the PDF before
    :param signed: the fields signed, as they are now
    :param filled: names of the text fields filled in
    :param closes: whether a signature now forbids what the form still waits for (DocMDP 1, an empty field locked)
    """

    faults: tuple[Reason, ...]
    signed: tuple[FieldState, ...]
    filled: tuple[str, ...]
    closes: bool


def judge_update(*, before: bytes, after: bytes) -> UpdateReport:
    """
    Compare a PDF with what an incremental update made of it.

    :raises UnreadablePdf: if either cannot be read, or `after` does not begin with `before`
    """
    if not after.startswith(before):
        raise UnreadablePdf(_("The file is not an update of the other one."), field="file")
    now = open_pdf(after)
    try:
        then = now.revision(len(before))
        found = Comparison(then, now, References(now)).run(permissions=None)
        earlier = {state.name for state in field_states(then) if state.filled}
        states = [state for state in field_states(now) if state.filled and state.name not in earlier]
        faults = tuple(reason for reason in found.reasons if not _certifies(reason, then, now))
        closes = _closes(now)
    except PdfDamaged as error:
        raise UnreadablePdf(_("The PDF is damaged."), field="file") from error
    signed = tuple(state for state in states if state.kind is FieldKind.SIGNATURE)
    return UpdateReport(faults, signed, tuple(found.filled), closes)


def _certifies(reason: Reason, then: PdfFile, now: PdfFile) -> bool:
    """Whether this is only the entry of a first, certifying signature (ISO 32000-2, 12.8.6)."""
    added = now.resolve(now.catalog.get("Perms"))
    is_new = "Perms" not in then.catalog and isinstance(added, dict) and added.keys() == {"DocMDP"}
    return is_new and (reason.code, reason.what) == ("changes.document", "Perms")


def _closes(now: PdfFile) -> bool:
    values = [now.resolve(item.dict.get("V")) for item in now.fields() if item.kind == "Sig"]
    if any(docmdp_level(now, value) == 1 for value in values if isinstance(value, dict)):
        return True
    locked = locked_fields(now)
    return any(not state.filled for state in field_states(now) if state.name in locked)
