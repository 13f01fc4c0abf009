from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class MemberClass(TextChoices):
    """X-Road member classes."""

    GOVERNMENT = "GOV", _("Government agency")
    COMPANY = "COM", _("Enterprise")
    ORGANISATION = "ORG", _("Organisation")


class PartyState(TextChoices):
    """Of a member or a system."""

    ACTIVE = "active", _("In use")
    SUSPENDED = "suspended", _("Suspended")


class ProviderProtocol(TextChoices):
    """What a version's provider is spoken with."""

    PLAIN = "plain", _("HTTP, as the description says")
    XROAD = "xroad", _("X-Road, through a security server")


class VersionState(TextChoices):
    """Of a version of a service."""

    ACTIVE = "active", _("Offered")
    DEPRECATED = "deprecated", _("Deprecated")
    RETIRED = "retired", _("Withdrawn")


class GrantState(TextChoices):
    ASKED = "asked", _("Asked for")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Access refused")
    REVOKED = "revoked", _("Revoked")


class PeerScope(TextChoices):
    """What another gateway serves and speaks for."""

    MEMBER = "member", _("Its member")
    INSTANCE = "instance", _("All of its instance")


class Front(TextChoices):
    """By which protocol a call came."""

    OAUTH = "oauth", _("OAuth 2")
    XROAD = "xroad", _("X-Road")
    WIRE = "wire", _("Another gateway")


class Outcome(TextChoices):
    """What became of an exchange, as the gateway saw it."""

    BEGUN = "begun", _("Answer begun")
    DELIVERED = "delivered", _("Answered")
    REFUSED = "refused", _("Refused by the gateway")
    FAILED = "failed", _("Provider failed")
    ABORTED = "aborted", _("Broken off")


class Grain(TextChoices):
    """Over how long exchanges are summed up."""

    MINUTE = "minute", _("Minute")
    HOUR = "hour", _("Hour")
    DAY = "day", _("Day")


class Result(TextChoices):
    """What an exchange counts as; `REFUSED` is no failure of the service."""

    ANSWERED = "answered", _("Answered")
    FAILED = "failed", _("Failed call")
    REFUSED = "refused", _("Refused by the gateway")
