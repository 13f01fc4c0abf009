"""Why an exchange failed or was refused, and why somebody is not reached, in words."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

_REASONS: Final[dict[str, str | Promise]] = {
    "": _("Not known"),
    "ambiguous-length": _("Length of the body not clear"),
    "another-client": _("Spoke for another system"),
    "answer-too-large": _("Answer too large"),
    "bad-request": _("Message not as the protocol has it"),
    "bad-signature": _("Signature of the other gateway not valid"),
    "body-too-large": _("Body too large"),
    "by-peer": _("Refused by the other gateway"),
    "by-security-server": _("Failed at the security server"),
    "caller-gone": _("Caller hung up"),
    "caller-too-slow": _("Caller too slow"),
    "certificate-refused": _("Certificate refused"),
    "headers-too-large": _("Headers too large"),
    "invalid-request": _("Request not as described"),
    "log-failed": _("Log could not be written"),
    "media-type": _("Media type not described"),
    "method-not-allowed": _("Method not allowed"),
    "no-configuration": _("Gateway without configuration"),
    "no-description": _("Description not to be had"),
    "no-grant": _("No access granted"),
    "no-room": _("No room for bodies at the gateway"),
    "no-rules": _("Description not readable"),
    "no-subject": _("Person not named"),
    "no-subject-key": _("No key for persons' numbers"),
    "no-such-operation": _("No such operation"),
    "no-such-service": _("No such service"),
    "no-trial": _("No address for trials, or not with a trial key"),
    "path-too-long": _("Address too long"),
    "peer-signature": _("Answer of the other gateway not signed as it should be"),
    "peer-stale": _("Message of the other gateway too old or sent before"),
    "provider-away": _("Provider not asked after several failures"),
    "provider-busy": _("Provider's connections all in use"),
    "provider-forbidden": _("Provider's address not allowed"),
    "provider-hung-up": _("Provider hung up"),
    "provider-timeout": _("Provider too slow"),
    "provider-unreachable": _("Provider not reachable"),
    "query-too-long": _("Query too long"),
    "quota-exceeded": _("Calls of the day used up"),
    "rate-exceeded": _("Too many calls a second"),
    "repeated-header": _("Header sent twice"),
    "repeated-subject": _("Person named twice"),
    "subject-media-type": _("Media type in which the person cannot be read"),
    "too-many-headers": _("Too many headers"),
    "unknown-client": _("Client not registered"),
    "unknown-peer": _("Gateway not registered"),
    "unknown-provider": _("Provider not registered"),
    "unreadable-subject": _("Person's number not readable"),
    "unsafe-path": _("Path that can be read in two ways"),
    "unsafe-query": _("Query that can be read in two ways"),
}


def reason_text(code: str) -> str:
    """In words, with the log's own name of the reason, by which the log is searched."""
    if code.startswith("status-"):
        return _t("Provider answered with status %(status)s") % {"status": code.removeprefix("status-")}
    words = _REASONS.get(code)
    if words is None:
        return code
    return f"{words} ({code})" if code else str(words)
