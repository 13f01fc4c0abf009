"""The foot of the letter: signature (boxes 7a, 7b) and recipients (9b)."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from dinh.documents.docx.checking.cases import (
    Case,
    check_look,
    missing,
    wrong_text,
)
from dinh.documents.docx.faults import WARNING, FormFault
from dinh.documents.docx.lines import WordLine
from dinh.documents.letters.law import FormProfile

_TITLES = re.compile(
    r"^(GS|PGS|TS|ThS|BS|CK[I1]+|KS|CN|NGƯT|NGND|Thạc sĩ|Tiến sĩ|Giáo sư|Phó Giáo sư)\b[.,\s]"
)
_OTHER_PREFIXES = {"TM.": "T/M", "KT.": "K/T", "TL.": "T/L", "T/M": "TM.", "K/T": "KT.", "T/L": "TL."}


def check_signature(case: Case) -> Iterator[FormFault]:
    boxes, profile = case.boxes, case.profile
    if not boxes.authority:
        yield missing(
            "7a",
            "authority_missing",
            _("Authority and position of the signer are not found beside the recipients."),
            f"{profile.authority['for_head']} …",
        )
        return
    yield from check_look(boxes.authority[0], "authority", profile)
    for line in boxes.authority:
        prefix = line.text.split(" ")[0]
        ours = set(profile.authority.values())
        if prefix in _OTHER_PREFIXES and prefix not in ours:
            yield wrong_text("7a", "authority_prefix", line, _OTHER_PREFIXES[prefix])
        if prefix in {"TM", "KT", "TL", "TUQ"}:
            yield wrong_text("7a", "authority_dot", line, f"{prefix}.")
    if boxes.signer is None:
        yield missing("7b", "signer_missing", _("The signer's name is missing."), "")
        return
    if _TITLES.match(boxes.signer.text):
        yield FormFault(
            box="7b",
            code="signer_title",
            message=_("An academic title stands before the signer's name."),
            remedy=_("Write the name alone."),
            severity=WARNING,
            found=boxes.signer.text,
        )
    yield from check_look(boxes.signer, "signer_name", profile)


def check_recipients(case: Case) -> Iterator[FormFault]:
    boxes, profile = case.boxes, case.profile
    label = boxes.recipients_label
    if label is None:
        yield missing("9b", "recipients_missing", _("The recipients are missing."), "Nơi nhận:")
        return
    if not label.text.startswith("Nơi nhận:"):
        yield wrong_text("9b", "recipients_label", label, "Nơi nhận:")
    yield from check_look(label, "recipients_label", profile)
    items = [line for line in boxes.recipients if line.text.startswith(("-", "–"))]
    for line in items[:1]:
        yield from check_look(line, "recipients", profile)
    yield from _check_archive_line(items, profile)
    for line in items[:-1]:
        if not line.text.endswith(";"):
            yield wrong_text("9b", "recipient_end", line, f"{line.text.rstrip('.,')};", severity=WARNING)
            break


def _check_archive_line(items: list[WordLine], profile: FormProfile) -> Iterator[FormFault]:
    lead = profile.archive_line.split("{")[0].strip()
    last = items[-1].text.lstrip("-– ") if items else ""
    if not last.startswith(lead.rstrip(":")):
        yield missing("9b", "archive_missing", _("The last recipient is not the archive."), f"- {lead} …")
    elif not last.startswith(f"{lead} {profile.archive_code}") or not last.endswith("."):
        yield FormFault(
            box="9b",
            code="archive_form",
            message=_("The archive line is not as prescribed."),
            remedy=_("Write it as expected, with a full stop."),
            found=last,
            expected=profile.archive_line.format(places=f"{profile.archive_code}, … (n)"),
            severity=WARNING,
        )
