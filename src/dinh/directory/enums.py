from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Bloc(TextChoices):
    """The three sets of rules for documents (khối)."""

    GOVERNMENT = "government", _("Government")
    PARTY = "party", _("Party")
    MASS = "mass", _("Mass organisations")


class Level(TextChoices):
    PROVINCE = "province", _("Province")
    DISTRICT = "district", _("District")
    COMMUNE = "commune", _("Commune")


class Role(TextChoices):
    """What an appointment entitles to in its unit."""

    CLERK = "clerk", _("Clerk")
    SPECIALIST = "specialist", _("Specialist")
    DIVISION_HEAD = "division_head", _("Head of division")
    DIVISION_DEPUTY = "division_deputy", _("Deputy head of division")
    UNIT_HEAD = "unit_head", _("Head of unit")
    UNIT_DEPUTY = "unit_deputy", _("Deputy head of unit")
    ADMINISTRATOR = "administrator", _("Administrator")


class AppointmentKind(TextChoices):
    REGULAR = "regular", _("Regular")
    ACTING = "acting", _("Acting")  # quyền
    DEPUTISING = "deputising", _("Deputising")  # phụ trách
    CONCURRENT = "concurrent", _("Concurrent")  # kiêm nhiệm


class IdentifierForm(TextChoices):
    """Form of an agency's identifier code."""

    OLD = "old", _("QCVN 102:2016")
    NEW = "new", _("Decision 20/2020/QĐ-TTg")
    GSO = "gso", _("General Statistics Office")


class ChangeKind(TextChoices):
    """What a change of the tree was."""

    FOUNDED = "founded", _("Founded")
    CHANGED = "changed", _("Renamed or moved")
    DISSOLVED = "dissolved", _("Dissolved or merged")
    REORGANISED = "reorganised", _("Reorganised")
