from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Absence(models.Model):
    """A person is away from a day to a day, both included (vắng mặt)."""

    person = models.ForeignKey("directory.Person", on_delete=models.PROTECT, related_name="+")
    start_date = models.DateField(_("from"))
    end_date = models.DateField(_("to"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        "directory.Appointment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Who recorded it for another; nobody where it is one's own."),
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-start_date", "-id"]
        indexes = [models.Index(fields=["person", "end_date"], condition=Q(cancelled_at=None), name="absent")]
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="absence_period")
        ]

    def __str__(self) -> str:
        return f"{self.start_date} – {self.end_date}"


class Delegation(models.Model):
    """Who acts for one of the absent person's appointments meanwhile, for some kinds of work (ủy quyền)."""

    absence = models.ForeignKey(Absence, on_delete=models.CASCADE, related_name="delegations")
    appointment = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    delegate = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    kinds: "models.Field[list[str], list[str]]" = ArrayField(
        models.CharField(max_length=60), default=list, help_text=_("Empty: all kinds of work.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["absence", "appointment"], name="one_delegate_per_absence"),
            models.CheckConstraint(condition=~Q(appointment=F("delegate")), name="delegate_is_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.appointment_id} → {self.delegate_id}"
