"""The trace of the exchange's objects, in words for people."""

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dinh.audit.api import trace_of
from dinh.kernel.components import TimelineEntry

LABELS = {
    "exchange.member.registered": gettext_noop("Member registered"),
    "exchange.member.renamed": gettext_noop("Member renamed"),
    "exchange.member.moved": gettext_noop("State changed"),
    "exchange.member.ended": gettext_noop("Last day of the member set"),
    "exchange.gateway.key_renewed": gettext_noop("Next key of the gateway made"),
    "exchange.system.registered": gettext_noop("System registered"),
    "exchange.system.moved": gettext_noop("State changed"),
    "exchange.system.tokens_revoked": gettext_noop("All tokens revoked"),
    "exchange.secret.issued": gettext_noop("Key created"),
    "exchange.secret.revoked": gettext_noop("Key revoked"),
    "exchange.certificate.registered": gettext_noop("Certificate registered"),
    "exchange.certificate.revoked": gettext_noop("Certificate revoked"),
    "exchange.service.offered": gettext_noop("Service offered"),
    "exchange.version.published": gettext_noop("Version published"),
    "exchange.version.provider_changed": gettext_noop("Provider's address or terms changed"),
    "exchange.version.trial_set": gettext_noop("Address for trials changed"),
    "exchange.version.deprecated": gettext_noop("Version deprecated"),
    "exchange.version.retired": gettext_noop("Version withdrawn"),
    "exchange.grant.asked": gettext_noop("Asked for"),
    "exchange.grant.approved": gettext_noop("Approved"),
    "exchange.grant.refused": gettext_noop("Access refused"),
    "exchange.grant.revoked": gettext_noop("Revoked"),
    "exchange.peer.registered": gettext_noop("Gateway connected"),
    "exchange.peer.ended": gettext_noop("Gateway ended"),
    "exchange.exchange.exported": gettext_noop("Evidence exported"),
    "exchange.archive.made": gettext_noop("Archived"),
    "exchange.archive.disposal_ordered": gettext_noop("Disposal ordered"),
    "exchange.archive.disposed": gettext_noop("Disposed of"),
    "exchange.report.closed": gettext_noop("Closed report"),
    "exchange.accesses.asked": gettext_noop("Asked who looked at a person's data"),
    "exchange.subject_key.made": gettext_noop("New key for persons' numbers"),
    "exchange.subject_key.resealed": gettext_noop("Key for persons' numbers sealed anew"),
    "exchange.subject_key.given_up": gettext_noop("Key for persons' numbers given up"),
    "exchange.dictionary.published": gettext_noop("Version published"),
}
_NOTES = ("reason", "last_day", "label", "version", "legal_basis", "items", "address")


def trace_for(*targets: models.Model) -> list[TimelineEntry]:
    """The newest first. The caller checks visibility."""
    return [
        TimelineEntry(
            at=entry.recorded_at,
            actor=", ".join(part for part in (entry.person_name, entry.position) if part),
            label=_(LABELS.get(entry.action, entry.action)),
            note=" · ".join(str(entry.details[name]) for name in _NOTES if entry.details.get(name)),
        )
        for entry in reversed(trace_of(*targets))
    ]
