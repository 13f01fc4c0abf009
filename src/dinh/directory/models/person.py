from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dinh.audit.api import Actor
from dinh.directory.enums import AppointmentKind, Role
from dinh.directory.models.unit import Division, Unit

if TYPE_CHECKING:
    from datetime import date


class Person(models.Model):
    """An official (cán bộ, công chức, viên chức)."""

    code = models.CharField(_("official's code"), max_length=20, unique=True)
    full_name = models.CharField(_("full name"), max_length=80)
    name_key = models.CharField(max_length=200, editable=False, default="", db_index=True)
    search_name = models.CharField(max_length=120, editable=False, default="")
    is_female = models.BooleanField(_("female"), default=False)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=20, blank=True)

    class Meta:
        ordering = ["name_key", "id"]

    def __str__(self) -> str:
        return self.full_name


class Position(models.Model):
    """A title that can be held (chức vụ), e.g. Giám đốc, Phó Chủ tịch Ủy ban nhân dân."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    rank = models.PositiveSmallIntegerField(_("rank"), help_text=_("Smaller stands higher."))
    is_active = models.BooleanField(_("is still given"), default=True)

    class Meta:
        ordering = ["rank", "id"]

    def __str__(self) -> str:
        return self.name


class Appointment(models.Model):
    """
    A person in a position in a unit, from a day to a day (bổ nhiệm, phân công).

    A user always acts in exactly one appointment. Roles say what it entitles to in that unit.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="appointments")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="appointments")
    division = models.ForeignKey(
        Division, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="appointments")
    kind = models.CharField(max_length=12, choices=AppointmentKind, default=AppointmentKind.REGULAR)
    roles: "models.Field[list[str], list[str]]" = ArrayField(models.CharField(max_length=20, choices=Role))
    start_date = models.DateField(_("from"))
    end_date = models.DateField(_("to"), null=True, blank=True)
    legal_basis = models.CharField(_("decision"), max_length=120, blank=True)

    class Meta:
        ordering = ["position__rank", "person__name_key", "id"]
        indexes = [models.Index(fields=["unit", "end_date"]), models.Index(fields=["person"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_date=None) | Q(end_date__gte=F("start_date")), name="appointment_period"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} @ {self.unit_id}"

    @property
    def title(self) -> str:
        """The position as its holder bears it: "Quyền Giám đốc" for somebody acting."""
        return f"Quyền {self.position.name}" if self.kind == AppointmentKind.ACTING else self.position.name

    def has_role(self, *roles: str) -> bool:
        """Whether the appointment carries at least one of these roles in its unit."""
        return any(role in self.roles for role in roles)

    def is_current(self, today: "date") -> bool:
        return self.start_date <= today and (self.end_date is None or self.end_date >= today)

    def audit_actor(self) -> Actor:
        """Snapshot of who acts, in which capacity, for the log."""
        return Actor(
            person_id=self.person_id,
            person_name=self.person.full_name,
            appointment_id=self.pk,
            position=self.title,
            unit_id=self.unit_id,
            unit_name=self.unit.name,
        )
