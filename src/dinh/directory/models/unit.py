from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Bloc, IdentifierForm, Level


def one_at_a_time(owner: str, *, name: str) -> ExclusionConstraint:
    """
    No two versions of the same owner hold on the same day.

    The owner is compared as a range of one number, since plain GiST has no equality for numbers.
    """
    same = Func(F(owner), F(owner), Value("[]"), function="int8range", output_field=BigIntegerRangeField())
    period = Func("valid_from", "valid_to", Value("[]"), function="daterange", output_field=DateRangeField())
    return ExclusionConstraint(
        name=name, expressions=[(same, RangeOperators.OVERLAPS), (period, RangeOperators.OVERLAPS)]
    )


class Unit(models.Model):
    """
    An agency or organisation that issues documents in its own name (cơ quan, tổ chức).

    Names and parents change over time: `UnitVersion` keeps them as of any day, this row states today's.
    """

    code = models.CharField(
        _("code"), max_length=40, unique=True, help_text=_("Stable key, never shown in law.")
    )
    name = models.CharField(_("name"), max_length=200)
    short_name = models.CharField(_("short name"), max_length=80)
    abbreviation = models.CharField(_("abbreviation in notations"), max_length=30)
    bloc = models.CharField(_("bloc"), max_length=12, choices=Bloc)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
    )
    place = models.CharField(_("place name in letters"), max_length=80)
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = models.CharField(_("telephone"), max_length=30, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    is_connected = models.BooleanField(
        _("receives electronically"), default=True, help_text=_("Otherwise documents are sent on paper.")
    )
    keeps_directory = models.BooleanField(
        _("keeps the directory"),
        default=False,
        help_text=_("Its administrators look after all units; others only after their own."),
    )
    sort_order = models.PositiveIntegerField(default=0)
    name_key = models.CharField(max_length=400, editable=False, default="", db_index=True)
    search_name = models.CharField(max_length=300, editable=False, default="")
    founded_date = models.DateField(_("since"), null=True, blank=True)
    dissolved_date = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["sort_order", "id"]
        indexes = [models.Index(fields=["parent", "sort_order"]), models.Index(fields=["bloc", "level"])]

    def __str__(self) -> str:
        return self.name


class UnitVersion(models.Model):
    """What a unit was called and whom it stood under, in a period of time (first day to last day)."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="versions")
    name = models.CharField(max_length=200)
    short_name = models.CharField(max_length=80)
    abbreviation = models.CharField(max_length=30)
    parent = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    legal_basis = models.CharField(max_length=200, blank=True)
    search_name = models.CharField(max_length=300, editable=False, default="")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["parent"], name="unit_version_parent")]
        constraints = [
            one_at_a_time("unit_id", name="unit_versions_do_not_overlap"),
            models.UniqueConstraint(
                fields=["unit"], condition=Q(valid_to=None), name="unit_has_one_open_version"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="unit_version_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.valid_from})"


class UnitIdentifier(models.Model):
    """An identifier code (mã định danh) of a unit, valid in a period; several may hold at once."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="identifiers")
    form = models.CharField(max_length=4, choices=IdentifierForm)
    value = models.CharField(max_length=35)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["value"])]
        constraints = [
            models.UniqueConstraint(
                fields=["form", "value"], condition=Q(valid_to=None), name="identifier_names_one_unit"
            )
        ]

    def __str__(self) -> str:
        return self.value


class UnitSuccession(models.Model):
    """Which unit carries on the work of another from a day on (kế thừa)."""

    predecessor = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="successions")
    successor = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="precessions")
    effective_date = models.DateField()
    legal_basis = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["predecessor", "successor"], name="one_succession_per_pair")
        ]

    def __str__(self) -> str:
        return f"{self.predecessor_id} → {self.successor_id}"


class Division(models.Model):
    """A division within a unit (phòng, ban, văn phòng): drafts, but does not issue in its own name."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="divisions")
    name = models.CharField(_("name"), max_length=200)
    abbreviation = models.CharField(_("abbreviation in notations"), max_length=30)
    sort_order = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["sort_order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "abbreviation"], name="division_abbreviation_in_unit")
        ]

    def __str__(self) -> str:
        return self.name


class DivisionVersion(models.Model):
    """What a division was called in a period of time; the division's own row states today's."""

    division = models.ForeignKey(Division, on_delete=models.CASCADE, related_name="versions")
    name = models.CharField(max_length=200)
    abbreviation = models.CharField(max_length=30)
    legal_basis = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            one_at_a_time("division_id", name="division_versions_do_not_overlap"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="division_version_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.valid_from})"


class UnitGroup(models.Model):
    """
    A named set of units, e.g. "all communes", for choosing recipients. Province-wide, or one unit's own.

    Either `members`, or a rule: all units of this level and bloc.
    """

    name = models.CharField(_("name"), max_length=120)
    owner = models.ForeignKey(Unit, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    level = models.CharField(max_length=10, choices=Level, blank=True)
    bloc = models.CharField(max_length=12, choices=Bloc, blank=True)
    members = models.ManyToManyField(Unit, blank=True, related_name="groups")
    sort_order = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["sort_order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], name="group_name_in_scope", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.name
