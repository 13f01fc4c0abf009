from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dinh.documents.common_words import AMOUNT
from dinh.documents.enums import AssignmentRole, Channel, IncomingState, Purpose
from dinh.documents.models.book import Book
from dinh.documents.models.document import Document
from dinh.documents.models.outgoing import Outgoing
from dinh.kernel.bits import BitStringField


class Dispatch(models.Model):
    """One sending of a document by a unit (lần gửi): the first issue, more recipients, or a copy sent on."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="dispatches")
    outgoing = models.ForeignKey(
        Outgoing, on_delete=models.PROTECT, null=True, blank=True, related_name="dispatches"
    )
    sender = models.ForeignKey("directory.Unit", on_delete=models.PROTECT, related_name="+", db_index=False)
    sent_by = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()
    request_key = models.CharField(max_length=64, help_text=_("A repeated request sends nothing twice."))
    reminded_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When those who have not received it were last reminded.")
    )
    recalled_at = models.DateTimeField(null=True, blank=True)
    recall_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["sender", "-sent_at"])]
        constraints = [
            models.UniqueConstraint(fields=["sender", "request_key"], name="request_key_once_a_unit")
        ]

    def __str__(self) -> str:
        return f"{self.document_id} {self.sent_at}"


class Incoming(models.Model):
    """
    A document at one unit that received it (văn bản đến): electronic, on paper or by e-mail, one series.
    """

    # Rows come by the thousand: keys that a composite index below begins with have none of their own.
    unit = models.ForeignKey("directory.Unit", on_delete=models.PROTECT, related_name="+", db_index=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="arrivals", db_index=False)
    dispatch = models.ForeignKey(
        Dispatch, on_delete=models.PROTECT, null=True, blank=True, related_name="arrivals", db_index=False
    )
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.ACT)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.ELECTRONIC)
    state = models.CharField(max_length=2, choices=IncomingState, default=IncomingState.ARRIVED)
    arrived_at = models.DateTimeField()
    book = models.ForeignKey(
        Book, on_delete=models.PROTECT, null=True, blank=True, related_name="incoming", db_index=False
    )
    number = models.PositiveIntegerField(_("incoming number"), null=True, blank=True)
    registered_at = models.DateTimeField(null=True, blank=True)
    registered_by = models.ForeignKey(
        "directory.Appointment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    refusal_reason = models.CharField(max_length=500, blank=True)
    direction_text = models.CharField(_("leader's directions"), max_length=2000, blank=True)
    due_at = models.DateTimeField(_("deadline"), null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    result_text = models.CharField(max_length=2000, blank=True)
    recall_reported_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the receiver reported that it deleted what was recalled.")
    )
    recall_reported_by = models.ForeignKey(
        "directory.Appointment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    verdict = models.CharField(
        max_length=13, blank=True, help_text=_("Verdict on the signatures on arrival.")
    )
    verdict_details = models.JSONField(
        null=True, blank=True, help_text=_("Signatures, each with its signer, verdict and reasons.")
    )
    verified_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    common_words = BitStringField(length=AMOUNT, null=True, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["unit", "state", "-arrived_at"], name="incoming_of_unit_state"),
            # A search for common words goes through a unit's arrivals in this index alone.
            models.Index(
                fields=["unit", "-arrived_at", "-id"],
                include=["state", "document", "common_words"],
                name="incoming_list_of_unit",
            ),
            models.Index(
                fields=["document"], condition=Q(common_words__isnull=True), name="incoming_unmarked"
            ),
            models.Index(fields=["dispatch", "state"], name="incoming_of_dispatch"),
            # Whether a letter that a search found may be seen is answered by the index alone.
            models.Index(fields=["document", "unit"], include=["state"], name="incoming_of_document"),
            models.Index(
                fields=["unit", "due_at"],
                condition=Q(done_at=None, due_at__isnull=False),
                name="incoming_open_due",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["dispatch", "unit"], condition=Q(dispatch__isnull=False), name="arrives_once"
            ),
            models.UniqueConstraint(
                fields=["book", "number"], condition=Q(number__isnull=False), name="incoming_number_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.number or ''}"


class Assignment(models.Model):
    """
    Who handles an incoming document, in which part, until when (phân công, giao việc).

    What went to a division has only `division`, until its head passes it on to a person (`appointment`).
    """

    incoming = models.ForeignKey(Incoming, on_delete=models.CASCADE, related_name="assignments")
    role = models.CharField(max_length=8, choices=AssignmentRole)
    division = models.ForeignKey(
        "directory.Division", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    appointment = models.ForeignKey(
        "directory.Appointment", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    instruction = models.CharField(max_length=2000, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    assigned_by = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    result_text = models.CharField(max_length=2000, blank=True)
    passed_by = models.ForeignKey(
        "directory.Appointment", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    passed_at = models.DateTimeField(null=True, blank=True)
    passed_instruction = models.CharField(max_length=2000, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["appointment", "done_at"]),
            models.Index(fields=["division", "done_at"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["incoming"], condition=Q(role="lead", withdrawn_at=None), name="one_leads"
            ),
            models.CheckConstraint(
                condition=Q(division__isnull=False) | Q(appointment__isnull=False),
                name="assigned_to_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incoming_id} {self.role}"


class Note(models.Model):
    """A remark on how far the handling is (tiến độ), for everybody who sees the document at the unit."""

    incoming = models.ForeignKey(Incoming, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=2000)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.text[:60]
