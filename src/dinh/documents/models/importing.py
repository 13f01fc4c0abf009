from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dinh.documents.enums import ImportState
from dinh.documents.models.book import Book
from dinh.documents.models.incoming import Incoming
from dinh.documents.models.outgoing import Outgoing


class RegisterImport(models.Model):
    """
    A sheet of an old register on its way into a book (nhập sổ cũ).

    The same file is taken once for each book. `columns` maps our fields to columns counted from 0;
    `faults` holds the first faults as row, field and message, `fault_count` tells of all.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="imports")
    blob = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(_("file"), max_length=200)
    state = models.CharField(max_length=8, choices=ImportState, default=ImportState.CHECKING)
    sheet_names = models.JSONField(default=list)
    sheet_name = models.CharField(max_length=100)
    header_row = models.PositiveIntegerField(help_text=_("Row of the column names, counted from 1."))
    headers = models.JSONField(default=list)
    columns = models.JSONField(default=dict)
    read_count = models.PositiveIntegerField(
        default=0, db_default=0, help_text=_("Rows read so far by the worker.")
    )
    row_count = models.PositiveIntegerField(default=0)
    ready_count = models.PositiveIntegerField(default=0)
    known_count = models.PositiveIntegerField(default=0)
    heading_count = models.PositiveIntegerField(default=0)
    fault_count = models.PositiveIntegerField(default=0)
    faults = models.JSONField(default=list)
    leaves_out_faulty = models.BooleanField(default=False)
    imported_count = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=500, blank=True)
    uploaded_by = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["book", "blob"], name="register_file_once_a_book")]

    def __str__(self) -> str:
        return self.file_name


class ImportedEntry(models.Model):
    """What an old register said of a document beyond what documents hold, as it was written."""

    register_import = models.ForeignKey(RegisterImport, on_delete=models.PROTECT, related_name="entries")
    row_number = models.PositiveIntegerField()
    outgoing = models.OneToOneField(
        Outgoing, on_delete=models.PROTECT, null=True, blank=True, related_name="imported"
    )
    incoming = models.OneToOneField(
        Incoming, on_delete=models.PROTECT, null=True, blank=True, related_name="imported"
    )
    recipients = models.CharField(max_length=500, blank=True)
    holder = models.CharField(_("unit or person that got it"), max_length=300, blank=True)
    handed_date = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["register_import", "row_number"], name="imported_row_once"),
            models.CheckConstraint(
                condition=Q(outgoing__isnull=True) ^ Q(incoming__isnull=True), name="imported_one_direction"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.register_import_id} {self.row_number}"
