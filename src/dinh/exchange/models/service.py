from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dinh.exchange.enums import PartyState, ProviderProtocol, VersionState
from dinh.exchange.models.member import IDENTIFIER, System
from dinh.kernel.text import fold

VERSION = RegexValidator(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,19}\Z", _("E.g. 1.0 or v1."))


class Service(models.Model):
    """What a system offers under one name (dịch vụ): `/{code}/{version}/{operation}`."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="services")
    code = models.CharField(_("name in addresses"), max_length=60, unique=True, validators=[IDENTIFIER])
    title = models.CharField(_("title"), max_length=200)
    search_name = models.CharField(max_length=800, editable=False, default="")
    description = models.TextField(_("description"), blank=True)
    state = models.CharField(max_length=10, choices=PartyState, default=PartyState.ACTIVE)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Derived, so that no writer can forget it: what the catalogue is searched by.
        self.search_name = fold(f"{self.title} {self.code} {self.system.name} {self.description}")[:800]
        super().save(*args, **kwargs)


class ServiceVersion(models.Model):
    """
    One version of a service, as its OpenAPI description says (phiên bản dịch vụ).

    What it offers is never changed, only ended; where its provider stands and how long that is waited for may be.
    """

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(_("version"), max_length=20, validators=[VERSION])
    document = models.JSONField(help_text=_("OpenAPI"))
    sha256 = models.CharField(max_length=64, help_text=_("Of the description as it was handed in, hex"))
    base_url = models.URLField(_("address of the provider"), max_length=300)
    trial_url = models.URLField(
        _("address for trials"), max_length=300, blank=True, db_default="",
        help_text=_("What calls with trial keys reach; without one the version cannot be tried."),
    )  # fmt: skip
    timeout_seconds = models.PositiveSmallIntegerField(_("longest wait (seconds)"), default=30)
    max_body_mb = models.PositiveSmallIntegerField(_("largest body (MB)"), default=100)
    protocol = models.CharField(
        _("protocol"), max_length=10, choices=ProviderProtocol, default=ProviderProtocol.PLAIN,
        db_default=ProviderProtocol.PLAIN,
    )  # fmt: skip
    xroad_client = models.CharField(
        _("client at the security server"), max_length=160, blank=True, default="", db_default="",
        help_text=_("INSTANCE/CLASS/MEMBER/SUBSYSTEM; empty: each caller by its own name."),
    )  # fmt: skip
    validates = models.BooleanField(_("check requests"), default=False, db_default=False)
    state = models.CharField(max_length=10, choices=VersionState, default=VersionState.ACTIVE)
    created_at = models.DateTimeField()
    deprecated_at = models.DateTimeField(null=True, blank=True)
    sunset_date = models.DateField(_("withdrawn on"), null=True, blank=True)

    class Meta:
        ordering = ["service_id", "-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["service", "version"], name="serviceversion_is_unique"),
            models.CheckConstraint(
                condition=Q(timeout_seconds__gte=1, timeout_seconds__lte=300, max_body_mb__gte=1),
                name="serviceversion_limits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id}/{self.version}"


class Operation(models.Model):
    """One method of one path of a version (thao tác)."""

    version = models.ForeignKey(ServiceVersion, on_delete=models.PROTECT, related_name="operations")
    name = models.CharField(max_length=120, help_text=_("operationId of the description"))
    method = models.CharField(max_length=7)
    path = models.CharField(max_length=300, help_text=_("Template, e.g. /Category/{code}"))
    summary = models.CharField(max_length=300, blank=True)
    subject = models.CharField(
        max_length=120, blank=True, default="", db_default="",
        help_text=_("Where a request names the person it is about, e.g. path:so or body:/nguoi/so"),
    )  # fmt: skip

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "method", "path"], name="operation_is_unique")
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
