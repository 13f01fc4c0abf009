from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from dinh.documents.enums import Direction


class Book(models.Model):
    """
    A register of incoming or outgoing documents of one unit and year (sổ đăng ký văn bản).

    A book has one gapless series of numbers (`kernel.numbering`, key `documents.book.<id>`). Advisory
    councils and secret documents have books of their own (Decree 30/2020, Art. 15).
    """

    unit = models.ForeignKey("directory.Unit", on_delete=models.PROTECT, related_name="+")
    direction = models.CharField(max_length=8, choices=Direction)
    year = models.PositiveSmallIntegerField()
    code = models.SlugField(max_length=30)
    name = models.CharField(_("name"), max_length=120)
    type_codes: "models.Field[list[str], list[str]]" = ArrayField(
        models.CharField(max_length=10),
        default=list,
        blank=True,
        help_text=_("Types that go here; empty: all others."),
    )
    council_name = models.CharField(max_length=200, blank=True)
    is_secret = models.BooleanField(default=False)
    is_normative = models.BooleanField(
        default=False,
        db_default=False,
        help_text=_("For normative documents, whose number bears the year."),
    )
    opening_number = models.PositiveIntegerField(_("last number given before this system"), default=0)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-year", "direction", "code"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "direction", "year", "code"], name="book_once_a_year")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.year}"

    @property
    def series(self) -> str:
        return f"documents.book.{self.pk}"
