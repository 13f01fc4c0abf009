"""The trace of a document that arrived, in words."""

from collections.abc import Mapping
from datetime import date

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import TraceEntry, trace_of
from dinh.documents.models import Incoming
from dinh.documents.standing_in import behalf_told
from dinh.kernel.components import TimelineEntry

LABELS: dict[str, Promise] = {
    "documents.incoming.taken_in": _("Written down from paper or e-mail"),
    "documents.incoming.registered": _("Registered"),
    "documents.incoming.scanned": _("Scan added"),
    "documents.incoming.refused": _("Refused"),
    "documents.incoming.assigned": _("Assigned"),
    "documents.incoming.reassigned": _("Assigned anew"),
    "documents.incoming.withdrawn": _("Part withdrawn"),
    "documents.incoming.passed_on": _("Passed on in the division"),
    "documents.incoming.extended": _("Deadline extended"),
    "documents.incoming.started": _("Started"),
    "documents.incoming.noted": _("Progress"),
    "documents.incoming.part_done": _("Part completed"),
    "documents.incoming.part_reopened": _("Part reopened"),
    "documents.incoming.done": _("Completed"),
    "documents.incoming.reopened": _("Reopened"),
    "documents.incoming.copied": _("Copied"),
    "documents.incoming.verified": _("Signatures checked"),
    "documents.incoming.corrected": _("Entry corrected"),
    "documents.incoming.described": _("Metadata completed"),
}


def trace_lines(incoming: Incoming) -> list[TimelineEntry]:
    """What happened to the document at its unit, oldest first."""
    return [_line(entry) for entry in trace_of(incoming)]


def _line(entry: TraceEntry) -> TimelineEntry:
    who = ", ".join(filter(None, (entry.person_name, entry.position)))
    return TimelineEntry(entry.recorded_at, who, LABELS.get(entry.action, entry.action), _note(entry.details))


def _note(details: Mapping[str, object]) -> str:
    parts = [_t("%(name)s leads") % {"name": details["lead"]}] if details.get("lead") else []
    for key, words in (
        ("supports", _t("supported by %(names)s")),
        ("informed", _t("for information: %(names)s")),
    ):
        names = details.get(key)
        if isinstance(names, list) and names:
            parts.append(words % {"names": ", ".join(map(str, names))})
    parts += [_t("number %(number)s") % {"number": details["number"]}] if details.get("number") else []
    told = ("name", "instruction", "text", "result", "reason", "note")
    parts += [str(details[key]) for key in told if details.get(key)]
    parts += filter(None, [behalf_told(details)])
    before = details.get("before")
    if isinstance(before, dict):
        parts += [_t("before: %(words)s") % {"words": words} for words in before.values() if words]
    if details.get("due"):
        day = date.fromisoformat(str(details["due"]))
        parts.append(_t("until %(day)s") % {"day": date_format(day, "d/m/Y")})
    return " · ".join(parts)
