from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class WorkItem(models.Model):
    """
    Something waits for somebody until some time (việc). One table over all modules.

    It waits either for one appointment, or for whoever holds a role in a unit.
    """

    kind = models.CharField(max_length=60, help_text=_("module.what, e.g. documents.sign"))
    # Rows come by the thousand: the indexes of what is open below begin with these two.
    unit = models.ForeignKey("directory.Unit", on_delete=models.CASCADE, related_name="+", db_index=False)
    role = models.CharField(max_length=20, blank=True)
    appointment = models.ForeignKey(
        "directory.Appointment",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    target_type = models.CharField(max_length=60)
    target_id = models.BigIntegerField()
    title = models.CharField(max_length=500)
    url = models.CharField(max_length=300)
    urgency = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True, help_text="Told of while there was time.")
    reminded_at = models.DateTimeField(null=True, blank=True, help_text="Told of as late.")
    escalated_at = models.DateTimeField(null=True, blank=True, help_text="A superior was told.")

    class Meta:
        indexes = [
            models.Index(fields=["unit", "role", "due_at"], condition=Q(done_at=None), name="work_open_role"),
            models.Index(
                fields=["appointment", "due_at"], condition=Q(done_at=None), name="work_open_person"
            ),
            models.Index(fields=["target_type", "target_id"], name="work_target"),
            models.Index(
                fields=["due_at"], condition=Q(done_at=None, reminded_at=None), name="work_to_remind"
            ),
            # Holds late items only, so that what begins to wait is not entered into it.
            models.Index(
                fields=["due_at"],
                condition=Q(done_at=None, escalated_at=None) & ~Q(reminded_at=None),
                name="work_to_escalate",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(role="", appointment__isnull=False) | ~Q(role="") & Q(appointment=None),
                name="work_waits_for_one",
            )
        ]

    def __str__(self) -> str:
        return self.title
