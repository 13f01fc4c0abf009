from django.db import models


class Access(models.Model):
    """
    Who looked at a record on a day, how often, first and last (lịch sử truy cập; Decree 30/2020, Annex VI).

    One row for each reader, record, kind of look and day, so that a page reloaded a hundred times stays one
    line. Ids and names as in `Entry`, without foreign keys; looks are not sealed.
    """

    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=64)
    what = models.CharField(max_length=20, help_text="The page, a file ... of the record.")
    day = models.DateField()
    appointment_id = models.BigIntegerField()
    person_name = models.CharField(max_length=80)
    position = models.CharField(max_length=120, blank=True)
    unit_id = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["target_type", "target_id", "unit_id", "day", "appointment_id", "what"],
                name="access_once_a_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_name} {self.target_type}:{self.target_id}"
