from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dinh.exchange.enums import GrantState
from dinh.exchange.models.member import System
from dinh.exchange.models.service import Operation, ServiceVersion


class AccessGrant(models.Model):
    """
    Who may call which operations of a version, what for and how often (quyền khai thác).

    Decree 47/2020/NĐ-CP: data is shared for a stated purpose and on a legal basis. Quota and rate hold for each
    operation by itself.
    """

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="grants")
    version = models.ForeignKey(ServiceVersion, on_delete=models.PROTECT, related_name="grants")
    operations = models.ManyToManyField(Operation, related_name="grants")
    purpose = models.CharField(_("purpose"), max_length=500)
    legal_basis = models.CharField(_("legal basis"), max_length=300)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("to"))
    daily_quota = models.PositiveIntegerField(
        _("calls a day"), default=10_000, validators=[MinValueValidator(1), MaxValueValidator(2_000_000_000)]
    )
    rate = models.PositiveIntegerField(
        _("calls a second"), default=20, validators=[MinValueValidator(1), MaxValueValidator(1_000_000)]
    )
    state = models.CharField(max_length=10, choices=GrantState, default=GrantState.ASKED)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(valid_to__gte=F("valid_from")), name="accessgrant_period"),
            models.CheckConstraint(
                condition=Q(daily_quota__gte=1, rate__gte=1), name="accessgrant_allows_something"
            ),
        ]
        indexes = [models.Index(fields=["state", "system"])]

    def __str__(self) -> str:
        return f"{self.system_id} -> {self.version_id}"
